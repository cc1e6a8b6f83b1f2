"""Bytes that no client should send: a clear status or a closed connection, never a crash or leak."""

import random
import socket
import ssl

import pytest

from partner import seat_map_pb2
import usherd as servers
from conftest import Demo
from raw_wire import RawClient, connect, connect_tls, envelope, until_closed
from usherd import wait_until

GET_MAP = "/usher.v1.SeatMapService/GetSeatMap"
HOLD = "/usher.v1.BookingService/HoldSeats"
OK, INVALID, EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAUTHENTICATED = 0, 3, 8, 12, 13, 16


@pytest.fixture
def raw(demo):
    with RawClient(demo) as client:
        yield client


def get_map_request(demo):
    show = demo.fresh_show()
    return seat_map_pb2.GetSeatMapRequest(show_id=show.show_id).SerializeToString()


@pytest.fixture(scope="module")
def request_bytes(demo):
    return get_map_request(demo)


def test_a_good_call_by_hand(raw, request_bytes):
    answer = raw.call(GET_MAP, envelope(request_bytes))
    assert answer.headers[":status"] == "200" and answer.grpc_status == OK
    assert answer.headers["content-type"].startswith("application/grpc")
    message = seat_map_pb2.GetSeatMapResponse.FromString(answer.data[5:])
    assert int.from_bytes(answer.data[1:5], "big") == len(answer.data) - 5
    assert message.version >= 1


# Before HTTP/2


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 64, b"\xff" * 4096, b"SSH-2.0-x\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"a" * 4096,
        random.Random(7).randbytes(20_000),
    ],
)
def test_garbage_before_tls_closes_the_connection(demo, garbage):
    raw = connect(demo)
    try:
        raw.sendall(garbage)
        raw.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    until_closed(raw)


def test_half_a_hello_does_not_hold_the_others(demo, request_bytes):
    halves = [connect(demo) for _ in range(100)]
    for raw in halves:
        raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01")
    with RawClient(demo) as client:
        assert client.call(GET_MAP, envelope(request_bytes)).grpc_status == OK
    for raw in halves:
        raw.close()


@pytest.mark.parametrize("alpn", [("http/1.1",), ("spdy/3",)])
def test_other_protocols_are_refused_in_the_handshake(demo, alpn):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        until_closed_or_raise(connect_tls(demo, alpn))


def test_no_protocol_is_refused(demo):
    try:
        raw = connect_tls(demo, alpn=())
    except (ssl.SSLError, ConnectionResetError):
        return
    assert not until_closed(raw).startswith(b"HTTP/1.1 200")


def until_closed_or_raise(raw):
    raw.recv(1)
    raise ssl.SSLError("the handshake passed" if raw.selected_alpn_protocol() else "refused later")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(demo):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        connect_tls(demo, newest=ssl.TLSVersion.TLSv1_1)


def test_tls_1_2_is_served(demo):
    raw = connect_tls(demo, newest=ssl.TLSVersion.TLSv1_2)
    assert raw.version() == "TLSv1.2" and raw.selected_alpn_protocol() == "h2"
    raw.close()


@pytest.mark.parametrize(
    "preface",
    [
        b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + b"\0" * 9,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x05\x04\x00\x00\x00\x00\x00abcde",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x08\x00\x00\x00\x00\x00\x01" + b"a" * 8,
    ],
)
def test_garbage_instead_of_http2_closes_the_connection(demo, preface):
    raw = connect_tls(demo)
    raw.sendall(preface)
    until_closed(raw)


# The request's head


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/grpcx", ""])
def test_a_wrong_content_type_is_415(raw, kind):
    answer = raw.call(GET_MAP, content_type=kind)
    assert answer.headers[":status"] == "415"


def test_no_content_type_is_415(raw):
    assert raw.call(GET_MAP, content_type=None).headers[":status"] == "415"


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc+proto"])
def test_both_content_types_are_served(raw, request_bytes, kind):
    assert raw.call(GET_MAP, envelope(request_bytes), content_type=kind).grpc_status == OK


