"""Refusals of seats that are sold already, against our own unary echo: the same connections and load
to both, the server on one core, the load on the other. Every request has an id of its own, and every
answer must be the refusal that a stock client was given for those seats."""

import base64
import os
import sys
import time
import uuid

import grpc

import selling
from calls import ANY_UUID, HOLD, CallFile, make_stubs
from database import TOKEN
from process import Failed, Server, machine_busy_seconds
from report import Figures, Judgement, machine_line, table
from runtime import CONNECTIONS, LOAD_CORE, SERVER_CORE, STREAMS, text_field

# Pairs of the last large show that are sold and then asked for.
PAIRS = 100
WARM_UP_COUNT = 5_000
MOST_REQUESTS = 1_500_000
ECHO = "/bench.Echo/Unary"
CHECK = "/grpc.health.v1.Health/Check"


def measure(calls, server, seconds):
    """Figures of calls that are repeated for some seconds."""
    with calls.load(server, CONNECTIONS, core=LOAD_CORE) as load:
        def run(count):
            return load.run(
                0, calls.count, most=count, at_a_time=CONNECTIONS * STREAMS)
        probe = run(WARM_UP_COUNT)
        rate = probe["answered"] / probe["seconds"]
        count = min(MOST_REQUESTS, max(2_000, int(rate * seconds)))
        cpu, busy, began = server.cpu_seconds(), machine_busy_seconds(), time.monotonic()
        result = run(count)
        wall, cpu = time.monotonic() - began, server.cpu_seconds() - cpu
        foreign = machine_busy_seconds() - busy - cpu - result["cpu_seconds"]
    return {
        "rate": count / result["seconds"], "cpu_us": cpu / count * 1e6, "per_core": count / cpu,
        "server_busy": cpu / wall, "load_busy": result["cpu_seconds"] / wall,
        "foreign_busy": max(0.0, foreign) / wall,
    }


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
            return measure(self.calls, server, seconds)


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
            checks = measure(self.checks, server, seconds)
        database.check_sales(self.template, 0, confirmed=PAIRS)
        return figures, checks

    def measure_on(self, server, seconds):
        """On a server that has sold nothing of the show."""
        calls = CallFile(self.database.tools, f"{self.template}_refused", HOLD)
        for request, details in self._sell(server):
            calls.add_refused(HOLD, request, grpc.StatusCode.FAILED_PRECONDITION.value[0], details)
        return measure(calls, server, seconds)

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
    show(figures)
    judgement = Judgement()
    judgement.add(
        "refusals per second of one core: usherd / unary echo",
        figures.ratio(refusals.name, echo.name, "per_core"), at_least=0.7)
    judgement.add(
        "refusals per second: usherd / unary echo",
        figures.ratio(refusals.name, echo.name, "rate"), at_least=0.7)
    judgement.show()
    machine_line("refusals", figures, judgement, database.tools.facts)
    return judgement


def show(figures):
    table(
        ["calls, medians", "CPU µs", "", "per core and s", "calls/s", "server busy", "load busy",
         "others busy"],
        [[case, f"{figures.median(case, 'cpu_us'):.2f}",
          f"±{figures.spread(case, 'cpu_us') * 100:.0f}%",
          f"{figures.median(case, 'per_core'):,.0f}", f"{figures.median(case, 'rate'):,.0f}",
          *(f"{figures.median(case, part) * 100:.0f}%"
            for part in ("server_busy", "load_busy", "foreign_busy"))]
         for case in figures.cases()])
