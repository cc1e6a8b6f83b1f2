"""Peers that send much of what is cheap for them: each flood ends at its budget, and costs the
server neither memory nor anybody else's service.
"""

import gzip
import threading

import pytest

from attacked import CHAT, DOWN, EMPTY, UNARY, UP, Target, endure, unharmed
from frames import (
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, GOAWAY,
    HEADERS, PING, PRIORITY, PROTOCOL_ERROR, STREAM_CLOSED, block, call, frame, hpack_integer, literal,
    message, opening, reset, settings, u32, window_update,
)

EXHAUSTED = "8"


@pytest.fixture(scope="module")
def target():
    with Target() as target:
        yield target


def flood(target, chunk, count, prologue=b""):
    """Sends a chunk many times; returns the GOAWAY's code and last stream."""
    with target.connect() as wire:
        wire.send(prologue)
        thread = threading.Thread(target=send_all, args=(wire, chunk, count))
        thread.start()
        got = wire.until(GOAWAY)
        thread.join()
        return int.from_bytes(got.payload[4:8], "big"), int.from_bytes(got.payload[:4], "big")


def send_all(wire, chunk, count):
    chunks = (chunk(index) for index in range(count)) if callable(chunk) else [chunk] * count
    batch = []
    for piece in chunks:
        batch.append(piece)
        if len(batch) == 100:
            if not wire.send(b"".join(batch)):
                return
            batch = []
    wire.send(b"".join(batch))


FLOODS = {
    "PING": frame(PING, 0, 0, bytes(8)),
    "SETTINGS": settings(),
    "PRIORITY": frame(PRIORITY, 0, 1, u32(3) + b"\0"),
    "empty DATA": frame(DATA, 0, 1),
    "RST_STREAM of one stream": reset(1),
    "HEADERS of one stream that has ended": frame(HEADERS, END_HEADERS | END_STREAM, 1, block(EMPTY)),
}


@pytest.mark.parametrize("name", FLOODS)
def test_frames_without_effect_end_at_their_budget(target, name):
    prologue = opening(CHAT)
    if "HEADERS" in name:
        prologue += reset(1)
    code, _ = endure(
        target, lambda: flood(target, FLOODS[name], 20_000, prologue), says="HTTP/2 refused")
    assert code == ENHANCE_YOUR_CALM


def test_window_updates_cost_nothing(target):
    """They have an effect, so they have no budget; they end where the window does."""

    def attack():
        with target.connect() as wire:
            wire.send(opening(CHAT))
            send_all(wire, window_update(1, 1) + window_update(0, 1), 50_000)
            wire.send(call(EMPTY, 3))
            assert wire.verdict(3) == ("end", None)

    endure(target, attack)


def rapid_reset(index):
    stream = 2 * index + 1
    return call(UNARY, stream) + reset(stream)


def test_rapid_reset_of_20_000_streams(target):
    code, last = endure(
        target, lambda: flood(target, rapid_reset, 20_000), says="too many resets")
    assert code == ENHANCE_YOUR_CALM
    # 1,000 at once and 33 a second; a slow machine takes more of those seconds.
    assert 1_000 <= (last + 1) // 2 <= 1_000 + 33 * 60


def test_rapid_reset_in_the_middle_of_responses(target):
    """Resets that meet handlers which wait for room to write."""
    big = b"\x12\x05\x08\x80\x80\x80\x01" * 4  # four responses of 2 MiB

    def attack(index):
        stream = 2 * index + 1
        return (
            opening(DOWN, stream) + frame(DATA, END_STREAM, stream, message(big)) + reset(stream))

    code, _ = endure(target, lambda: flood(target, attack, 3_000), says="too many resets")
    assert code == ENHANCE_YOUR_CALM


FORCED = {
    "a bad WINDOW_UPDATE": lambda stream: opening(CHAT, stream) + window_update(stream, 0),
    "DATA after the end": lambda stream: (
        opening(UP, stream, END_HEADERS) + frame(DATA, END_STREAM, stream, message(b"\xff" * 9))
        + opening(CHAT, stream + 2, END_HEADERS | END_STREAM) + frame(DATA, 0, stream + 2, b"x")),
    "a PRIORITY of four bytes": lambda stream: (
        opening(CHAT, stream) + frame(PRIORITY, 0, stream, bytes(4))),
    "a window over 2^31": lambda stream: (
        opening(CHAT, stream) + window_update(stream, 0x7fff_ffff)),
    "a bad header": lambda stream: opening(CHAT, stream, extra=[("X", "y")]),
    "a stream over the limit": lambda stream: opening(CHAT, stream),
}


@pytest.mark.parametrize("name", FORCED)
def test_resets_that_the_server_must_send_end_at_their_budget(target, name):
    """The reset-by-server form of rapid reset: 200 in ten seconds, then GOAWAY."""
    step = 4 if "DATA" in name else 2
    code, last = endure(
        target, lambda: flood(target, lambda index: FORCED[name](step * index + 1), 2_000),
        says="HTTP/2 refused")
    # nghttp2 ends the connection at the first of some of these.
    assert code in (ENHANCE_YOUR_CALM, PROTOCOL_ERROR, FRAME_SIZE_ERROR, STREAM_CLOSED)
    if code == ENHANCE_YOUR_CALM:
        assert (last + 1) // step <= 100 + 200 + 20 * 60


def test_a_flood_of_continuations_ends_at_the_ninth(target):
    begun = opening(EMPTY, flags=0)
    more = frame(CONTINUATION, 0, 1, literal("x-y", "z"))

    def attack():
        return flood(target, more, 2_000, begun)[0]

    assert endure(target, attack, says="CONTINUATION frame") == ENHANCE_YOUR_CALM


