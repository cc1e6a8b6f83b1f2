"""Stubs of connectrpc's conformance service, made from our schema by stock tools, and the handshake
that its runner has with a server under test.
"""

import contextlib
import pathlib
import subprocess
import sys
import tempfile

from grpc_tools import protoc

import usherd

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOS = ROOT / "Tests" / "Conformance" / "ConnectProtos" / "Protos"
PROGRAM = usherd.BINARY.parent / "connect-server"
SECONDS = 60


def _make():
    folder = tempfile.TemporaryDirectory(prefix="connect-stubs-")
    files = sorted(str(path) for path in (PROTOS / "connectrpc").rglob("*.proto"))
    code = protoc.main(
        ["protoc", f"-I{PROTOS}", f"--python_out={folder.name}",
         f"--grpc_python_out={folder.name}", *files]
    )
    assert code == 0, "protoc refused the schema"
    sys.path.append(folder.name)
    return folder


FOLDER = _make()

from connectrpc.conformance.v1 import (  # noqa: E402,F401
    config_pb2, server_compat_pb2, service_pb2, service_pb2_grpc,
)


def delimited(message):
    data = message.SerializeToString()
    return len(data).to_bytes(4, "big") + data


def start(request):
    """Starts connect-server as the runner does: the request, then the end of its input."""
    process = subprocess.Popen(
        [PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdin.write(delimited(request))
    process.stdin.close()
    return process


@contextlib.contextmanager
def running(**fields):
    """A server for a request with these fields; gives its response."""
    wanted = {
        "protocol": config_pb2.PROTOCOL_GRPC, "http_version": config_pb2.HTTP_VERSION_2,
    } | fields
    process = start(server_compat_pb2.ServerCompatRequest(**wanted))
    try:
        length = int.from_bytes(process.stdout.read(4), "big")
        response = server_compat_pb2.ServerCompatResponse.FromString(process.stdout.read(length))
        assert response.port, process.stderr.read().decode()
        yield response
        assert process.poll() is None, "the server ended during the cases"
    finally:
        process.terminate()
        process.wait(SECONDS)
        process.stdout.close()
        process.stderr.close()
