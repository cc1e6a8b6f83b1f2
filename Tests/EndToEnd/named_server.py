"""A grpcio server with a name, in a process of its own that a test may kill.

As a program: named_server.py NAME [HEALTH]. It prints its port, and takes a line with its health
(SERVING or NOT_SERVING) at any time. Without HEALTH it has no health service.
"""

import concurrent.futures
import contextlib
import pathlib
import select
import subprocess
import sys
import threading

import grpc

HEALTH = {"UNKNOWN": b"", "SERVING": b"\x08\x01", "NOT_SERVING": b"\x08\x02"}
START_SECONDS = 60


class Health(grpc.GenericRpcHandler):
    """grpc.health.v1.Health/Watch, in bytes."""

    def __init__(self, state):
        self._changed = threading.Condition()
        self._state = state

    def set(self, state):
        with self._changed:
            self._state = state
            self._changed.notify_all()

    def service(self, details):
        if details.method != "/grpc.health.v1.Health/Watch":
            return None
        return grpc.unary_stream_rpc_method_handler(self._watch)

    def _watch(self, request, context):
        context.add_callback(lambda: self.set(self._state))
        told = None
        while context.is_active():
            with self._changed:
                self._changed.wait_for(lambda: self._state != told or not context.is_active())
                told = self._state
            yield HEALTH[told]


def serve(name, health):
    from interop_stubs import messages_pb2, test_pb2_grpc

    class Service(test_pb2_grpc.TestServiceServicer):
        def UnaryCall(self, request, context):
            previous = dict(context.invocation_metadata()).get("grpc-previous-rpc-attempts")
            if name == "flaky" and previous != "2":
                context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
            return messages_pb2.SimpleResponse(server_id=name)

    handlers = [health] if health else []
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), handlers=handlers)
    test_pb2_grpc.add_TestServiceServicer_to_server(Service(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    for line in sys.stdin:
        health.set(line.strip())
        print("done", flush=True)
    server.stop(0).wait()


class NamedServer:
    """The program as a child process."""

    def __init__(self, name, health=None):
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, __file__, name] + ([health] if health else []),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.address = f"127.0.0.1:{self._line()}"

    def _line(self):
        ready, _, _ = select.select([self._process.stdout], [], [], START_SECONDS)
        assert ready, f"server {self.name} does not answer"
        return self._process.stdout.readline().strip()

    def feel(self, health):
        self._process.stdin.write(health + "\n")
        self._process.stdin.flush()
        assert self._line() == "done"

    def kill(self):
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    serve(sys.argv[1], Health(sys.argv[2]) if len(sys.argv) > 2 else None)
