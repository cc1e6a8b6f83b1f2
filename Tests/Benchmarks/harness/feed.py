"""Seat maps: read from memory against our own unary calls with answers of the same size, and
watched by ten thousand while a show is sold: how long a change takes to reach them all."""

import os
import sys
import time
import uuid

import grpc

import percore
from calls import make_stubs
from database import TOKEN
from fanout import Followers, anonymous_kib
from h2load import load
from process import Failed, Server, machine_busy_seconds
from report import Figures, Judgement, machine_line, table
from runtime import CONNECTIONS, LOAD_CORE, SERVER_CORE, STREAMS, Call

SEATS = 300
SHOWS = 10
WATCHED_SHOW = 3
WATCHER_CONNECTIONS = 100
# Holds at a time, so that a release seldom waits for the answer to its hold.
HELD = 10
# Watchers, changes per second, seconds.
SALES = ((1_000, 100, 10), (10_000, 20, 10), (10_000, 100, 10))


def varint(number):
    bytes_ = b""
    while number > 127:
        bytes_, number = bytes_ + bytes([number & 127 | 128]), number >> 7
    return bytes_ + bytes([number])


def usherd(database, core):
    """`usherd serve` on a fresh database of the benchmark, on one loop, readable by anyone."""
    database.fresh("feed")
    return database.serve(
        "feed", "--anonymous-reads", "true", "--connections-per-peer", "500", core=core, loops=1)


class Reads:
    """One server, one call, many times. `database` is that of the server, if it has one."""

    def __init__(self, name, call, start, database=None):
        self.name, self.call, self.start, self.database = name, call, start, database

    def measure(self, figures, seconds):
        with self.start() as server:
            figures.add(self.name, **self.measure_on(server, seconds))

    def measure_on(self, server, seconds):
        def run(count):
            made, load_cpu = load(
                server.port, self.call.path, self.call.file, self.call.answer_bytes, count,
                tls=True, connections=CONNECTIONS, streams=STREAMS, core=LOAD_CORE)
            return made.rate, load_cpu
        return percore.measure(server, self.database, run, seconds)


class Seller:
    """Holds and releases single seats of the watched show at a steady rate and remembers when it
    asked for each version."""

    def __init__(self, tools, server):
        from usher.v1 import booking_pb2, booking_pb2_grpc, seat_map_pb2, seat_map_pb2_grpc

        with open(tools.certificate[0], "rb") as file:
            tls = grpc.ssl_channel_credentials(file.read())
        self.channel = grpc.secure_channel(f"127.0.0.1:{server.port}", tls)
        self.messages = booking_pb2
        self.booking = booking_pb2_grpc.BookingServiceStub(self.channel)
        self.maps, self.map_messages = seat_map_pb2_grpc.SeatMapServiceStub(self.channel), seat_map_pb2
        self.metadata = (("authorization", f"Bearer {TOKEN}"),)
        self.asked = {}

    def map(self, show_id):
        return self.maps.GetSeatMap(self.map_messages.GetSeatMapRequest(show_id=show_id), timeout=30)

    def hold(self, label):
        request = self.messages.HoldSeatsRequest(
            show_id=WATCHED_SHOW, seats=[label], request_id=str(uuid.uuid4()))
        return self.booking.HoldSeats.future(request, metadata=self.metadata, timeout=30)

    def release(self, booking_id):
        request = self.messages.ReleaseHoldRequest(
            booking_id=booking_id, request_id=str(uuid.uuid4()))
        return self.booking.ReleaseHold.future(request, metadata=self.metadata, timeout=30)

    def sell(self, rate, seconds):
        """Each seat is held in its turn and released some changes later. Returns the changes per
        second."""
        calls, held, holds, began = [], [], 0, time.monotonic()
        count = int(rate * seconds)
        for number in range(count):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            if number % 2 == 0 or len(held) < HELD:
                at, call = time.monotonic_ns(), self.hold(f"S{holds % SEATS}")
                held.append(call)
                holds += 1
            else:
                booking_id = held.pop(0).result().booking.booking_id
                at, call = time.monotonic_ns(), self.release(booking_id)
            calls.append((at, call))
        for at, call in calls:
            version = call.result().booking.version
            # Requests that shared a transaction share a version: the first of them waited longest.
            self.asked[version] = min(at, self.asked.get(version, at))
        reached = count / (time.monotonic() - began)
        if reached < 0.9 * rate:
            raise Failed(f"{reached:.0f} changes a second instead of {rate}")
        return reached

    def close(self):
        self.channel.close()


def watch(database, watchers, rate, seconds, figures):
    """A sale before many eyes. Checks that none of them missed a version."""
    tools = database.tools
    name = f"{watchers:,} watchers, {rate} changes/s"
    with usherd(database, core=None) as server:
        seller = Seller(tools, server)
        seller.map(WATCHED_SHOW)
        streams = watchers // WATCHER_CONNECTIONS
        with Followers(
            tools, server, WATCHER_CONNECTIONS, streams, True, WATCHED_SHOW, core=None) as eyes:
            before = anonymous_kib(server.pid)
            eyes.order("join", "joined")
            kib = (anonymous_kib(server.pid) - before) / watchers
            cpu, busy, began = server.cpu_seconds(), machine_busy_seconds(), time.monotonic()
            changes = seller.sell(rate, seconds)
            last = max(seller.asked)
            path = os.path.join(tools.folder, "arrivals")
            deliveries, merged = map(int, eyes.order(f"expect {last} {path}", "complete"))
            wall, cpu = time.monotonic() - began, server.cpu_seconds() - cpu
            busy = (machine_busy_seconds() - busy) / wall
        seller.close()
    latencies = sorted(read_latencies(path, seller.asked))
    total = sum(count for _, count in latencies)
    if total != watchers * len(seller.asked):
        raise Failed(f"{total} arrivals of {len(seller.asked)} versions at {watchers} watchers")
    figures.add(
        name, stream_kib=kib, p50_ms=percentile(latencies, total, 0.5),
        p99_ms=percentile(latencies, total, 0.99), worst_ms=latencies[-1][0],
        changes=changes, deliveries=deliveries, merged_share=merged / max(1, deliveries),
        server_busy=cpu / wall, machine_busy=busy)


