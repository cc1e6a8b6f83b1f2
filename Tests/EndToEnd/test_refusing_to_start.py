"""`usherd serve` says clearly why it cannot serve, and ends."""

import json
import socket
import subprocess

import pytest

from serving import Serving
from usherd import BINARY


def serve(*arguments, environment=None):
    """Runs `usherd serve`, which must end by itself; returns its exit code and complaint."""
    result = subprocess.run(
        [BINARY, "serve", *map(str, arguments)], capture_output=True, text=True, timeout=60,
        env=environment,
    )
    assert "ready" not in result.stdout
    assert result.returncode != 0
    return result.returncode, result.stderr


@pytest.fixture(scope="module")
def good(demo):
    """Flags with which it would start."""
    data = demo.server.data
    socket_folder = data / "postgres" / "data"
    return {
        "--listen": "127.0.0.1:0",
        "--database": f"host={socket_folder} port=5432 user=usher dbname=usher",
        "--certificate": data / "server.pem",
        "--key": data / "server.key",
    }


def flags(good, **changes):
    merged = good | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return [item for pair in merged.items() if pair[1] is not None for item in pair]


def test_no_database_configured(good):
    _, told = serve(*flags(good, database=None))
    assert "database" in told


@pytest.mark.parametrize(
    "database", ["host=/nonexistent dbname=usher", "host=127.0.0.1 port=1 dbname=usher"])
def test_no_database_there(good, database):
    _, told = serve(*flags(good, database=database))
    assert "database" in told
    assert "password" not in told


def test_a_database_that_does_not_exist(demo, good):
    _, told = serve(*flags(good, database=good["--database"].replace("dbname=usher", "dbname=x")))
    assert "database" in told


def test_a_connection_string_that_is_none(good):
    _, told = serve(*flags(good, database="this is = no string ="))
    assert "connection string" in told or "database" in told


@pytest.mark.parametrize("option, complaint", [
    ("synchronous_commit=off", "may lose acknowledged sales"),
    ("default_transaction_read_only=on", "is read-only"),
])
def test_a_database_that_would_lose_or_refuse_sales(demo, good, option, complaint):
    database = f"{good['--database']} options='-c {option}'"
    _, told = serve(*flags(good, database=database))
    assert complaint in told


def test_a_database_that_may_lose_sales_if_somebody_says_so(demo, own_folder):
    data = demo.server.data
    node = Serving(
        demo, own_folder / "careless", certificate=data / "server.pem", key=data / "server.key",
        allow_unsafe_durability="true")
    node.settings["database"] += " options='-c synchronous_commit=off'"
    with node, demo.partner_at(node.tcp) as partner:
        assert partner.hold(demo.fresh_show().show_id, best=(1, "")).seats


def test_an_unknown_key(good, tmp_path):
    file = tmp_path / "usherd.json"
    file.write_text(json.dumps({"listen": "127.0.0.1:0", "lisen": "typo"}))
    code, told = serve("--config", file, *flags(good))
    assert code == 78
    assert "lisen" in told and "unknown" in told


@pytest.mark.parametrize("text", ["", "[]", "{", '{"loops": "many"}', '{"loops": 0}'])
def test_a_bad_file(good, tmp_path, text):
    file = tmp_path / "usherd.json"
    file.write_text(text)
    code, _ = serve("--config", file, *flags(good))
    assert code == 78


def test_a_file_that_is_not_there(good):
    code, told = serve("--config", "/nonexistent/usherd.json", *flags(good))
    assert code == 78 and "/nonexistent/usherd.json" in told


@pytest.mark.parametrize("name", ["certificate", "key"])
def test_an_unreadable_file(good, tmp_path, name):
    _, told = serve(*flags(good, **{name: tmp_path / "missing.pem"}))
    assert "missing.pem" in told
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN NOTHING-----\n")
    _, told = serve(*flags(good, **{name: broken}))
    assert "broken.pem" in told


def test_a_key_of_another_certificate(good, tmp_path):
    key = tmp_path / "other.key"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-out", key], check=True, capture_output=True)
    _, told = serve(*flags(good, key=key))
    assert "key" in told


def test_no_certificate(good):
    code, told = serve(*flags(good, certificate=None, key=None))
    assert code == 78 and "certificate" in told


def test_a_port_in_use(good):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        _, told = serve(*flags(good, listen=address))
        assert address in told


def test_the_demos_own_port(demo, good):
    _, told = serve(*flags(good, listen=demo.address))
    assert demo.address in told


def test_a_newer_schema(own_demo):
    demo = own_demo
    demo.server.sql(
        "insert into schema_migrations (number, name, checksum)"
        " select number + 1000, 'from_the_future', checksum from schema_migrations"
        " order by number desc limit 1")
    data = demo.server.data
    _, told = serve(
        "--listen", "127.0.0.1:0", "--certificate", data / "server.pem",
        "--key", data / "server.key", "--database",
        f"host={data / 'postgres' / 'data'} port=5432 user=usher dbname=usher",
    )
    assert "newer" in told
