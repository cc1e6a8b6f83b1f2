"""Violations of RFC 9113, one by one: the server answers with the error that the RFC names.

A case sends its bytes behind a good hello and says the verdicts that the RFC allows. Where an
endpoint may choose between a stream's and the connection's end, both stand there.
"""

import pytest

from attacked import CHAT, DOWN, EMPTY, UNARY, Target, unharmed
from frames import (
    ACK, COMPRESSION_ERROR, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM,
    ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE,
    MAX_FRAME_SIZE, PADDED, PING, PREFACE, PRIORITY, PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM,
    SETTINGS, STREAM_CLOSED, WINDOW_UPDATE, WITH_PRIORITY, block, call, frame, literal, message,
    opening, reset, settings, u32, window_update,
)

CONNECTION, STREAM = "connection", "stream"
SERVED = {("end", None)}


def connection(*codes):
    return {(CONNECTION, code) for code in codes}


def stream(code):
    """A stream error, which an endpoint may treat as the connection's (RFC 9113, 5.4.2)."""
    return {(STREAM, code), (CONNECTION, code)}


OPEN = opening(CHAT)
HALF_CLOSED = opening(CHAT, flags=END_HEADERS | END_STREAM)
HEAD = block(EMPTY)
NEXT = opening(EMPTY, 3)

