"""The public interoperability cases of gRPC, played by stock grpcio as the client.

Each case is a function of a channel, named as the public description names it, and fails by an
assertion. Sizes and texts are the description's.
"""

import queue

import grpc

from interop_stubs import empty_pb2, messages_pb2, test_pb2_grpc

SECONDS = 30
REQUEST_SIZES = [27182, 8, 1828, 45904]
RESPONSE_SIZES = [31415, 9, 2653, 58979]
ECHO_INITIAL, INITIAL = "x-grpc-test-echo-initial", "test_initial_metadata_value"
ECHO_TRAILING, TRAILING = "x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"
SPECIAL_TEXT = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"


def zeros(size):
    return messages_pb2.Payload(body=bytes(size))


def simple(request_size=271828, response_size=314159, **fields):
    return messages_pb2.SimpleRequest(
        payload=zeros(request_size), response_size=response_size, **fields
    )


def output(response_sizes, request_size=None, **fields):
    request = messages_pb2.StreamingOutputCallRequest(
        response_parameters=[
            messages_pb2.ResponseParameters(size=size) for size in response_sizes
        ],
        **fields,
    )
    if request_size is not None:
        request.payload.CopyFrom(zeros(request_size))
    return request


def inputs(sizes=REQUEST_SIZES):
    return [messages_pb2.StreamingInputCallRequest(payload=zeros(size)) for size in sizes]


