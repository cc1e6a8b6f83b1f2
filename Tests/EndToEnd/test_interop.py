"""gRPC's public interoperability cases between our client, our server, grpcio and gRPC C++.

The programs are those under Tests/Conformance.
"""

import subprocess

import grpc
import pytest

import interop_client
import interop_programs as programs
import interop_server

CASES = """
    empty_unary large_unary client_streaming server_streaming ping_pong half_duplex empty_stream
    cancel_after_begin cancel_after_first_response status_code_and_message special_status_message
    custom_metadata unimplemented_method unimplemented_service timeout_on_sleeping_server
    server_compressed_unary server_compressed_streaming client_compressed_unary
    client_compressed_streaming
""".split()
# A server on grpcio cannot tell whether a request came compressed, as these demand.
NOT_WITH_GRPCIO = ["client_compressed_unary", "client_compressed_streaming"]
TRANSPORTS = ["cleartext", "tls"]


@pytest.fixture(scope="module", params=TRANSPORTS)
def used(request, certificate):
    """The certificate over TLS, None over cleartext."""
    return certificate if request.param == "tls" else None


@pytest.fixture(scope="module")
def our_server(used):
    """The address of interop-server."""
    with programs.serving(programs.ours("server"), used) as address:
        yield address


@pytest.fixture(scope="module")
def cpp_server(used):
    with programs.serving(programs.cpp("server"), used) as address:
        yield address


@pytest.fixture(scope="module")
def grpcio_server(used):
    with interop_server.running(used) as port:
        yield port


@pytest.fixture(scope="module")
def channel(our_server, used):
    """A connection of grpcio to our server."""
    with connect(our_server, used) as channel:
        yield channel


def connect(address, certificate):
    if certificate is None:
        return grpc.insecure_channel(address)
    trust = grpc.ssl_channel_credentials(certificate[0].read_bytes())
    return grpc.secure_channel(address, trust)


def expect_all(outcome, cases=CASES):
    code, said = outcome
    assert (said.splitlines(), code) == ([f"ok {case}" for case in cases], 0)


@pytest.mark.parametrize("case", interop_client.CASES, ids=lambda case: case.__name__)
def test_grpcio_against_our_server(channel, case):
    case(channel)


def test_cpp_against_our_server(our_server, used):
    port = programs.port_of(our_server)
    expect_all(programs.play(programs.cpp("client"), port, used, *CASES))


def test_our_client_against_our_server(our_server, used):
    port = programs.port_of(our_server)
    expect_all(programs.play(programs.ours("client"), port, used, *CASES))


def test_our_client_against_cpp(cpp_server, used):
    port = programs.port_of(cpp_server)
    expect_all(programs.play(programs.ours("client"), port, used, *CASES))


@pytest.mark.parametrize("case", [case for case in CASES if case not in NOT_WITH_GRPCIO])
def test_our_client_against_grpcio(grpcio_server, used, case):
    expect_all(programs.play(programs.ours("client"), grpcio_server, used, case), [case])


def test_the_judges_agree_with_each_other(cpp_server, used):
    """What fails here is a fault of the C++ programs and tells nothing about ours."""
    port = programs.port_of(cpp_server)
    expect_all(programs.play(programs.cpp("client"), port, used, *CASES))


@pytest.mark.parametrize("client", [programs.ours, programs.cpp], ids=["ours", "cpp"])
def test_a_case_can_fail(grpcio_server, used, client):
    """A server that cannot judge a request's compression does not pass for one that can."""
    code, said = programs.play(
        client("client"), grpcio_server, used, "empty_unary", *NOT_WITH_GRPCIO)
    assert code == 1
    lines = said.splitlines()
    assert lines[0] == "ok empty_unary"
    assert [line.split(":")[0] for line in lines[1:]] == [
        f"failed {case}" for case in NOT_WITH_GRPCIO
    ]


def test_the_name_that_a_certificate_must_have(certificate):
    """As the public suites ask for it: a name beside the address, and an authority of their own."""
    with programs.serving(programs.ours("server"), certificate) as address:
        for name, expected in (("127.0.0.1", 0), ("elsewhere.test", 1)):
            flags = [f"--server_host_override={name}", "--use_test_ca=true"]
            code, _ = programs.play(
                programs.ours("client"), programs.port_of(address), certificate, "empty_unary",
                flags=flags)
            assert code == expected


def test_the_path_for_h2spec_answers_a_grpc_request():
    told = subprocess.run(
        [programs.ours("server"), "--h2spec-path"],
        check=True, capture_output=True, text=True, timeout=programs.SECONDS,
    )
    with programs.serving(programs.ours("server"), None) as address:
        with connect(address, None) as channel:
            path = told.stdout.strip()
            assert channel.unary_unary(path)(b"", timeout=programs.SECONDS) == b""