@pytest.mark.parametrize(
    "path",
    ["/usher.v1.SeatMapService/Nothing", "/nobody.Service/GetSeatMap", "/", "/a", "/a/b/c",
     "/usher.v1.SeatMapService/", "//", "/" + "x" * 2000, "/%00/%ff", "/usher.v1.SeatMapService"],
)
def test_unknown_methods_are_unimplemented(raw, path):
    answer = raw.call(path, envelope(b""))
    assert (answer.headers[":status"], answer.grpc_status) == ("200", UNIMPLEMENTED)


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS"])
def test_other_http_methods_are_refused(raw, method):
    answer = raw.call(GET_MAP, **{":method": method})
    assert answer.headers.get(":status") != "200" or answer.grpc_status not in (None, OK)


@pytest.mark.parametrize(
    "timeout", ["1", "S", "123456789S", "-1S", "1x", "1.5S", "", "9" * 30 + "S", "１S"])
def test_bad_timeouts_get_a_status(raw, request_bytes, timeout):
    answer = raw.call(GET_MAP, envelope(request_bytes), grpc_timeout=timeout)
    assert answer.grpc_status in (INVALID, INTERNAL) or answer.reset is not None


@pytest.mark.parametrize("timeout", ["99999999H", "99999999n", "20S", "5000m"])
def test_timeouts_at_their_bounds(raw, request_bytes, timeout):
    answer = raw.call(GET_MAP, envelope(request_bytes), grpc_timeout=timeout)
    assert answer.grpc_status == OK


def test_a_timeout_of_nothing_is_over(raw, request_bytes):
    assert raw.call(GET_MAP, envelope(request_bytes), grpc_timeout="0n").grpc_status == 4


def test_oversize_metadata_ends_in_a_refusal(demo, request_bytes):
    for size, count in [(20_000, 1), (100, 400), (8_000, 8)]:
        with RawClient(demo) as client:
            extra = [(f"x-filler-{number}", "a" * size) for number in range(count)]
            answer = client.call(GET_MAP, envelope(request_bytes), extra)
            assert answer.grpc_status != OK
            assert client.is_closed or answer.reset is not None or answer.grpc_status or (
                answer.headers[":status"] == "431")


def test_metadata_within_the_limit_is_served(raw, request_bytes):
    extra = [("x-filler", "a" * 8_000)]
    assert raw.call(GET_MAP, envelope(request_bytes), extra).grpc_status == OK


@pytest.mark.parametrize(
    "extra",
    [
        [("X-Upper", "a")], [("x-bin", "!!!not base64!!!")], [("connection", "close")],
        [("transfer-encoding", "chunked")], [(":path", "/again")], [("x-nul", "a\0b")],
        [("x-newline", "a\nb")], [("authorization", "Bearer a"), ("authorization", "Bearer b")],
        [("grpc-timeout", "1S"), ("grpc-timeout", "2S")], [("", "empty")],
        [("grpc-encoding", "nonsense")], [("content-length", "5")],
    ],
)
def test_odd_metadata_never_breaks_the_server(demo, request_bytes, extra):
    with RawClient(demo) as client:
        answer = client.call(GET_MAP, envelope(request_bytes), extra)
        assert answer.is_ended or answer.reset is not None or client.is_closed


# The message


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\0", b"\0\0\0\0", envelope(b"", length=5), envelope(b"abc", length=4),
        envelope(b"\x08\x01") * 2, envelope(b"\x08\x01") + b"\0", envelope(b"\x08\x01", 1),
        envelope(b"\x08\x01", 7), envelope(b"\x08\x01", 255),
    ],
)
def test_bad_envelopes_get_a_status(raw, body):
    answer = raw.call(GET_MAP, body)
    assert answer.grpc_status not in (None, OK) or answer.reset is not None


@pytest.mark.parametrize("length", [4 * 1024 * 1024 + 1, 2**31, 2**32 - 1])
def test_long_messages_are_refused_at_their_prefix(raw, length):
    answer = raw.call(GET_MAP, envelope(b"", length=length), end=False)
    assert answer.grpc_status == EXHAUSTED or answer.reset is not None


