"""Fixtures: stubs made from Protos/ by stock tools, a running demo, partners, fresh shows."""

import json
import pathlib
import subprocess
import sys
import tempfile

import pytest
from grpc_tools import protoc

import grpc_tools

HERE = pathlib.Path(__file__).resolve().parent
PROTOS = HERE.parents[1] / "Protos"


def make_stubs():
    """Runs grpcio-tools over the public schema, as a partner would, and puts it on the path."""
    folder = tempfile.TemporaryDirectory(prefix="usher-stubs-")
    files = sorted(str(path) for path in (PROTOS / "usher").rglob("*.proto"))
    include = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    code = protoc.main(
        ["protoc", f"-I{PROTOS}", f"-I{include}", f"--python_out={folder.name}",
         f"--grpc_python_out={folder.name}", *files]
    )
    assert code == 0, "protoc refused the schema"
    sys.path.insert(0, folder.name)
    sys.path.insert(0, str(HERE))
    return folder


STUBS = make_stubs()

import partner as partners  # noqa: E402  (needs the stubs)
import usherd as servers  # noqa: E402


class Demo:
    """A running demo with its credentials, and shows nobody else in the tests uses."""

    def __init__(self, server):
        self.server = server
        self.authority = (server.data / "ca.pem").read_bytes()
        credentials = json.loads((server.data / "credentials.json").read_text())
        self.partner_key = credentials["partner_key"]
        self.other_key = credentials["admin_key"]
        self._fresh = None

    @property
    def address(self):
        return self.server.address

    def partner(self, key="own"):
        """A new connection: with the partner's key, another key, or None for nobody's."""
        return self.partner_at(self.address, key)

    def partner_at(self, address, key="own"):
        """The same, to another server of the same town."""
        return partners.Partner(
            address, self.authority, self.partner_key if key == "own" else key
        )

    def fresh_show(self, seat_count=None):
        """A show in the days to come that no test has had, with seat_count seats if given."""
        for index, show in enumerate(self.fresh_shows()):
            if seat_count is None or show.seat_count == seat_count:
                return self._fresh.pop(index)
        raise AssertionError("no fresh show left")

    def fresh_shows(self):
        """Those that are left."""
        if self._fresh is None:
            with self.partner(None) as reader:
                self._fresh = list(reader.shows())[60:]
        return self._fresh

    def labels(self, show_id):
        with self.partner(None) as reader:
            return sorted(reader.map(show_id)[1])


@pytest.fixture(scope="session")
def demo():
    """One demo for every test that leaves its server in good health."""
    with servers.Folder() as folder, servers.Usherd(folder / "demo") as server:
        yield Demo(server)
        assert server.is_running, f"usherd ended during the tests\n{server.log()}"
        assert server.faults() == []


@pytest.fixture(scope="session")
def sandbox():
    """A demo whose town is a sandbox, for every test that moves a clock or breaks calls."""
    with servers.Folder() as folder:
        with servers.Usherd(folder / "demo", flags=["--sandbox"]) as server:
            yield Demo(server)
            assert server.is_running, f"usherd ended during the tests\n{server.log()}"
            assert server.faults() == []


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for this machine that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("interop")
    files = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=interop",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )
    return files


@pytest.fixture
def own_folder():
    with servers.Folder() as folder:
        yield folder


@pytest.fixture
def own_demo(own_folder):
    """A demo of the test's own, to be killed at will."""
    with servers.Usherd(own_folder / "demo") as server:
        yield Demo(server)


@pytest.fixture
def partner(demo):
    with demo.partner() as client:
        yield client


@pytest.fixture(autouse=True)
def still_serving(request):
    """Whatever a test did to the shared demo, a new connection is served afterwards."""
    yield
    if "demo" in request.fixturenames:
        shared = request.getfixturevalue("demo")
        with shared.partner(None) as reader:
            assert next(iter(reader.shows())).show_id > 0
