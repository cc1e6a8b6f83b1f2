"""Unix sockets: cleartext for whoever the file's permissions let in, beside TLS over TCP."""

import os
import socket
import stat
import subprocess

import grpc
import pytest

from serving import Serving, check
from test_refusing_to_start import serve
from usher.v1 import seat_map_pb2, seat_map_pb2_grpc
from usherd import BINARY

USHER = BINARY.parent / "usher"


@pytest.fixture
def path(own_folder):
    return own_folder / "usherd.sock"


def node_at(demo, folder, path, **settings):
    return Serving(demo, folder / "serving", listen=f"unix:{path}", anonymous_reads=True, **settings)


@pytest.mark.parametrize("form", ["unix:{}", "unix://{}"])
def test_stock_clients_call_through_the_socket(demo, own_folder, path, form):
    with node_at(demo, own_folder, path) as node:
        assert node.unix == f"unix:{path}" and node.tcp is None
        with grpc.insecure_channel(form.format(path)) as channel:
            check(channel)
            stub = seat_map_pb2_grpc.SeatMapServiceStub(channel)
            show = demo.fresh_show().show_id
            watch = stub.WatchSeatMap(seat_map_pb2.WatchSeatMapRequest(show_id=show), timeout=60)
            assert next(watch).snapshot.show_id == show
            watch.cancel()


def test_our_client_calls_through_the_socket(demo, own_folder, path):
    with node_at(demo, own_folder, path):
        result = subprocess.run(
            [USHER, "cities", "--server", f"unix:{path}"], capture_output=True, text=True,
            timeout=60, env={"HOME": "/nonexistent"})
    assert result.returncode == 0, result.stderr
    assert result.stderr == "" and len(result.stdout.splitlines()) > 2


def test_tcp_stays_encrypted_beside_it(demo, own_folder, path):
    data = demo.server.data
    listen = f"127.0.0.1:0,unix:{path}"
    with Serving(
            demo, own_folder / "serving", listen=listen, certificate=data / "server.pem",
            key=data / "server.key") as node:
        with grpc.insecure_channel(f"unix:{path}") as channel:
            check(channel)
        credentials = grpc.ssl_channel_credentials(demo.authority)
        with grpc.secure_channel(node.tcp, credentials) as channel:
            check(channel)
        host, port = node.tcp.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=20) as raw:
            raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
            assert raw.recv(1)[:1] in (b"", b"\x15")


def test_the_file_and_its_end(demo, own_folder, path):
    with node_at(demo, own_folder, path) as node:
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
        code, told = serve("--listen", f"unix:{path}", "--database", node.settings["database"])
        assert f"unix:{path}" in told and "in use" in told
        assert path.exists()
        node.kill()
        assert path.exists()
        node.start()
        with grpc.insecure_channel(f"unix:{path}") as channel:
            check(channel)
        assert node.terminate() == 0
        assert not path.exists()


def test_what_is_no_socket_is_not_touched(demo, own_folder, path):
    path.write_text("precious")
    database = node_at(demo, own_folder, path).settings["database"]
    _, told = serve("--listen", f"unix:{path}", "--database", database)
    assert "exists" in told
    assert path.read_text() == "precious"


def test_another_servers_file_is_left_alone(demo, own_folder, path):
    with node_at(demo, own_folder, path) as node:
        os.unlink(path)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            assert node.terminate() == 0
            assert path.exists()
