"""Refusals of seats that are sold already, against our own unary echo: the same connections and load
to both, the server on one core, the load on the other. Every request has an id of its own, and every
answer must be the refusal that a stock client was given for those seats."""

import base64
import os
import sys
import uuid

import grpc

import percore
import selling
from calls import ANY_UUID, HOLD, CallFile, make_stubs
from database import TOKEN
from process import Failed, Server
from report import Figures, Judgement, machine_line, table
from runtime import CONNECTIONS, LOAD_CORE, SERVER_CORE, STREAMS, text_field

# Pairs of the last large show that are sold and then asked for.
PAIRS = 100
ECHO = "/bench.Echo/Unary"
CHECK = "/grpc.health.v1.Health/Check"


def measure(calls, server, database, seconds):
    """Figures of calls that are repeated for some seconds."""
    with calls.load(server, CONNECTIONS, core=LOAD_CORE) as load:
        def run(count):
            made = load.run(0, calls.count, most=count, at_a_time=CONNECTIONS * STREAMS)
            if made["answered"] != count:
                raise Failed(f"{made['answered']} of {count} calls within their time")
            return count / made["seconds"], made["cpu_seconds"]
        return percore.measure(server, database, run, seconds)


class Echo:
    """What our runtime does without anything behind it."""

    name = "unary echo of usher bare"

    def __init__(self, tools):
        self.tools = tools
        self.calls = CallFile(tools, "echo", ECHO)
        self.calls.add(ECHO, text_field("x" * 57), answer_bytes=59)

    def measure(self, seconds):
        tools = self.tools
        with Server(
            [tools.product("EchoServer"), "127.0.0.1:0", *tools.certificate], core=SERVER_CORE,
            log=os.path.join(tools.folder, "servers.log")) as server:
            return measure(self.calls, server, None, seconds)


class Refusals:
    """Sells pairs of a show, and asks for them again."""

    name = "refusals of usherd"

    def __init__(self, database, name="usher", show=selling.SHOWS + selling.HALLS):
        make_stubs(database.tools)
        self.database, self.template, self.show = database, name, show
        self.checks = CallFile(database.tools, "check", CHECK)
        self.checks.add(CHECK, text_field("usher.v1.BookingService"), answer_bytes=2)

    def measure(self, seconds):
        database = self.database
        database.fresh(self.template)
        with database.serve(self.template, core=SERVER_CORE) as server:
            figures = self.measure_on(server, seconds)
            checks = measure(self.checks, server, database, seconds)
        database.check_sales(self.template, 0, confirmed=PAIRS)
        return figures, checks

    def measure_on(self, server, seconds):
        """On a server that has sold nothing of the show."""
        calls = CallFile(self.database.tools, f"{self.template}_refused", HOLD)
        for request, details in self._sell(server):
            calls.add_refused(HOLD, request, grpc.StatusCode.FAILED_PRECONDITION.value[0], details)
        return measure(calls, server, self.database, seconds)

    def _sell(self, server):
        """Sells the pairs by a stock client, and asks once more for each. Returns the requests and
        what the client was told."""
        from usher.v1 import booking_pb2, booking_pb2_grpc

        def request(pair, request_id):
            return booking_pb2.HoldSeatsRequest(
                show_id=self.show, seats=[f"S{2 * pair}", f"S{2 * pair + 1}"],
                request_id=request_id)

        with open(self.database.tools.certificate[0], "rb") as file:
            tls = grpc.ssl_channel_credentials(file.read())
        options = {"metadata": (("authorization", f"Bearer {TOKEN}"),), "timeout": 30}
        with grpc.secure_channel(f"127.0.0.1:{server.port}", tls) as channel:
            stub = booking_pb2_grpc.BookingServiceStub(channel)
            for pair in range(PAIRS):
                held = stub.HoldSeats(request(pair, str(uuid.uuid4())), **options)
                stub.ConfirmBooking(
                    booking_pb2.ConfirmBookingRequest(
                        booking_id=held.booking.booking_id, payment_reference="paid",
                        request_id=str(uuid.uuid4())), **options)
            return [
                (request(pair, ANY_UUID).SerializeToString(),
                 self._refusal(stub, request(pair, str(uuid.uuid4())), options))
                for pair in range(PAIRS)]

    @staticmethod
    def _refusal(stub, request, options):
        """The details of a refusal as they travel: base64, without padding."""
        try:
            stub.HoldSeats(request, **options)
        except grpc.RpcError as error:
            details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
            seats = ",".join(request.seats).encode()
            if (error.code() != grpc.StatusCode.FAILED_PRECONDITION
                    or not all(word in details
                               for word in (b"SEATS_UNAVAILABLE", b"SOLD,SOLD", seats))):
                raise Failed(f"refused for another reason: {error}") from error
            return base64.b64encode(details).rstrip(b"=")
        raise Failed(f"the seats {request.seats} were sold twice")


def run(database, rounds, seconds):
    echo, refusals = Echo(database.tools), Refusals(database)
    figures = Figures()
    for number in range(rounds):
        for case in (echo, refusals) if number % 2 == 0 else (refusals, echo):
            print(f"round {number + 1} of {rounds}: {case.name}", file=sys.stderr, flush=True)
            if case is echo:
                figures.add(case.name, **echo.measure(seconds))
            else:
                refused, checks = refusals.measure(seconds)
                figures.add(case.name, **refused)
                figures.add("health check of usherd", **checks)
    print(
        f"\nSeats sold already, asked for over TLS, {CONNECTIONS} connections × {STREAMS} streams,"
        f" server on core {SERVER_CORE}, load on core {LOAD_CORE}, {rounds} rounds")
    table(
        ["calls, medians", *percore.HEADINGS],
        [percore.row(figures, case) for case in figures.cases()])
    judgement = Judgement()
    percore.judge(
        judgement, figures, refusals.name, echo.name, "refusals: usherd / unary echo,", 0.7)
    judgement.show()
    machine_line("refusals", figures, judgement, database.tools.facts)
    return judgement
