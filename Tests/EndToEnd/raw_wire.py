"""HTTP/2 over TLS by hand, to say what no gRPC client would say."""

import socket
import ssl
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

SECONDS = 20


def connect(demo):
    """A bare TCP connection."""
    host, port = demo.address.rsplit(":", 1)
    raw = socket.create_connection((host, int(port)), timeout=SECONDS)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return raw


def connect_tls(demo, alpn=("h2",), newest=ssl.TLSVersion.MAXIMUM_SUPPORTED):
    """A TLS connection that trusts the demo's authority."""
    context = ssl.create_default_context(cadata=demo.authority.decode())
    context.maximum_version = newest
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(connect(demo), server_hostname="localhost")


def until_closed(raw):
    """Reads until the server closes; returns what it sent. Fails when it does not close."""
    raw.settimeout(SECONDS)
    received = b""
    try:
        while chunk := raw.recv(65536):
            received += chunk
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        pass
    raw.close()
    return received


class Answer:
    """What came back on one stream."""

    def __init__(self):
        self.headers, self.trailers, self.data = {}, {}, b""
        self.reset = None
        self.is_ended = False

    @property
    def grpc_status(self):
        value = self.trailers.get("grpc-status", self.headers.get("grpc-status"))
        return None if value is None else int(value)

    def __repr__(self):
        return f"Answer({self.headers}, {self.trailers}, reset={self.reset})"


class RawClient:
    """One HTTP/2 connection that checks nothing of what it sends."""

    def __init__(self, demo):
        self.sock = connect_tls(demo)
        self.sock.settimeout(SECONDS)
        config = h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.goaway = None
        self.is_closed = False
        self.answers = {}
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            try:
                self.sock.sendall(data)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                self.is_closed = True

    @staticmethod
    def headers(path, extra=(), **changes):
        fields = {
            ":method": "POST", ":scheme": "https", ":path": path, ":authority": "localhost",
            "content-type": "application/grpc", "te": "trailers",
        } | {name.replace("_", "-"): value for name, value in changes.items()}
        return [item for item in fields.items() if item[1] is not None] + list(extra)

    def call(self, path, body=b"", extra=(), end=True, **changes):
        """Sends one call and waits for its end, a reset, or the connection's."""
        stream = self.open(path, extra, **changes)
        self.h2.send_data(stream, body, end_stream=end)
        self.flush()
        return self.wait(stream)

    def open(self, path, extra=(), **changes):
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        self.h2.send_headers(stream, self.headers(path, extra, **changes))
        self.flush()
        return stream

    def wait(self, stream):
        answer = self.answers[stream]
        end = time.monotonic() + SECONDS
        while not (answer.is_ended or answer.reset is not None or self.is_closed):
            assert time.monotonic() < end, f"no answer: {answer}"
            self.read()
        return answer

    def wait_closed(self):
        end = time.monotonic() + SECONDS
        while not self.is_closed:
            assert time.monotonic() < end, "the connection stays open"
            self.read()

    def read(self):
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            data = b""
        if not data:
            self.is_closed = True
            return
        try:
            events = self.h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self.is_closed = True
            return
        for event in events:
            self._take(event)
        self.flush()

    def _take(self, event):
        answer = self.answers.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = event.error_code
        elif answer is None:
            return
        elif isinstance(event, h2.events.ResponseReceived):
            answer.headers = dict(event.headers)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            answer.data += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            answer.reset = event.error_code
        elif isinstance(event, h2.events.StreamEnded):
            answer.is_ended = True


def envelope(message, compressed=0, length=None):
    """A gRPC message with its five-byte prefix, which may lie."""
    length = len(message) if length is None else length
    return bytes([compressed]) + length.to_bytes(4, "big") + message