def code_of(call):
    """The status that a call, or the reading of its responses, ends with."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return grpc.StatusCode.OK, ""


def expect_sizes(responses, sizes):
    received = [response.payload.body for response in responses]
    assert [len(body) for body in received] == list(sizes)
    assert not any(any(body) for body in received), "a payload is not all zeros"


class Talk:
    """A full-duplex call whose requests are sent one by one."""

    def __init__(self, stub, **options):
        self._requests = queue.SimpleQueue()
        self.call = stub.FullDuplexCall(
            iter(self._requests.get, None), **{"timeout": SECONDS, **options}
        )

    def send(self, request):
        self._requests.put(request)

    def finish(self):
        self._requests.put(None)


def empty_unary(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    assert stub.EmptyCall(empty_pb2.Empty(), timeout=SECONDS) == empty_pb2.Empty()


def large_unary(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    expect_sizes([stub.UnaryCall(simple(), timeout=SECONDS)], [314159])


def cacheable_unary(channel):
    """What the case asks of a server; the rest of it is about a cache between the two."""
    stub = test_pb2_grpc.TestServiceStub(channel)
    answers = [stub.CacheableUnaryCall.with_call(simple(1), timeout=SECONDS) for _ in range(2)]
    assert len({int(answer.payload.body) for answer, _ in answers}) == 2
    for _, call in answers:
        assert "max-age=60" in dict(call.initial_metadata())["cache-control"]


def unknown_payload_type(channel):
    """No case of its own in the description, but a duty of the server there."""
    stub = test_pb2_grpc.TestServiceStub(channel)
    unary = simple(1, 10, response_type=77)
    expected = grpc.StatusCode.INVALID_ARGUMENT
    assert code_of(lambda: stub.UnaryCall(unary, timeout=SECONDS))[0] == expected
    stream = stub.StreamingOutputCall(output([10], response_type=77), timeout=SECONDS)
    assert code_of(lambda: list(stream))[0] == expected


def client_streaming(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    answer = stub.StreamingInputCall(iter(inputs()), timeout=SECONDS)
    assert answer.aggregated_payload_size == sum(REQUEST_SIZES)


def server_streaming(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    responses = stub.StreamingOutputCall(output(RESPONSE_SIZES), timeout=SECONDS)
    expect_sizes(responses, RESPONSE_SIZES)


def ping_pong(channel):
    talk = Talk(test_pb2_grpc.TestServiceStub(channel))
    for request_size, response_size in zip(REQUEST_SIZES, RESPONSE_SIZES):
        talk.send(output([response_size], request_size))
        expect_sizes([next(talk.call)], [response_size])
    talk.finish()
    assert list(talk.call) == []


def half_duplex(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    requests = [output([size], 100) for size in RESPONSE_SIZES]
    expect_sizes(stub.HalfDuplexCall(iter(requests), timeout=SECONDS), RESPONSE_SIZES)


def empty_stream(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    assert list(stub.FullDuplexCall(iter([]), timeout=SECONDS)) == []


def cancel_after_begin(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    call = stub.StreamingInputCall.future(iter(queue.SimpleQueue().get, None), timeout=SECONDS)
    call.cancel()
    assert call.cancelled() and call.code() == grpc.StatusCode.CANCELLED


def cancel_after_first_response(channel):
    talk = Talk(test_pb2_grpc.TestServiceStub(channel))
    talk.send(output([31415], 27182))
    expect_sizes([next(talk.call)], [31415])
    talk.call.cancel()
    assert code_of(lambda: next(talk.call))[0] == grpc.StatusCode.CANCELLED
    talk.finish()


def status_code_and_message(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    status = messages_pb2.EchoStatus(code=2, message="test status message")
    expected = (grpc.StatusCode.UNKNOWN, status.message)
    request = simple(0, 0, response_status=status)
    assert code_of(lambda: stub.UnaryCall(request, timeout=SECONDS)) == expected
    requests = [output([], response_status=status)]
    call = stub.FullDuplexCall(iter(requests), timeout=SECONDS)
    assert code_of(lambda: list(call)) == expected


def special_status_message(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    status = messages_pb2.EchoStatus(code=2, message=SPECIAL_TEXT)
    request = simple(0, 0, response_status=status)
    expected = (grpc.StatusCode.UNKNOWN, SPECIAL_TEXT)
    assert code_of(lambda: stub.UnaryCall(request, timeout=SECONDS)) == expected


def custom_metadata(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    metadata = [(ECHO_INITIAL, INITIAL), (ECHO_TRAILING, TRAILING)]
    _, unary = stub.UnaryCall.with_call(simple(), metadata=metadata, timeout=SECONDS)
    expect_echo(unary)
    talk = Talk(stub, metadata=metadata)
    talk.send(output([314159], 271828))
    talk.finish()
    expect_sizes(talk.call, [314159])
    expect_echo(talk.call)


def expect_echo(call):
    assert dict(call.initial_metadata()).get(ECHO_INITIAL) == INITIAL
    assert dict(call.trailing_metadata()).get(ECHO_TRAILING) == TRAILING


def unimplemented_method(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    code, _ = code_of(lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=SECONDS))
    assert code == grpc.StatusCode.UNIMPLEMENTED


def unimplemented_service(channel):
    stub = test_pb2_grpc.UnimplementedServiceStub(channel)
    code, _ = code_of(lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=SECONDS))
    assert code == grpc.StatusCode.UNIMPLEMENTED


def timeout_on_sleeping_server(channel):
    talk = Talk(test_pb2_grpc.TestServiceStub(channel), timeout=0.001)
    talk.send(output([], 27182))
    assert code_of(lambda: list(talk.call))[0] == grpc.StatusCode.DEADLINE_EXCEEDED
    talk.finish()


def client_compressed_unary(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    request = simple(expect_compressed=messages_pb2.BoolValue(value=True))
    code, _ = code_of(lambda: stub.UnaryCall(request, timeout=SECONDS))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    gzip = {"compression": grpc.Compression.Gzip, "timeout": SECONDS}
    expect_sizes([stub.UnaryCall(request, **gzip)], [314159])
    request.expect_compressed.value = False
    expect_sizes([stub.UnaryCall(request, timeout=SECONDS)], [314159])
    assert code_of(lambda: stub.UnaryCall(request, **gzip))[0] == grpc.StatusCode.INVALID_ARGUMENT


def client_compressed_streaming(channel):
    """Without the message that is not compressed: grpcio cannot exempt one on the client."""
    stub = test_pb2_grpc.TestServiceStub(channel)
    requests = inputs()
    del requests[1]  # Eight bytes may travel as they are: compression gains nothing.
    for request in requests:
        request.expect_compressed.value = True
    code, _ = code_of(lambda: stub.StreamingInputCall(iter(requests), timeout=SECONDS))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    answer = stub.StreamingInputCall(
        iter(requests), compression=grpc.Compression.Gzip, timeout=SECONDS
    )
    assert answer.aggregated_payload_size == sum(REQUEST_SIZES) - REQUEST_SIZES[1]


def server_compressed_unary(channel):
    """grpcio does not tell whether a message came compressed: only that it can be read."""
    stub = test_pb2_grpc.TestServiceStub(channel)
    for value in (True, False):
        wish = messages_pb2.BoolValue(value=value)
        answer = stub.UnaryCall(simple(response_compressed=wish), timeout=SECONDS)
        expect_sizes([answer], [314159])


def server_compressed_streaming(channel):
    stub = test_pb2_grpc.TestServiceStub(channel)
    request = output([31415, 92653])
    for wish, value in zip(request.response_parameters, (True, False)):
        wish.compressed.value = value
    expect_sizes(stub.StreamingOutputCall(request, timeout=SECONDS), [31415, 92653])


CASES = [
    empty_unary, large_unary, cacheable_unary, unknown_payload_type, client_streaming,
    server_streaming, ping_pong, half_duplex, empty_stream, cancel_after_begin,
    cancel_after_first_response, status_code_and_message, special_status_message, custom_metadata,
    unimplemented_method, unimplemented_service, timeout_on_sleeping_server,
    client_compressed_unary, client_compressed_streaming, server_compressed_unary,
    server_compressed_streaming,
]
