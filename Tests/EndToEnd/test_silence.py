"""Peers that stop in the middle, read nothing or say nothing: each is given up at its limit, and
good calls beside hundreds of them are served all the while.
"""

import threading

import pytest

from attacked import CHAT, DOWN, EMPTY, IMPATIENT, PINGING, UNARY, UP, Target, unharmed
from frames import (
    ACK, CANCEL, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, NO_ERROR,
    PING, PREFACE, RST_STREAM, SETTINGS, block, call, frame, message, opening, settings, u32,
    window_update,
)
from usherd import wait_until

CROWD = 300
HELLO = PREFACE + frame(SETTINGS)
HALF_TLS = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


@pytest.fixture(scope="module")
def target():
    with Target(**IMPATIENT) as target:
        yield target


@pytest.fixture(scope="module")
def pinging_target():
    with Target(handshake_ms=500, **PINGING) as target:
        yield target


@pytest.fixture(scope="module")
def secure_target(certificate):
    with Target(certificate, **IMPATIENT) as target:
        yield target


class GoodCalls:
    """A client beside the attack. Each of its calls must be answered."""

    def __init__(self, target):
        self._target = target
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answered, self.failed = 0, None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        assert self.failed is None, self.failed
        assert self.answered > 0

    def _run(self):
        while not self._stop.is_set():
            if not self._target.serves():
                self.failed = f"a good call failed after {self.answered}"
                return
            self.answered += 1


def crowd_is_given_up(target, greeting, says, is_raw=False):
    """Hundreds of peers that say the same half of something; the server closes every one."""
    with unharmed(target, says), GoodCalls(target):
        raws = []
        for _ in range(CROWD):
            if is_raw:
                raws.append(target.dial())
                raws[-1].sendall(greeting)
            else:
                raws.append(target.connect(greeting).raw)
        for raw in raws:
            raw.settimeout(30)
            try:
                while raw.recv(65_536):
                    pass
            except ConnectionResetError:
                pass
            raw.close()


@pytest.mark.parametrize("bytes_sent", [0, 10, 24])
def test_half_a_preface(target, bytes_sent):
    crowd_is_given_up(target, PREFACE[:bytes_sent], "no HTTP/2 preface", is_raw=True)


def test_half_a_tls_hello(secure_target):
    crowd_is_given_up(secure_target, HALF_TLS, "no HTTP/2 preface", is_raw=True)


def test_a_finished_tls_handshake_and_then_nothing(secure_target):
    with unharmed(secure_target, "no HTTP/2 preface"):
        wires = [secure_target.connect(b"") for _ in range(20)]
        for wire in wires:
            wire.wait_closed()
            wire.close()


def test_half_a_header_block(target):
    half = frame(HEADERS, 0, 1, block(EMPTY)[:20])
    crowd_is_given_up(target, HELLO + half, "a header block that does not end")


def test_half_a_frame_header_block(target):
    """The frame's length promises more than comes."""
    half = frame(HEADERS, END_HEADERS, 1, block(EMPTY)[:20], length=200)
    crowd_is_given_up(target, HELLO + half, "a header block that does not end")


def test_half_a_body_ends_with_a_status(target):
    """The stream ends, the connection stays: it may carry good calls."""
    sent = opening(UNARY) + frame(DATA, 0, 1, message(b"\x10\x05")[:3])
    with unharmed(target), GoodCalls(target):
        wires = [target.connect() for _ in range(CROWD)]
        for wire in wires:
            wire.send(sent)
        for wire in wires:
            answered = wire.until(HEADERS, 1)
            assert answered.fields["grpc-status"] == "4"
            assert answered.fields["grpc-message"] == "the request took too long to arrive"
            wire.close()


def test_a_stream_of_requests_may_pause(target):
    """What limits a request of one message does not limit a stream of them."""
    with target.connect() as wire, target.connect() as clock:
        wire.send(opening(UP) + frame(DATA, 0, 1, message()))
        # When this one has been given up, the other has been open for longer.
        clock.send(opening(UNARY))
        clock.until(HEADERS, 1)
        wire.send(frame(DATA, END_STREAM, 1))
        assert wire.verdict() == ("end", None)


def answers_pings(wire, stop):
    """Keeps a connection alive by answering PINGs until the given frame's kind comes."""
    while got := wire.next():
        if got.kind == PING and not got.flags & ACK:
            wire.send(frame(PING, ACK, 0, got.payload))
        if stop(got):
            return got
    raise AssertionError("the server closed the connection")


BIG_UNARY = call(UNARY, 1, b"\x10\x80\x80\x10")  # a response of 256 KiB
BIG_STREAM = call(DOWN, 1, (b"\x12\x04\x08\x80\x80\x10") * 8)  # eight of 256 KiB


