"""gRPC's public interoperability cases: stock grpcio against our server, our client against
grpcio's and against ours.

The programs are those under Tests/Conformance, as the build left them.
"""

import contextlib
import os
import pathlib
import select
import subprocess

import grpc
import pytest

import interop_client
import interop_server
import usherd

BINARIES = usherd.BINARY.parent
START_SECONDS = 30
SECONDS = 120


@pytest.fixture(scope="module")
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


@contextlib.contextmanager
def our_server(certificate):
    """interop-server in a process of its own, over TLS when there is a certificate."""
    command = [BINARIES / "interop-server", "--port=0"]
    if certificate:
        command += [
            "--use_tls=true", f"--tls_cert={certificate[0]}", f"--tls_key={certificate[1]}"
        ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert select.select([process.stdout], [], [], START_SECONDS)[0], "no address"
        yield process.stdout.readline().strip()
        assert process.poll() is None, "the server ended during the cases"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module", params=["cleartext", "tls"])
def channel(request, certificate):
    """A connection of grpcio to our server."""
    used = certificate if request.param == "tls" else None
    with our_server(used) as address, connect(address, used) as channel:
        yield channel


def connect(address, certificate):
    if certificate is None:
        return grpc.insecure_channel(address)
    trust = grpc.ssl_channel_credentials(certificate[0].read_bytes())
    return grpc.secure_channel(address, trust)


@pytest.mark.parametrize("case", interop_client.CASES, ids=lambda case: case.__name__)
def test_grpcio_against_our_server(channel, case):
    case(channel)


OUR_CASES = """
    empty_unary large_unary client_streaming server_streaming ping_pong empty_stream
    cancel_after_begin cancel_after_first_response status_code_and_message special_status_message
    custom_metadata unimplemented_method unimplemented_service timeout_on_sleeping_server
    server_compressed_unary server_compressed_streaming
""".split()
# A server on grpcio cannot tell whether a request came compressed, as these demand.
ONLY_OURS = ["client_compressed_unary", "client_compressed_streaming"]


def play(port, certificate, *cases):
    """Runs interop-client; returns its exit code and what it said."""
    command = [
        BINARIES / "interop-client", "--server_host=localhost", f"--server_port={port}",
        f"--test_case={','.join(cases)}",
    ]
    if certificate:
        command += ["--use_tls=true", f"--ca_file={certificate[0]}"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    return result.returncode, result.stdout + result.stderr


@pytest.fixture(scope="module", params=["cleartext", "tls"])
def grpcio_server(request, certificate):
    used = certificate if request.param == "tls" else None
    with interop_server.running(used) as port:
        yield port, used


@pytest.mark.parametrize("case", OUR_CASES)
def test_our_client_against_grpcio(grpcio_server, case):
    assert play(*grpcio_server, case) == (0, f"ok {case}\n")


@pytest.mark.parametrize("is_secure", [False, True], ids=["cleartext", "tls"])
def test_our_client_against_our_server(certificate, is_secure):
    used = certificate if is_secure else None
    cases = OUR_CASES + ONLY_OURS
    with our_server(used) as address:
        code, said = play(address.rsplit(":", 1)[1], used, *cases)
    assert (code, said.splitlines()) == (0, [f"ok {case}" for case in cases])


def test_a_case_can_fail(grpcio_server):
    """A server that cannot judge a request's compression does not pass for one that can."""
    code, said = play(*grpcio_server, "empty_unary", ONLY_OURS[0])
    assert code == 1
    assert said.splitlines() == [
        "ok empty_unary",
        f"failed {ONLY_OURS[0]}: the call succeeded instead of ending with INVALID_ARGUMENT",
    ]


def test_the_path_for_h2spec_answers_a_grpc_request():
    told = subprocess.run(
        [BINARIES / "interop-server", "--h2spec-path"],
        check=True, capture_output=True, text=True, timeout=SECONDS,
    )
    with our_server(None) as address, connect(address, None) as channel:
        assert channel.unary_unary(told.stdout.strip())(b"", timeout=SECONDS) == b""
