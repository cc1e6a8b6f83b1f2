"""connect-server played as connectrpc's conformance runner plays it: the handshake, the cases with
grpcio as the reference client, and requests by hand that no client would send.

The runner itself is a program in Go; Tests/Conformance tells how to point it here.
"""

import subprocess
import types

import grpc
import pytest

import connect_cases
import connect_client
import connect_stubs
import raw_wire
from connect_stubs import config_pb2, server_compat_pb2, service_pb2

SERVICE = "/connectrpc.conformance.v1.ConformanceService/"
COMPRESSIONS = {"identity": grpc.Compression.NoCompression, "gzip": grpc.Compression.Gzip}


def issue(folder, name, usage):
    """A certificate as the runner makes it: self-signed, RSA, for the loopback address."""
    files = folder / f"{name}.pem", folder / f"{name}-key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/O=ConnectRPC/CN=Conformance {name}",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1",
         "-addext", "basicConstraints=critical,CA:FALSE",
         "-addext", f"extendedKeyUsage={usage}", "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )
    return config_pb2.TLSCreds(cert=files[0].read_bytes(), key=files[1].read_bytes())


@pytest.fixture(scope="module")
def credentials(tmp_path_factory):
    return issue(tmp_path_factory.mktemp("connect"), "Server", "serverAuth")


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """Two clients, of which servers are told to trust the first."""
    folder = tmp_path_factory.mktemp("connect-clients")
    return [issue(folder, f"Client {number}", "clientAuth") for number in (1, 2)]


@pytest.fixture(scope="module", params=["cleartext", "tls"])
def channel(request, credentials):
    fields = {"message_receive_limit": connect_cases.MESSAGE_LIMIT}
    if request.param == "tls":
        fields |= {"use_tls": True, "server_creds": credentials}
    with connect_stubs.running(**fields) as server, connect(server) as channel:
        assert server.pem_cert == (credentials.cert if request.param == "tls" else b"")
        yield channel


def connect(server, client=config_pb2.TLSCreds()):
    """A channel that trusts the server's certificate and shows a client's, if given."""
    address = f"{server.host}:{server.port}"
    if not server.pem_cert:
        return grpc.insecure_channel(address)
    shown = (client.key, client.cert) if client.cert else ()
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(server.pem_cert, *shown))


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("case", connect_cases.CASES, ids=lambda case: case.name)
def test_case(channel, case, compression):
    outcome = connect_client.play(channel, case, COMPRESSIONS[compression])
    connect_client.check(case, outcome)


def test_unimplemented(channel):
    stub = connect_stubs.service_pb2_grpc.ConformanceServiceStub(channel)
    with pytest.raises(grpc.RpcError) as failed:
        stub.Unimplemented(service_pb2.UnimplementedRequest())
    assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_idempotent_unary(channel):
    stub = connect_stubs.service_pb2_grpc.ConformanceServiceStub(channel)
    definition = connect_cases.definition("unary", [b"same"])
    request = service_pb2.IdempotentUnaryRequest(response_definition=definition)
    payload = stub.IdempotentUnary(request).payload
    assert payload.data == b"same"
    assert payload.request_info.requests[0].Is(request.DESCRIPTOR)


def test_headers_come_before_the_first_response(channel):
    """A client that reads them first is not kept waiting for a response that is a minute away."""
    stub = connect_stubs.service_pb2_grpc.ConformanceServiceStub(channel)
    for kind, method in (("server-stream", stub.ServerStream), ("half-duplex", stub.BidiStream)):
        request = connect_cases.requests(kind, count=1, delay_ms=60_000)[0]
        call = method(request if kind == "server-stream" else iter([request]))
        assert dict(call.initial_metadata())["x-custom-header"] == "foo"
        call.cancel()


# Requests by hand


@pytest.fixture(scope="module")
def raw(credentials):
    fields = {"use_tls": True, "server_creds": credentials}
    with connect_stubs.running(**fields) as server:
        address = f"{server.host}:{server.port}"
        yield types.SimpleNamespace(address=address, authority=server.pem_cert)


ONE = raw_wire.envelope(b"")
RAW_CASES = {
    "unary/no-request": ("Unary", {}, b"", 12),
    "unary/multiple-requests": ("Unary", {}, ONE + ONE, 12),
    "server-stream/no-request": ("ServerStream", {}, b"", 12),
    "server-stream/multiple-requests": ("ServerStream", {}, ONE + ONE, 12),
    "with-proto-sub-format": ("Unary", {"content-type": "application/grpc+proto"}, ONE, 0),
    "without-proto-sub-format": ("Unary", {}, ONE, 0),
    "unexpected-uri": ("../UnknownService/UnknownMethod", {}, ONE, 12),
    "unexpected-compression": ("Unary", {"grpc-encoding": "foo"}, ONE, 12),
    "unexpected-compressed-message":
        ("Unary", {"grpc-encoding": "identity"}, raw_wire.envelope(b"", compressed=1), 13),
    "unexpected-verb": ("Unary", {":method": "DELETE"}, ONE, "405"),
    "unexpected-codec": ("Unary", {"content-type": "application/grpc+foo"}, ONE, "415"),
    "unexpected-content-type": ("Unary", {"content-type": "image/jpeg"}, ONE, "415"),
}


