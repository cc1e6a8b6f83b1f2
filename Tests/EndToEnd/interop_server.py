"""gRPC's interoperability TestService on stock grpcio, for our client to be judged by.

UnimplementedCall is left to the generated base class, UnimplementedService to grpcio. grpcio does
not tell a handler whether a request came compressed, so the cases that ask a server to check this
cannot be played here.
"""

import concurrent.futures
import contextlib
import time

import grpc

from interop_stubs import empty_pb2, messages_pb2, test_pb2_grpc

ECHO_INITIAL = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"
CODES = {code.value[0]: code for code in grpc.StatusCode}


def _echo_metadata(context):
    metadata = dict(context.invocation_metadata())
    if ECHO_INITIAL in metadata:
        context.send_initial_metadata([(ECHO_INITIAL, metadata[ECHO_INITIAL])])
    if ECHO_TRAILING in metadata:
        context.set_trailing_metadata([(ECHO_TRAILING, metadata[ECHO_TRAILING])])


def _end_as_asked(request, context):
    if request.HasField("response_status") and request.response_status.code:
        context.abort(CODES[request.response_status.code], request.response_status.message)


class TestService(test_pb2_grpc.TestServiceServicer):
    def EmptyCall(self, request, context):
        return empty_pb2.Empty()

    def UnaryCall(self, request, context):
        _echo_metadata(context)
        _end_as_asked(request, context)
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        return messages_pb2.SimpleResponse(
            payload=messages_pb2.Payload(body=bytes(request.response_size))
        )

    def StreamingInputCall(self, requests, context):
        return messages_pb2.StreamingInputCallResponse(
            aggregated_payload_size=sum(len(request.payload.body) for request in requests)
        )

    def StreamingOutputCall(self, request, context):
        if any(wish.compressed.value for wish in request.response_parameters):
            context.set_compression(grpc.Compression.Gzip)
        yield from self._answers(request, context)

    def FullDuplexCall(self, requests, context):
        _echo_metadata(context)
        for request in requests:
            yield from self._answers(request, context)

    def HalfDuplexCall(self, requests, context):
        _echo_metadata(context)
        for request in list(requests):
            yield from self._answers(request, context)

    @staticmethod
    def _answers(request, context):
        _end_as_asked(request, context)
        for wish in request.response_parameters:
            time.sleep(wish.interval_us / 1e6)
            if not wish.compressed.value:
                context.disable_next_message_compression()
            yield messages_pb2.StreamingOutputCallResponse(
                payload=messages_pb2.Payload(body=bytes(wish.size))
            )


@contextlib.contextmanager
def running(certificate):
    """A server on a free port, over TLS when there is a certificate; gives the port."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    test_pb2_grpc.add_TestServiceServicer_to_server(TestService(), server)
    if certificate:
        chain, key = (file.read_bytes() for file in certificate)
        credentials = grpc.ssl_server_credentials([(key, chain)])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()
