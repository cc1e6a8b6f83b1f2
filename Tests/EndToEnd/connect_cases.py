"""Cases like those of connectrpc's conformance suite for servers of gRPC, as a table, and what each
of them must be answered with: worked out here from the requests, by the words of the service's
schema, as the suite's own runner does.
"""

import dataclasses

from google.protobuf import any_pb2, wrappers_pb2

from connect_stubs import config_pb2, service_pb2

HEADERS = (("x-conformance-test", "Value1"), ("x-conformance-test", "Value2"))
DATA = b"test response"
MESSAGE_LIMIT = 200 * 1024
REQUESTS = {
    "unary": service_pb2.UnaryRequest,
    "client-stream": service_pb2.ClientStreamRequest,
    "server-stream": service_pb2.ServerStreamRequest,
    "half-duplex": service_pb2.BidiStreamRequest,
    "full-duplex": service_pb2.BidiStreamRequest,
}
SINGLE_RESPONSE = ("unary", "client-stream")
SINGLE_REQUEST = ("unary", "server-stream")
RequestInfo = service_pb2.ConformancePayload.RequestInfo


@dataclasses.dataclass
class Outcome:
    """How a call went: payloads, metadata as pairs, and the error, if any."""

    payloads: list
    headers: list
    trailers: list
    error: service_pb2.Error = None


@dataclasses.dataclass
class Case:
    """A call to make. `code` replaces the outcome that its requests ask for."""

    name: str
    kind: str
    requests: list
    timeout_ms: int = None
    code: int = None

    def expected(self):
        if self.code is not None:
            return Outcome([], [], [], service_pb2.Error(code=self.code))
        first = self.requests[0] if self.requests else REQUESTS[self.kind]()
        if not first.HasField("response_definition"):
            has_payload = self.kind in SINGLE_RESPONSE
            return Outcome([_payload(b"", self._seen())] if has_payload else [], [], [])
        definition = first.response_definition
        metadata = _pairs(definition.response_headers), _pairs(definition.response_trailers)
        error = definition.error if definition.HasField("error") else None
        if self.kind in SINGLE_RESPONSE:
            payloads = [] if error else [_payload(definition.response_data, self._seen())]
        else:
            payloads = [
                _payload(data, self._told(index))
                for index, data in enumerate(definition.response_data)
            ]
        if error is not None:
            error = service_pb2.Error.FromString(error.SerializeToString())
            if not payloads:
                error.details.append(_packed(self._told(0)))
        return Outcome(payloads, *metadata, error)

    def _told(self, index):
        """What the response of this index tells of the call, or None."""
        if self.kind == "full-duplex":
            if index >= len(self.requests):
                return None
            info = self._seen(self.requests[index : index + 1])
            if index > 0:
                del info.request_headers[:]
                info.ClearField("timeout_ms")
            return info
        return self._seen() if index == 0 else None

    def _seen(self, requests=None):
        info = RequestInfo(requests=map(_packed, self.requests if requests is None else requests))
        info.request_headers.add(name=HEADERS[0][0], value=[value for _, value in HEADERS])
        if self.timeout_ms:
            info.timeout_ms = self.timeout_ms
        return info


def _payload(data, info):
    payload = service_pb2.ConformancePayload(data=data)
    if info is not None:
        payload.request_info.CopyFrom(info)
    return payload


def _packed(message):
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def _pairs(headers):
    return [(header.name, value) for header in headers for value in header.value]


# How requests are made


def definition(kind, responses=(), error=None, delay_ms=0, values=("foo",)):
    headers = [service_pb2.Header(name="x-custom-header", value=values)]
    trailers = [service_pb2.Header(name="x-custom-trailer", value=[f"t-{v}" for v in values])]
    fields = {
        "response_headers": headers, "response_trailers": trailers,
        "response_delay_ms": delay_ms, "error": error,
    }
    if kind in SINGLE_RESPONSE:
        if responses:
            fields["response_data"] = responses[0]
        return service_pb2.UnaryResponseDefinition(**fields)
    return service_pb2.StreamResponseDefinition(response_data=responses, **fields)


def requests(kind, responses=(DATA, DATA), count=2, **wishes):
    """The first request says how to answer; the others only carry data."""
    made = [REQUESTS[kind](response_definition=definition(kind, responses, **wishes))]
    if kind == "full-duplex":
        made[0].full_duplex = True
    for index in range(1, 1 if kind in SINGLE_REQUEST else count):
        made.append(REQUESTS[kind](request_data=b"request %d" % index))
    return made


def padded(request, size):
    """The request at exactly this size in bytes."""
    while (missing := size - request.ByteSize()) > 0:
        # A longer field may need a longer length before it.
        request.request_data += bytes(max(1, missing - 4))
    assert request.ByteSize() == size
    return request


def failure(code=config_pb2.CODE_INTERNAL, message="it failed", details=()):
    return service_pb2.Error(code=code, message=message, details=map(_packed, details))


# The table


def _of_any_kind(kind):
    def case(name, made, **fields):
        return Case(f"{kind}/{name}", kind, made, **fields)

    yield case("success", requests(kind))
    yield case("duplicate-metadata", requests(kind, values=("foo", "bar", "baz")))
    yield case("no-definition", [REQUESTS[kind]()])
    yield case("error", requests(kind, (), error=failure()))
    yield case("error-with-details", requests(
        kind, (), error=failure(details=[wrappers_pb2.StringValue(value="more"), REQUESTS[kind]()])))
    yield case("unicode-error", requests(kind, (), error=failure(
        message="\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\n")))
    yield case("deadline-propagation", requests(kind), timeout_ms=60_000)
    yield case("delay", requests(kind, delay_ms=5))
    if kind not in SINGLE_RESPONSE:
        yield case("no-responses", requests(kind, ()))
        yield case("error-behind-responses", requests(kind, error=failure()))
        yield case("more-responses-than-requests", requests(kind, [DATA] * 5))
    if kind not in SINGLE_REQUEST:
        yield case("one-request", requests(kind, count=1))
        yield case("many-requests", requests(kind, [DATA] * 20, count=20))
    if kind in ("client-stream", "half-duplex"):
        yield case("no-requests", [])


def _of_sizes(kind):
    def made(*sizes):
        return [padded(r, s) for r, s in zip(requests(kind, count=len(sizes)), sizes)]

    count = 1 if kind in SINGLE_REQUEST else 2
    exhausted = config_pb2.CODE_RESOURCE_EXHAUSTED
    at, over = MESSAGE_LIMIT, MESSAGE_LIMIT + 10
    yield Case(f"{kind}/requests-at-the-limit", kind, made(*[at] * count))
    yield Case(
        f"{kind}/first-request-over-the-limit", kind, made(*[over, at][:count]), code=exhausted)
    if kind in ("client-stream", "half-duplex"):
        yield Case(
            f"{kind}/second-request-over-the-limit", kind, made(at, over), code=exhausted)


def _of_codes(kind):
    for name, number in config_pb2.Code.items():
        if number:
            made = requests(kind, (), error=failure(number, name.lower()))
            yield Case(f"{kind}/{name}", kind, made)


CASES = [
    case
    for kind in REQUESTS
    for cases in (_of_any_kind(kind), _of_sizes(kind), _of_codes(kind))
    for case in cases
]