@pytest.mark.parametrize("window", [0, 1])
@pytest.mark.parametrize("sent", [BIG_UNARY, BIG_STREAM], ids=["unary", "stream"])
def test_a_window_that_stays_shut_is_given_up(target, sent, window):
    greeting = PREFACE + settings((INITIAL_WINDOW_SIZE, window))
    with unharmed(target, "stream given up"), GoodCalls(target):
        wires = [target.connect(greeting) for _ in range(50)]
        before = target.threads()
        for wire in wires:
            wire.send(sent)
        for wire in wires:
            got = answers_pings(wire, lambda got: got.kind == RST_STREAM)
            assert got.payload == u32(CANCEL)
            assert target.threads() <= before
            wire.close()


def test_a_stream_that_trickles_goes_on(target):
    """One byte at a time is slow, not stalled; it costs one handler and one queue."""
    greeting = PREFACE + settings((INITIAL_WINDOW_SIZE, 1))
    with target.connect(greeting) as wire, target.connect(greeting) as clock:
        wire.send(BIG_STREAM)
        clock.send(BIG_STREAM)
        end = threading.Event()

        def trickle():
            while not end.wait(0.05):
                wire.send(window_update(1, 1))

        thread = threading.Thread(target=trickle)
        thread.start()
        answers_pings(clock, lambda got: got.kind == RST_STREAM)
        end.set()
        thread.join()
        wire.send(window_update(1, 8 << 20) + window_update(0, 8 << 20))
        got = answers_pings(wire, lambda got: got.kind in (RST_STREAM, HEADERS) and (
            got.kind == RST_STREAM or got.flags & END_STREAM))
        assert got.kind == HEADERS


def test_a_socket_that_takes_nothing_is_given_up(target):
    greeting = PREFACE + settings((INITIAL_WINDOW_SIZE, 0x7fff_ffff)) + window_update(
        0, 0x7fff_0000)
    much = call(DOWN, 1, (b"\x12\x05\x08\x80\x80\x80\x01") * 64)
    with unharmed(target, "a socket that takes nothing"):
        wires = [target.connect(greeting) for _ in range(20)]
        for wire in wires:
            wire.until(SETTINGS)
        before = target.descriptors()
        for wire in wires:
            wire.send(much)
        # They hold their sockets open and read nothing.
        wait_until(lambda: target.descriptors() <= before - len(wires), what="closing by the server")
        for wire in wires:
            wire.close()


def test_a_peer_that_answers_no_ping_is_given_up(pinging_target):
    """A partition as the server sees it: nothing comes any more, not even a FIN."""
    with unharmed(pinging_target, "no answer to a keepalive ping"), GoodCalls(pinging_target):
        wires = [pinging_target.connect() for _ in range(50)]
        for wire in wires:
            wire.send(opening(CHAT))
        for wire in wires:
            wire.until(PING)
            wire.wait_closed()
            wire.close()


def test_a_peer_that_answers_pings_is_kept(pinging_target):
    with pinging_target.connect() as wire:
        wire.send(opening(CHAT))
        for _ in range(3):
            answers_pings(wire, lambda got: got.kind == PING)
        wire.send(frame(DATA, END_STREAM, 1))
        assert wire.verdict() == ("end", None)


def test_an_old_connection_is_asked_to_go_and_its_call_finishes():
    with Target(age_ms=300, age_grace_ms=20_000, handshake_ms=500, housekeeping_ms=50) as target:
        with target.connect() as wire:
            wire.send(opening(UNARY))
            first, last = wire.until(GOAWAY), wire.until(GOAWAY)
            assert first.payload[:8] == u32(0x7fff_ffff, NO_ERROR)
            assert last.payload[:8] == u32(1, NO_ERROR)
            wire.send(frame(DATA, END_STREAM, 1, message()))
            assert wire.verdict() == ("end", None)
            wire.wait_closed()


def test_the_grace_of_an_old_connection_ends_by_force():
    with Target(age_ms=300, age_grace_ms=300, handshake_ms=500, housekeeping_ms=50) as target:
        with target.connect() as wire:
            wire.send(opening(UNARY))
            ended = wire.until(HEADERS, 1, flags=END_STREAM)
            assert "going away" in ended.fields["grpc-message"]
            wire.wait_closed()


def test_connections_are_counted():
    with Target(connections=10) as target:
        wires = [target.connect() for _ in range(10)]
        for wire in wires:
            wire.until(SETTINGS)
        with target.connect() as one_more:
            one_more.wait_closed()
        for wire in wires:
            wire.send(call(EMPTY))
            assert wire.verdict() == ("end", None)
            wire.close()
        wait_until(target.serves, what="service after the crowd has gone")