def test_eight_continuations_are_served(target):
    head = block(EMPTY)
    pieces = [head[at:at + 15] for at in range(0, len(head), 15)]
    assert len(pieces) > 9
    pieces = pieces[:8] + [b"".join(pieces[8:])]
    with target.connect() as wire:
        sent = frame(HEADERS, 0, 1, pieces[0])
        for number, piece in enumerate(pieces[1:], 1):
            last = number == len(pieces) - 1
            sent += frame(CONTINUATION, END_HEADERS if last else 0, 1, piece)
        wire.send(sent + frame(DATA, END_STREAM, 1, message()))
        assert wire.verdict() == ("end", None)


def test_empty_continuations_end_too(target):
    code, _ = flood(target, frame(CONTINUATION, 0, 1), 2_000, opening(EMPTY, flags=0))
    assert code == ENHANCE_YOUR_CALM


def test_a_list_of_references_ends_at_16_KiB(target):
    """One field of 4 KiB in the table, then thousands of one-byte references to it."""
    bomb = literal("x-bomb", "b" * 3_900, first=0x40) + b"\xbe" * 12_000

    def attack():
        with target.connect() as wire:
            wire.send(frame(HEADERS, END_HEADERS, 1, block(EMPTY) + bomb))
            return wire.goaway()

    assert endure(target, attack, says="header list over") == ENHANCE_YOUR_CALM


def test_references_on_a_stream_over_the_limit_cost_little(target):
    bomb = literal("x-bomb", "b" * 3_900, first=0x40) + b"\xbe" * 12_000

    def attack():
        with target.connect() as wire:
            wire.send(b"".join(opening(CHAT, stream) for stream in range(1, 200, 2)))
            for index in range(30):
                if not wire.send(frame(HEADERS, END_HEADERS, 201 + 2 * index, block(EMPTY) + bomb)):
                    break
            wire.send(frame(PING, 0, 0, bytes(8)))
            wire.until(PING, flags=ACK)

    endure(target, attack)


def test_a_list_of_225_KB_ends_the_connection(target):
    value = "v" * 15_000
    extra = b"".join(literal(f"x-{number}", value) for number in range(15))

    def attack():
        with target.connect() as wire:
            head = block(EMPTY) + extra
            wire.send(frame(HEADERS, 0, 1, head[:16_384]))
            for at in range(16_384, len(head), 16_384):
                wire.send(frame(CONTINUATION, 0, 1, head[at:at + 16_384]))
            return wire.goaway()

    assert endure(target, attack, says="header list over") == ENHANCE_YOUR_CALM


def test_a_long_list_is_refused_before_its_values_have_come(target):
    """A length is no reason to wait: HPACK says 1 GiB, 16 KiB come."""
    head = b"\x00" + hpack_integer(1, 7) + b"x" + hpack_integer(1 << 30, 7) + b"v" * 10_000
    with unharmed(target), target.connect() as wire:
        wire.send(frame(HEADERS, 0, 1, head))
        assert wire.goaway() in (9, ENHANCE_YOUR_CALM)


def test_a_peer_that_never_reads_its_answers(target):
    """PINGs and SETTINGS whose answers nobody fetches: the budget ends what the socket cannot."""

    def attack():
        with target.connect() as wire:
            wire.raw.settimeout(2)
            try:
                send_all(wire, frame(PING, 0, 0, bytes(8)) + settings(), 300_000)
            except TimeoutError:
                pass
            wire.raw.settimeout(30)
            assert wire.goaway() == ENHANCE_YOUR_CALM

    endure(target, attack, says="HTTP/2 refused")


def test_a_bomb_of_gzip_is_refused(target):
    """8 MiB of zeros in 8 KiB: the limit of 4 MiB holds after inflation as before it."""
    bomb = gzip.compress(bytes(8 << 20), 9)
    assert len(bomb) < 10_000

    def attack():
        with target.connect() as wire:
            wire.send(opening(UNARY, 1, extra=[("grpc-encoding", "gzip")]))
            wire.send(frame(DATA, END_STREAM, 1, message(bomb, compressed=1)))
            got = wire.until(HEADERS, 1, flags=END_STREAM).fields
            assert got["grpc-status"] == EXHAUSTED and "inflates" in got["grpc-message"]

    endure(target, attack)


def test_a_stream_of_bombs_inflates_one_at_a_time(target):
    """A window full of bombs in a queue is a window full of bytes, not gigabytes."""
    bomb = message(gzip.compress(bytes((4 << 20) - 100), 9), compressed=1)

    def attack():
        with target.connect() as wire:
            wire.send(opening(UP, 1, extra=[("grpc-encoding", "gzip")]))
            for at in range(0, 14 * len(bomb), 16_384):
                wire.send(frame(DATA, 0, 1, (bomb * 14)[at:at + 16_384]))
            wire.send(reset(1) + call(EMPTY, 3))
            assert wire.verdict(3) == ("end", None)

    endure(target, attack)


def test_a_length_that_lies_allocates_nothing(target):
    """Prefixes of 4 MiB on a hundred streams of fifty connections: bytes count, promises do not."""

    def attack():
        wires = [target.connect() for _ in range(50)]
        lie = b"\0" + u32((4 << 20) - 1) + b"x"
        for wire in wires:
            wire.send(b"".join(
                opening(UNARY, stream) + frame(DATA, 0, stream, lie)
                for stream in range(1, 200, 2)))
            wire.send(frame(PING, 0, 0, bytes(8)))
        for wire in wires:
            wire.until(PING, flags=ACK)
        peak = target.resident_bytes()
        for wire in wires:
            wire.close()
        return peak

    before = target.resident_bytes()
    peak = endure(target, attack)
    # 5,000 streams at most at a few KiB each; the promised bytes would be 20 GiB.
    assert peak - before < 128 << 20
