"""Stubs of gRPC's interoperability services, made from our schema by stock tools.

The schema's package is grpc.testing, which lies inside grpcio's own package: the folder of the
stubs is added to that package's path, so that both are found.
"""

import pathlib
import tempfile

import grpc
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOS = ROOT / "Tests" / "Conformance" / "InteropProtos" / "Protos"


def _make():
    folder = tempfile.TemporaryDirectory(prefix="interop-stubs-")
    files = sorted(str(path) for path in PROTOS.rglob("*.proto"))
    code = protoc.main(
        ["protoc", f"-I{PROTOS}", f"--python_out={folder.name}",
         f"--grpc_python_out={folder.name}", *files]
    )
    assert code == 0, "protoc refused the schema"
    grpc.__path__.append(str(pathlib.Path(folder.name) / "grpc"))
    return folder


FOLDER = _make()

from grpc.testing import empty_pb2, messages_pb2, test_pb2_grpc  # noqa: E402,F401