def read_latencies(path, asked):
    """(milliseconds from the request for a version, how many watchers) from what was written."""
    with open(path) as file:
        for line in file:
            version, first, _, *steps = line.split()
            if int(version) not in asked:
                raise Failed(f"nobody asked for version {version}")
            lead = (int(first) - asked[int(version)]) / 1e6
            for step in steps:
                distance, _, count = step.partition(":")
                yield lead + (int(distance) + 1) / 10, int(count)


def percentile(latencies, total, share):
    seen = 0
    for latency, count in latencies:
        seen += count
        if seen >= total * share:
            return latency
    return 0.0


def map_reads(database, name, show):
    """The map of a show of a template, as it is before anybody buys."""
    make_stubs(database.tools)
    with database.serve(f"{name}_template", "--anonymous-reads", "true") as server:
        seller = Seller(database.tools, server)
        size = seller.map(show).ByteSize()
        seller.close()
    return Reads(
        "seat map of usherd",
        Call(database.tools.folder, f"map_{name}", "/usher.v1.SeatMapService/GetSeatMap",
             b"\x08" + varint(show), size + 5),
        lambda: usherd(database, core=SERVER_CORE), database)


def echo_reads(tools, answer_bytes):
    """Our own unary call with an answer of as many bytes."""
    # A BytesValue has a byte for its tag and two for its length.
    value = answer_bytes - 5 - 3
    return Reads(
        "unary call of usher bare",
        Call(tools.folder, "reply", "/bench.Echo/Reply", b"\x08" + varint(value), answer_bytes),
        lambda: Server(
            [tools.product("EchoServer"), "127.0.0.1:0", *tools.certificate],
            core=SERVER_CORE, log=os.path.join(tools.folder, "servers.log")))


def run(database, rounds, seconds):
    database.offer("feed", "shows.sql", shows=SHOWS, seats=SEATS, halls=0, hall_seats=SEATS)
    figures, sales = Figures(), Figures()
    maps = map_reads(database, "feed", WATCHED_SHOW)
    size = maps.call.answer_bytes
    echo = echo_reads(database.tools, size)
    for number in range(rounds):
        for case in (maps, echo) if number % 2 == 0 else (echo, maps):
            print(f"round {number + 1} of {rounds}: {case.name}", file=sys.stderr, flush=True)
            case.measure(figures, seconds)
        # All but the one that is judged are for orientation: once.
        for watchers, rate, length in SALES if number == 0 else SALES[-1:]:
            print(f"round {number + 1} of {rounds}: {watchers} watchers, {rate} changes/s",
                  file=sys.stderr, flush=True)
            watch(database, watchers, rate, length, sales)
    print(f"\nSeat maps of {SEATS} seats, {size - 5:,} bytes, read over TLS, {rounds} rounds")
    show_reads(figures)
    print(f"\nOne show watched on {WATCHER_CONNECTIONS} connections, everything on two cores;"
          " milliseconds from the request for a change to its arrival at each watcher")
    show_sales(sales)
    judgement = judge(figures, sales, maps, echo)
    judgement.show()
    machine_line(
        "feed", figures, judgement, {**database.tools.facts, "watched": sales.summary()})
    return judgement


def judge(figures, sales, maps, echo):
    judgement = Judgement()
    percore.judge(
        judgement, figures, maps.name, echo.name, "reads: seat map / unary call,", 0.9)
    most = sales.cases()[-1]
    judgement.add(f"p99 ms: {most}", sales.range(most, "p99_ms"), at_most=50)
    judgement.add(
        f"told merged, share: {most}", sales.range(most, "merged_share"), at_most=0)
    judgement.add(
        f"idle watcher stream, KiB: {most}", sales.range(most, "stream_kib"), at_most=3)
    return judgement


def show_reads(figures):
    table(
        ["seat maps, medians", *percore.HEADINGS],
        [percore.row(figures, case) for case in figures.cases()])


def show_sales(sales):
    table(
        ["sales watched, medians", "p50 ms", "p99 ms", "worst ms", "changes/s", "deliveries",
         "merged", "KiB/stream", "server busy", "machine busy"],
        [[case, *(f"{sales.median(case, part):.1f}" for part in ("p50_ms", "p99_ms", "worst_ms")),
          f"{sales.median(case, 'changes'):.0f}", f"{sales.median(case, 'deliveries'):,.0f}",
          f"{sales.median(case, 'merged_share') * 100:.2f}%",
          f"{sales.median(case, 'stream_kib'):.2f}",
          *(f"{sales.median(case, part) * 100:.0f}%" for part in ("server_busy", "machine_busy"))]
         for case in sales.cases()])
