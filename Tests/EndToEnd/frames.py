"""HTTP/2 frames as bytes, and a connection that sends whatever it is given and keeps no rule.

Numbers and names are those of RFC 9113. Knows nothing of gRPC but the headers of a request.
"""

import collections
import socket
import ssl

import hpack

SECONDS = 30

(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED,
 FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR,
 ENHANCE_YOUR_CALM) = range(12)
ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = 2, 3, 4, 5
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

Frame = collections.namedtuple("Frame", "kind flags stream payload fields")


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """One frame; its length field may lie."""
    length = len(payload) if length is None else length
    return (
        length.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


def u32(*values):
    return b"".join(value.to_bytes(4, "big") for value in values)


def settings(*pairs):
    return frame(
        SETTINGS, payload=b"".join(key.to_bytes(2, "big") + u32(value) for key, value in pairs))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, u32(increment))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, u32(code))


def hpack_integer(value, prefix_bits, first=0):
    """RFC 7541, 5.1."""
    limit = (1 << prefix_bits) - 1
    if value < limit:
        return bytes([first | value])
    out, value = [first | limit], value - limit
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def literal(name, value, first=0x00):
    """A field without Huffman coding: first 0x00 leaves the table alone, 0x40 adds to it."""
    name, value = (item.encode() if isinstance(item, str) else item for item in (name, value))
    return (
        bytes([first]) + hpack_integer(len(name), 7) + name + hpack_integer(len(value), 7) + value
    )


def fields(path, **changes):
    """The fields of a gRPC request in order; None leaves one out."""
    pairs = {
        ":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost",
        "content-type": "application/grpc", "te": "trailers",
    } | changes
    return [(name, value) for name, value in pairs.items() if value is not None]


def block(path, extra=(), **changes):
    return b"".join(literal(*pair) for pair in [*fields(path, **changes), *extra])


def opening(path, stream=1, flags=END_HEADERS, extra=(), **changes):
    return frame(HEADERS, flags, stream, block(path, extra, **changes))


def message(body=b"", compressed=0):
    return bytes([compressed]) + u32(len(body)) + body


def call(path, stream=1, body=b"", extra=()):
    """A whole call of one message."""
    return opening(path, stream, extra=extra) + frame(DATA, END_STREAM, stream, message(body))


class Wire:
    """A connection. Reading fails after half a minute of silence; sending never fails."""

    def __init__(self, raw, greeting=PREFACE + frame(SETTINGS)):
        self.raw = raw
        self.raw.settimeout(SECONDS)
        self._received = b""
        self._fields = hpack.Decoder()
        self.is_closed = False
        self.send(greeting)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.raw.close()

    def send(self, data):
        """Sends what the server takes; returns whether it took all."""
        try:
            self.raw.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            return False

    def next(self):
        """The next frame, or None once the server has closed."""
        while not self._has_frame():
            try:
                more = self.raw.recv(65536)
            except (ConnectionResetError, ssl.SSLError):
                more = b""
            if not more:
                self.is_closed = True
                return None
            self._received += more
        length = int.from_bytes(self._received[:3], "big")
        head, payload = self._received[:9], self._received[9:9 + length]
        self._received = self._received[9 + length:]
        fields = dict(self._fields.decode(payload)) if head[3] == HEADERS else {}
        return Frame(head[3], head[4], int.from_bytes(head[5:9], "big"), payload, fields)

    def _has_frame(self):
        return (
            len(self._received) >= 9
            and len(self._received) >= 9 + int.from_bytes(self._received[:3], "big")
        )

    def until(self, kind, stream=None, flags=0):
        """The next frame of a kind with these flags; those before it are dropped."""
        while got := self.next():
            if got.kind == kind and stream in (None, got.stream) and got.flags & flags == flags:
                return got
        raise AssertionError(f"the server closed before a frame of kind {kind}")

    def verdict(self, stream=1):
        """How the server judged: ("connection" or "stream", code); ("end", None) when the stream
        ended in good order, ("closed", None) when the connection did without a word."""
        while got := self.next():
            if got.kind == GOAWAY:
                return "connection", int.from_bytes(got.payload[4:8], "big")
            if got.kind == RST_STREAM and got.stream == stream:
                return "stream", int.from_bytes(got.payload[:4], "big")
            if got.kind in (HEADERS, DATA) and got.stream == stream and got.flags & END_STREAM:
                return "end", None
        return "closed", None

    def goaway(self):
        """The code of the GOAWAY that must come."""
        return int.from_bytes(self.until(GOAWAY).payload[4:8], "big")

    def wait_closed(self):
        while self.next():
            pass


def dial(address):
    host, port = address.rsplit(":", 1)
    raw = socket.create_connection((host, int(port)), timeout=SECONDS)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return raw