VIOLATIONS = {
    "4.1 an unknown frame type is ignored": (frame(0xfa, 0xff, 1, b"x") + call(EMPTY), SERVED),
    "4.1 unknown flags are ignored": (frame(PING, 0x16, 0, bytes(8)) + call(EMPTY), SERVED),
    "4.1 a reserved bit is ignored": (
        opening(EMPTY) + frame(DATA, END_STREAM, 0x8000_0001, message()), SERVED),
    "4.2 DATA over the frame size": (
        OPEN + frame(DATA, 0, 1, bytes(16_385)), stream(FRAME_SIZE_ERROR)),
    "4.2 HEADERS over the frame size": (
        frame(HEADERS, END_HEADERS, 1, bytes(16_385)), connection(FRAME_SIZE_ERROR)),
    "4.2 the longest length there is": (
        frame(DATA, 0, 1, b"", length=0xff_ffff), connection(FRAME_SIZE_ERROR)),
    "4.3 a field that is in no table": (
        frame(HEADERS, END_HEADERS, 1, b"\xfe"), connection(COMPRESSION_ERROR)),
    "4.3 index zero": (frame(HEADERS, END_HEADERS, 1, b"\x80"), connection(COMPRESSION_ERROR)),
    "4.3 an integer without end": (
        frame(HEADERS, END_HEADERS, 1, b"\xff" + b"\xff" * 20), connection(COMPRESSION_ERROR)),
    "4.3 a string beyond the block": (
        frame(HEADERS, END_HEADERS, 1, b"\x00\x7eab"), connection(COMPRESSION_ERROR)),
    "4.3 Huffman code with a long padding": (
        frame(HEADERS, END_HEADERS, 1, b"\x00\x82\x1f\xff\x00"),
        connection(COMPRESSION_ERROR)),
    "4.3 Huffman code for the end of a string": (
        frame(HEADERS, END_HEADERS, 1, b"\x00\x84\xff\xff\xff\xff\x00"),
        connection(COMPRESSION_ERROR)),
    "4.3 a table size over the setting": (
        frame(HEADERS, END_HEADERS, 1, b"\x3f\xe1\x1f\x0a" + HEAD), connection(COMPRESSION_ERROR)),
    "4.3 a table size after a field": (
        frame(HEADERS, END_HEADERS, 1, HEAD + b"\x20"), connection(COMPRESSION_ERROR)),
    "5.1 DATA on an idle stream": (
        frame(DATA, END_STREAM, 1, b"x"), connection(PROTOCOL_ERROR, STREAM_CLOSED)),
    "5.1 RST_STREAM on an idle stream": (reset(1), connection(PROTOCOL_ERROR)),
    "5.1 WINDOW_UPDATE on an idle stream": (window_update(1, 1), connection(PROTOCOL_ERROR)),
    "5.1 CONTINUATION on an idle stream": (
        frame(CONTINUATION, END_HEADERS, 1, HEAD), connection(PROTOCOL_ERROR)),
    "5.1 DATA after the request's end": (
        HALF_CLOSED + frame(DATA, 0, 1, b"x"), stream(STREAM_CLOSED)),
    "5.1 HEADERS after the request's end": (
        opening(DOWN, flags=END_HEADERS | END_STREAM) + opening(DOWN), stream(STREAM_CLOSED)),
    "5.1 CONTINUATION after the block's end": (
        OPEN + frame(CONTINUATION, END_HEADERS, 1, HEAD), connection(PROTOCOL_ERROR)),
    "5.1.1 an even stream": (opening(EMPTY, 2), connection(PROTOCOL_ERROR)),
    "5.1.1 stream zero": (opening(EMPTY, 0), connection(PROTOCOL_ERROR)),
    "6.1 DATA on stream zero": (OPEN + frame(DATA, 0, 0, b"x"), connection(PROTOCOL_ERROR)),
    "6.1 padding as long as the frame": (
        OPEN + frame(DATA, PADDED, 1, b"\x05abcd"), connection(PROTOCOL_ERROR)),
    "6.1 padding without its length": (
        OPEN + frame(DATA, PADDED, 1), connection(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    "6.2 padding as long as the frame": (
        frame(HEADERS, END_HEADERS | PADDED, 1, b"\xff" + HEAD), connection(PROTOCOL_ERROR)),
    "6.2 a priority without its bytes": (
        frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, b"\0\0"),
        connection(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    "6.2 another frame inside the block": (
        opening(EMPTY, flags=0) + frame(PING, 0, 0, bytes(8)), connection(PROTOCOL_ERROR)),
    "6.2 another stream's HEADERS inside the block": (
        opening(EMPTY, flags=0) + NEXT, connection(PROTOCOL_ERROR)),
    "6.3 PRIORITY on stream zero": (frame(PRIORITY, 0, 0, bytes(5)), connection(PROTOCOL_ERROR)),
    "6.3 PRIORITY of four bytes": (
        OPEN + frame(PRIORITY, 0, 1, bytes(4)), stream(FRAME_SIZE_ERROR)),
    "6.4 RST_STREAM on stream zero": (reset(0), connection(PROTOCOL_ERROR)),
    "6.4 RST_STREAM of three bytes": (
        OPEN + frame(RST_STREAM, 0, 1, bytes(3)), connection(FRAME_SIZE_ERROR)),
    "6.5 an acknowledgement with entries": (
        frame(SETTINGS, ACK, 0, bytes(6)), connection(FRAME_SIZE_ERROR)),
    "6.5 SETTINGS on a stream": (frame(SETTINGS, 0, 1), connection(PROTOCOL_ERROR)),
    "6.5 SETTINGS of five bytes": (frame(SETTINGS, 0, 0, bytes(5)), connection(FRAME_SIZE_ERROR)),
    "6.5 thirty-three entries": (settings(*[(0xff, 1)] * 33), connection(ENHANCE_YOUR_CALM)),
    "6.5.2 ENABLE_PUSH of two": (settings((ENABLE_PUSH, 2)), connection(PROTOCOL_ERROR)),
    "6.5.2 a window of 2^31": (
        settings((INITIAL_WINDOW_SIZE, 1 << 31)), connection(FLOW_CONTROL_ERROR)),
    "6.5.2 frames of 16,383": (settings((MAX_FRAME_SIZE, 16_383)), connection(PROTOCOL_ERROR)),
    "6.5.2 frames of 2^24": (settings((MAX_FRAME_SIZE, 1 << 24)), connection(PROTOCOL_ERROR)),
    "6.5.2 an unknown setting is ignored": (settings((0xfff, 7)) + call(EMPTY), SERVED),
    "6.6 PUSH_PROMISE": (
        OPEN + frame(PUSH_PROMISE, END_HEADERS, 1, u32(2) + HEAD), connection(PROTOCOL_ERROR)),
    "6.7 PING of seven bytes": (frame(PING, 0, 0, bytes(7)), connection(FRAME_SIZE_ERROR)),
    "6.7 PING on a stream": (OPEN + frame(PING, 0, 1, bytes(8)), connection(PROTOCOL_ERROR)),
    "6.8 GOAWAY on a stream": (OPEN + frame(GOAWAY, 0, 1, bytes(8)), connection(PROTOCOL_ERROR)),
    "6.8 GOAWAY of seven bytes": (frame(GOAWAY, 0, 0, bytes(7)), connection(FRAME_SIZE_ERROR)),
    "6.9 a connection's window by nothing": (window_update(0, 0), connection(PROTOCOL_ERROR)),
    "6.9 a stream's window by nothing": (OPEN + window_update(1, 0), stream(PROTOCOL_ERROR)),
    "6.9 WINDOW_UPDATE of three bytes": (
        OPEN + frame(WINDOW_UPDATE, 0, 1, bytes(3)), connection(FRAME_SIZE_ERROR)),
    "6.9.1 a connection's window over 2^31": (
        window_update(0, 0x7fff_ffff) * 2, connection(FLOW_CONTROL_ERROR)),
    "6.9.1 a stream's window over 2^31": (
        OPEN + window_update(1, 0x7fff_ffff), stream(FLOW_CONTROL_ERROR)),
    "6.9.1 more DATA than the stream's window": (
        # A unary call reads nothing before its end, so that the window is not opened again.
        opening(UNARY) + 60 * frame(DATA, 0, 1, message(b"x" * 16_379)),
        stream(FLOW_CONTROL_ERROR)),
    "6.9.2 a setting that overflows a window": (
        OPEN + window_update(1, 0x7fff_0000) + settings((INITIAL_WINDOW_SIZE, 0x7fff_0000)),
        # A MUST of the connection; nghttp2 ends each stream whose window it is.
        stream(FLOW_CONTROL_ERROR)),
    "6.10 CONTINUATION of another stream": (
        opening(EMPTY, flags=0) + frame(CONTINUATION, END_HEADERS, 3, HEAD),
        connection(PROTOCOL_ERROR)),
    "8.1 trailers that end nothing": (
        OPEN + frame(HEADERS, END_HEADERS, 1, literal("x-more", "y")), stream(PROTOCOL_ERROR)),
    "8.1 a pseudo-header in trailers": (
        OPEN + frame(HEADERS, END_HEADERS | END_STREAM, 1, literal(":path", "/y")),
        stream(PROTOCOL_ERROR)),
    "8.1.1 more DATA than content-length": (
        opening(CHAT, extra=[("content-length", "3")]) + frame(DATA, 0, 1, b"abcd"),
        stream(PROTOCOL_ERROR)),
    "8.1.1 more DATA than content-length in two frames": (
        opening(CHAT, extra=[("content-length", "3")]) + 2 * frame(DATA, 0, 1, b"ab"),
        stream(PROTOCOL_ERROR)),
    "8.1.1 less DATA than content-length": (
        opening(CHAT, extra=[("content-length", "9")]) + frame(DATA, END_STREAM, 1, b"abcd"),
        stream(PROTOCOL_ERROR)),
    "8.2.1 an upper-case name": (opening(CHAT, extra=[("X-Y", "z")]), stream(PROTOCOL_ERROR)),
    "8.2.1 a line end in a value": (opening(CHAT, extra=[("x", "a\r\nb")]), stream(PROTOCOL_ERROR)),
    "8.2.2 a connection header": (
        opening(CHAT, extra=[("connection", "close")]), stream(PROTOCOL_ERROR)),
    "8.2.2 another te": (opening(CHAT, te="gzip"), stream(PROTOCOL_ERROR)),
    "8.3 an unknown pseudo-header": (
        frame(HEADERS, END_HEADERS, 1, literal(":x", "y") + HEAD), stream(PROTOCOL_ERROR)),
    "8.3 a response's pseudo-header": (
        frame(HEADERS, END_HEADERS, 1, literal(":status", "200") + HEAD), stream(PROTOCOL_ERROR)),
    "8.3 a pseudo-header behind a field": (
        opening(CHAT, extra=[(":path", "/again")]), stream(PROTOCOL_ERROR)),
    "8.3.1 no method": (opening(CHAT, **{":method": None}), stream(PROTOCOL_ERROR)),
    "8.3.1 no scheme": (opening(CHAT, **{":scheme": None}), stream(PROTOCOL_ERROR)),
    "8.3.1 no path": (opening(None), stream(PROTOCOL_ERROR)),
    "8.3.1 an empty path": (opening(""), stream(PROTOCOL_ERROR)),
    "8.3.1 a path twice": (
        frame(HEADERS, END_HEADERS, 1, literal(":path", "/x") + HEAD), stream(PROTOCOL_ERROR)),
}


@pytest.fixture(scope="module")
def target():
    with Target() as target:
        yield target


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_gets_its_error(target, name):
    sent, allowed = VIOLATIONS[name]
    with target.connect() as wire:
        wire.send(sent)
        assert wire.verdict() in allowed
    assert target.is_running


@pytest.mark.parametrize("name", [name for name in VIOLATIONS if VIOLATIONS[name][1] == SERVED])
def test_what_is_to_be_ignored_is_ignored(target, name):
    with target.connect() as wire:
        wire.send(VIOLATIONS[name][0])
        assert wire.verdict() == ("end", None)


def test_the_calls_beside_a_stream_error_go_on(target):
    with target.connect() as wire:
        wire.send(opening(CHAT, 1) + opening(CHAT, 3, extra=[("X", "y")]))
        assert wire.verdict(3) == (STREAM, PROTOCOL_ERROR)
        wire.send(frame(DATA, END_STREAM, 1))
        assert wire.verdict(1) == ("end", None)


def test_frames_before_settings_are_refused(target):
    with target.connect(PREFACE + frame(PING, 0, 0, bytes(8))) as wire:
        assert wire.verdict() in connection(PROTOCOL_ERROR) | {("closed", None)}


def test_streams_over_the_limit_are_refused_and_the_others_served(target):
    """RFC 9113, 5.1.2, also when the peer has acknowledged the limit: it knew better."""
    with unharmed(target), target.connect() as wire:
        first = wire.until(SETTINGS)
        limits = {
            int.from_bytes(first.payload[at:at + 2], "big"):
                int.from_bytes(first.payload[at + 2:at + 6], "big")
            for at in range(0, len(first.payload), 6)
        }
        assert limits[3] == 100
        wire.send(frame(SETTINGS, ACK))
        streams = range(1, 2 * 100, 2)
        wire.send(b"".join(opening(CHAT, stream) for stream in streams))
        wire.send(opening(CHAT, 201) + frame(DATA, 0, 201, message()))
        assert wire.verdict(201) == (STREAM, 7)
        # An orderly end of one makes room for one.
        wire.send(frame(DATA, END_STREAM, 1))
        assert wire.verdict(1) == ("end", None)
        wire.send(call(EMPTY, 203))
        assert wire.verdict(203) == ("end", None)
        for stream in streams[1:]:
            wire.send(reset(stream))


def test_a_plain_get_is_told_what_to_do(target):
    """What h2spec, browsers and curl send: an answer with DATA, at the path that we print."""
    with target.connect() as wire:
        wire.send(opening(EMPTY, flags=END_HEADERS | END_STREAM, **{":method": "GET"}))
        assert wire.until(HEADERS, 1).fields[":status"] == "405"
        assert b"gRPC calls are POST" in wire.until(DATA, 1, flags=END_STREAM).payload
    with target.connect() as wire:
        wire.send(opening(EMPTY, flags=END_HEADERS | END_STREAM, **{":method": "HEAD"}))
        assert wire.until(HEADERS, 1).flags & END_STREAM


def test_the_end_of_a_session_is_logged(target):
    with unharmed(target, says="HTTP/2 refused"):
        with target.connect() as wire:
            wire.send(window_update(0, 0))
            assert wire.verdict() == (CONNECTION, PROTOCOL_ERROR)