@pytest.mark.parametrize("name", RAW_CASES)
def test_raw_request(raw, name):
    """A number is a gRPC status, a text an HTTP status."""
    method, headers, body, expected = RAW_CASES[name]
    with raw_wire.RawClient(raw) as client:
        answer = client.call(SERVICE + method, body, **headers)
    assert answer.headers[":status"] == (expected if isinstance(expected, str) else "200")
    assert answer.grpc_status == (None if isinstance(expected, str) else expected)


@pytest.mark.parametrize("kind", connect_client.METHODS)
def test_the_server_keeps_the_time(raw, kind):
    """The client says how long it waits and then waits for ever."""
    made = connect_cases.requests(kind, delay_ms=60_000)
    body = b"".join(raw_wire.envelope(request.SerializeToString()) for request in made)
    with raw_wire.RawClient(raw) as client:
        answer = client.call(
            SERVICE + connect_client.METHODS[kind], body, [("grpc-timeout", "100m")])
    assert answer.grpc_status == config_pb2.CODE_DEADLINE_EXCEEDED


def test_a_client_that_still_sends_hears_of_the_limit_at_once(credentials):
    """Its stream is not left half open for messages that nobody wants."""
    with connect_stubs.running(
        use_tls=True, server_creds=credentials, message_receive_limit=1_000
    ) as server:
        address = f"{server.host}:{server.port}"
        demo = types.SimpleNamespace(address=address, authority=server.pem_cert)
        with raw_wire.RawClient(demo) as client:
            stream = client.open(SERVICE + "ClientStream")
            client.h2.send_data(stream, raw_wire.envelope(bytes(1_001)))
            client.flush()
            answer = client.wait(stream)
            assert answer.grpc_status == config_pb2.CODE_RESOURCE_EXHAUSTED
            while answer.reset is None:
                client.read()
            assert answer.reset == 0


# Client certificates


@pytest.fixture(scope="module")
def demanding(credentials, clients):
    """A server that takes the first client only."""
    with connect_stubs.running(
        use_tls=True, server_creds=credentials, client_tls_cert=clients[0].cert
    ) as server:
        yield server


@pytest.mark.parametrize(
    "case", [case for case in connect_cases.CASES if case.name.endswith("/success")],
    ids=lambda case: case.name)
def test_a_trusted_client(demanding, clients, case):
    with connect(demanding, clients[0]) as channel:
        connect_client.check(case, connect_client.play(channel, case, None))


@pytest.mark.parametrize("number", [None, 1], ids=["no-certificate", "foreign-certificate"])
def test_any_other_client(demanding, clients, number):
    shown = () if number is None else (clients[number],)
    with connect(demanding, *shown) as channel:
        outcome = connect_client.play(channel, connect_cases.CASES[0], None)
    assert outcome.error.code == config_pb2.CODE_UNAVAILABLE


# The handshake


def test_a_certificate_of_its_own():
    with connect_stubs.running(use_tls=True) as server, connect(server) as channel:
        case = connect_cases.CASES[0]
        connect_client.check(case, connect_client.play(channel, case, None))


REFUSED = {
    "connect": ({"protocol": config_pb2.PROTOCOL_CONNECT, "http_version": 2}, "only gRPC"),
    "http/1.1": ({"protocol": config_pb2.PROTOCOL_GRPC, "http_version": 1}, "only gRPC"),
    "no-key": ({
        "protocol": config_pb2.PROTOCOL_GRPC, "http_version": 2, "use_tls": True,
        "server_creds": config_pb2.TLSCreds(cert=b"none", key=b"none"),
    }, "cannot use the certificate"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_cannot_serve_it_says(name):
    fields, reason = REFUSED[name]
    process = connect_stubs.start(server_compat_pb2.ServerCompatRequest(**fields))
    process.stdin = None
    said, complained = process.communicate(timeout=connect_stubs.SECONDS)
    assert (process.returncode, said) == (1, b"")
    assert complained.decode().startswith("connect-server: ") and reason in complained.decode()


def test_a_check_can_fail(channel):
    """An answer to another request does not pass."""
    asked, other = (
        next(case for case in connect_cases.CASES if case.name == name)
        for name in ("half-duplex/success", "half-duplex/one-request")
    )
    outcome = connect_client.play(channel, other, None)
    with pytest.raises(AssertionError):
        connect_client.check(asked, outcome)
