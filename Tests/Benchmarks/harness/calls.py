"""Calls for the load program, with the answers they must get: what `CallLoad` reads, and the program
itself. Requests are made with the classes that a partner would make of the schema."""

import glob
import json
import os
import struct
import sys

from database import TOKEN
from process import Failed, Server

# Where each call puts a UUID of its own.
ANY_UUID = "00000000-0000-4000-8000-000000000000"
NOWHERE = 0xFFFFFFFF
HEAD = struct.Struct("<IIIII")
# Below a server's limit of streams on a connection.
STREAMS_PER_CONNECTION = 64


def make_stubs(tools):
    """What a partner would make of the schema; once."""
    from grpc_tools import protoc
    import grpc_tools

    folder, protos = os.path.join(tools.folder, "stubs"), os.path.join(tools.root, "Protos")
    if folder in sys.path:
        return
    include = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")
    os.makedirs(folder)
    code = protoc.main(
        ["protoc", f"-I{protos}", f"-I{include}", f"--python_out={folder}",
         f"--grpc_python_out={folder}", *glob.glob(f"{protos}/usher/v1/*.proto")])
    if code != 0:
        raise Failed("protoc refused the schema")
    sys.path.insert(0, folder)


class CallFile:
    """Calls by number, in the order in which they were added, and the methods they are for."""

    def __init__(self, tools, name, *paths):
        self.tools, self.paths, self.count = tools, paths, 0
        self.name = os.path.join(tools.folder, f"{name}.calls")
        self.file = open(self.name, "wb")

    def add(self, path, message, answer_bytes=0):
        """A call that is answered, by so many bytes or, with 0, by some."""
        self._add(path, message, 0, answer_bytes, b"")

    def add_refused(self, path, message, status, details):
        """A call that is refused with these details."""
        self._add(path, message, status, len(details), details)

    def _add(self, path, message, status, expected_bytes, expected):
        place = message.find(ANY_UUID.encode())
        self.file.write(HEAD.pack(
            self.paths.index(path), place if place >= 0 else NOWHERE, status, len(message),
            expected_bytes) + message + expected)
        self.count += 1

    def load(self, server, connections, core=None):
        """The program, connected and ready to make these calls."""
        self.file.flush()
        return CallLoad(self, server, connections, core)


class CallLoad(Server):
    """The load program."""

    def __init__(self, calls, server, connections, core):
        self.report_log = os.path.join(calls.tools.folder, "call_load.log")
        super().__init__(
            [calls.tools.call_load, str(server.port), str(connections), calls.name, TOKEN,
             *calls.paths], core=core, log=self.report_log)

    def run(self, first, count, *, at_a_time, most=None, seconds=120, rate=0, chain=1):
        """Makes calls, or chains of so many, and returns what came of them; fails unless all got the
        answers they must."""
        line = f"run {first} {count} {most or count} {at_a_time} {seconds} {rate} {chain}"
        answer = self.ask(line, seconds + 90)
        if not answer:
            with open(self.report_log, errors="replace") as log:
                raise Failed(f"the load ended: {log.read()[-1000:]}")
        result = json.loads(answer)
        if result["failed"]:
            raise Failed(
                f"{result['failed']} of {result['answered']} calls had other answers than they must;"
                f" {result['first_failure']}")
        return result


HOLD = "/usher.v1.BookingService/HoldSeats"
LOOK = "/usher.v1.CatalogService/GetShow"


class Holds:
    """Two seats a call. First in the file is a look at each of the shows: a server's own first
    look is not what is measured. Then come the holds, every pair once."""

    def __init__(self, tools, name, shows, pairs):
        make_stubs(tools)
        from usher.v1 import booking_pb2, catalog_pb2

        self.look_count = len(shows)
        self.calls = CallFile(tools, name, HOLD, LOOK)
        for show in shows:
            self.calls.add(LOOK, catalog_pb2.GetShowRequest(show_id=show).SerializeToString())
        for show, first in pairs:
            request = booking_pb2.HoldSeatsRequest(
                show_id=show, seats=[f"S{first}", f"S{first + 1}"], request_id=ANY_UUID)
            self.calls.add(HOLD, request.SerializeToString())

    @property
    def count(self):
        return self.calls.count - self.look_count

    def load(self, server, at_a_time):
        """The program, with connections for so many calls; it has looked at every show."""
        load = self.calls.load(server, max(1, -(-at_a_time // STREAMS_PER_CONNECTION)))
        load.run(0, self.look_count, at_a_time=at_a_time)
        return load

    def sell(self, load, first, count, **options):
        """Holds pairs from a number on, each once."""
        return load.run(self.look_count + first, count, **options)


def round_the_shows(shows, seats):
    """All pairs of seats, neighbours in time being of different shows."""
    for first in range(0, seats, 2):
        for show in shows:
            yield show, first


def one_show_after_the_other(shows, seats):
    """All pairs of seats, show by show."""
    for show in shows:
        for first in range(0, seats, 2):
            yield show, first