BAD_MESSAGES = {
    "truncated varint": b"\x08\xff",
    "eleven-byte varint": b"\x08" + b"\xff" * 10 + b"\x01",
    "truncated key": b"\x80",
    "field number zero": b"\x00\x01",
    "length beyond the end": b"\x12\x05ab",
    "length of 2^63": b"\x12" + b"\xff" * 8 + b"\x7f",
    "truncated fixed64": b"\x09\x01\x02",
    "truncated fixed32": b"\x0d\x01",
    "wire type six": b"\x0e",
    "wire type seven": b"\x0f",
    "group without end": b"\x0b\x08\x01",
    "end without group": b"\x0c",
    "deep groups": b"\x0b" * 5000,
}
BAD_HOLDS = {
    "invalid UTF-8 in a label": b"\x12\x02\xc3\x28",
    "overlong UTF-8": b"\x12\x02\xc0\x80",
    "surrogate in UTF-8": b"\x12\x03\xed\xa0\x80",
    "cut UTF-8": b"\x22\x02\xe2\x82",
    "bad nested message": b"\x1a\x02\x08\xff",
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_bad_messages_get_a_status(raw, name):
    answer = raw.call(GET_MAP, envelope(BAD_MESSAGES[name]))
    assert answer.grpc_status in (INVALID, INTERNAL), answer


@pytest.mark.parametrize("name", BAD_MESSAGES | BAD_HOLDS)
def test_bad_holds_get_a_status(demo, raw, name):
    message = (BAD_MESSAGES | BAD_HOLDS)[name]
    key = [("authorization", f"Bearer {demo.partner_key}")]
    answer = raw.call(HOLD, envelope(message), key)
    assert answer.grpc_status in (INVALID, INTERNAL), answer


def test_a_hold_over_its_own_limit_is_refused(demo, raw):
    key = [("authorization", f"Bearer {demo.partner_key}")]
    answer = raw.call(HOLD, envelope(b"", length=65537), key, end=False)
    assert answer.grpc_status == EXHAUSTED or answer.reset is not None


def test_random_messages_never_break_the_server(demo, raw):
    dice = random.Random(99)
    key = [("authorization", f"Bearer {demo.partner_key}")]
    for _ in range(300):
        message = dice.randbytes(dice.randint(0, 60))
        answer = raw.call(HOLD, envelope(message), key)
        assert answer.grpc_status not in (None, OK), (message, answer)


def test_unknown_fields_are_no_error(raw, request_bytes):
    more = b"\xf8\x06\x01" + b"\xfa\x06\x03abc" + b"\xfd\x06abcd" + b"\xf9\x06abcdefgh"
    assert raw.call(GET_MAP, envelope(request_bytes + more)).grpc_status == OK


def test_a_call_without_a_key_is_refused_by_hand(raw):
    assert raw.call(HOLD, envelope(b"")).grpc_status == UNAUTHENTICATED


# Too many


def test_a_peer_has_only_so_many_connections(own_folder):
    with servers.Usherd(own_folder / "demo", connections_per_peer=5) as server:
        demo = Demo(server)
        # Its own channels are gone once it has the request: they count.
        message = get_map_request(demo)
        clients = [RawClient(demo) for _ in range(5)]
        for client in clients:
            assert client.call(GET_MAP, envelope(message)).grpc_status == OK
        with pytest.raises((ssl.SSLError, OSError)):
            RawClient(demo)
        clients.pop().sock.close()

        def is_served():
            try:
                with RawClient(demo) as client:
                    return client.call(GET_MAP, envelope(message)).grpc_status == OK
            except OSError:
                return False

        wait_until(is_served, what="service after a connection has gone")
        for client in clients:
            assert client.call(GET_MAP, envelope(message)).grpc_status == OK
            client.sock.close()


# All of it, many times


def test_bad_peers_leave_nothing_behind(demo, request_bytes):
    def storm(seed, count):
        dice = random.Random(seed)
        for _ in range(count):
            kind = dice.randrange(4)
            if kind == 0:
                raw = connect(demo)
                raw.sendall(dice.randbytes(200))
                raw.close()
            elif kind == 1:
                raw = connect_tls(demo)
                raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + dice.randbytes(100))
                raw.close()
            else:
                with RawClient(demo) as client:
                    stream = client.open(GET_MAP)
                    client.h2.send_data(stream, envelope(dice.randbytes(20)), end_stream=kind == 2)
                    client.flush()
                    if kind == 2:
                        client.wait(stream)

    storm(1, 300)
    wait_until(lambda: demo.server.open_descriptors() < 100, what="closing")
    descriptors, memory = demo.server.open_descriptors(), demo.server.resident_bytes()
    storm(2, 1200)
    wait_until(lambda: demo.server.open_descriptors() <= descriptors + 4, what="closing")
    growth = demo.server.resident_bytes() - memory
    assert growth < 8 << 20, f"{growth >> 10} KiB more after 1,200 bad peers"
