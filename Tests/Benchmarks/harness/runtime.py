"""The runtime against its peers: unary calls, TLS and cleartext, server on one core, load on the
other. What counts is the server's CPU per request; the rate beside it ends where h2load does."""

import os
import sys
import time

from h2load import CIPHER, GROUP, load
from process import Server, machine_busy_seconds
from report import Figures, Judgement, machine_line, table

SERVER_CORE, LOAD_CORE = 0, 1
WARM_UP_COUNT = 3_000
CONNECTIONS, STREAMS = 8, 32
MOST_REQUESTS = 1_500_000
# New connections at a time: below every server's limit for one address.
ARRIVALS = 50


def envelope(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


def text_field(text):
    return bytes([10, len(text)]) + text.encode()


class Call:
    """A request and how long its answer is."""

    def __init__(self, folder, name, path, message, answer_bytes):
        self.path = path
        self.answer_bytes = answer_bytes
        self.file = os.path.join(folder, f"{name}.bin")
        with open(self.file, "wb") as file:
            file.write(envelope(message))


class Case:
    """A server with a call; started afresh for each round."""

    def __init__(self, name, call, command, tls, log):
        self.name, self.call, self.command, self.tls, self.log = name, call, command, tls, log
        self.count = None

    def measure(self, figures, seconds):
        with Server(self.command, core=SERVER_CORE, log=self.log) as server:
            self._load(server, WARM_UP_COUNT, CONNECTIONS, STREAMS)
            if self.count is None:
                probe, _ = self._load(server, WARM_UP_COUNT, CONNECTIONS, STREAMS)
                probe, _ = self._load(
                    server, max(WARM_UP_COUNT, int(probe.rate / 3)), CONNECTIONS, STREAMS)
                self.count = min(MOST_REQUESTS, max(2_000, int(probe.rate * seconds)))
            self._many(figures, server)
            self._one_at_a_time(figures, server)
            if self.tls:
                self._arrivals(figures, server, max(2, round(10 * seconds)))

    def _many(self, figures, server):
        cpu, busy, began = server.cpu_seconds(), machine_busy_seconds(), time.monotonic()
        result, load_cpu = self._load(server, self.count, CONNECTIONS, STREAMS)
        wall = time.monotonic() - began
        cpu = server.cpu_seconds() - cpu
        foreign = machine_busy_seconds() - busy - cpu - load_cpu
        figures.add(
            self.name, rate=result.rate, cpu_us=cpu / result.count * 1e6, server_busy=cpu / wall,
            load_busy=load_cpu / wall, foreign_busy=max(0.0, foreign) / wall)

    def _one_at_a_time(self, figures, server):
        count = max(200, min(10_000, self.count // 20))
        result, _ = self._load(server, count, 1, 1)
        figures.add(self.name, alone_us=result.mean_seconds * 1e6)

    def _arrivals(self, figures, server, times):
        """Full handshakes: h2load resumes no session. Each connection makes one call and goes."""
        cpu = server.cpu_seconds()
        for _ in range(times):
            self._load(server, ARRIVALS, ARRIVALS, 1)
        spent = server.cpu_seconds() - cpu
        figures.add(self.name, arrival_us=spent / (times * ARRIVALS) * 1e6)

    def _load(self, server, count, connections, streams):
        return load(
            server.port, self.call.path, self.call.file, self.call.answer_bytes, count,
            tls=self.tls, connections=connections, streams=streams, core=LOAD_CORE)


def cases(tools, folder):
    echo = Call(folder, "echo", "/bench.Echo/Unary", text_field("x" * 57), 64)
    check = Call(
        folder, "check", "/grpc.health.v1.Health/Check", text_field("usher.v1.BookingService"), 7)
    peers = {
        "usher bare": ([tools.product("EchoServer")], echo),
        "grpc-c++ async": ([tools.cpp("async_server")], echo),
        "grpc-c++ callback": ([tools.cpp("callback_server")], echo),
        "grpcio": ([sys.executable, tools.source("Peers/python/echo_server.py")], echo),
        "usher bare Check": ([tools.product("EchoServer")], check),
    }
    if tools.grpc_swift:
        peers["grpc-swift-2"] = ([tools.grpc_swift], echo)
    log = os.path.join(folder, "servers.log")
    for tls in (True, False):
        ending = " TLS" if tls else " h2c"
        for name, (command, call) in peers.items():
            arguments = ["127.0.0.1:0", *(tools.certificate if tls else ())]
            yield Case(name + ending, call, [*command, *arguments], tls, log)
        demo = [
            tools.product("usherd"), "demo", "--data", os.path.join(folder, "demo"), "--listen",
            "127.0.0.1:0", "--loops", "1", "--log-level", "warning", "--cleartext",
            "false" if tls else "true",
        ]
        yield Case("usherd Check" + ending, check, demo, tls, log)


def judge(figures, has_grpc_swift):
    judgement = Judgement()
    for ending in (" TLS", " h2c"):
        ours = "usher bare" + ending
        better = min(
            ("grpc-c++ async" + ending, "grpc-c++ callback" + ending),
            key=lambda case: figures.median(case, "cpu_us"))
        quicker = min(
            ("grpc-c++ async" + ending, "grpc-c++ callback" + ending),
            key=lambda case: figures.median(case, "alone_us"))
        judgement.add(
            f"CPU per request: {ours} / {better}", figures.ratio(ours, better, "cpu_us"),
            at_most=1 / 3)
        if has_grpc_swift:
            peer = "grpc-swift-2" + ending
            judgement.add(
                f"CPU per request: {ours} / {peer}", figures.ratio(ours, peer, "cpu_us"),
                at_most=1 / 20)
        judgement.add(
            f"CPU per request: usherd Check / usher bare Check{ending}",
            figures.ratio("usherd Check" + ending, "usher bare Check" + ending, "cpu_us"),
            at_most=1.25)
        judgement.add(
            f"one call at a time: {ours} / {quicker}", figures.ratio(ours, quicker, "alone_us"),
            at_most=1.0)
    cheaper = min(
        ("grpc-c++ async TLS", "grpc-c++ callback TLS"),
        key=lambda case: figures.median(case, "arrival_us"))
    judgement.add(
        f"CPU per arrival: usher bare TLS / {cheaper}",
        figures.ratio("usher bare TLS", cheaper, "arrival_us"), at_most=0.7)
    return judgement


def show(figures):
    rows = []
    for case in figures.cases():
        def middle(measure):
            return figures.median(case, measure)
        rows.append([
            case, f"{middle('cpu_us'):.2f}", f"±{figures.spread(case, 'cpu_us') * 100:.0f}%",
            f"{middle('rate'):,.0f}", f"±{figures.spread(case, 'rate') * 100:.0f}%",
            f"{middle('server_busy') * 100:.0f}%", f"{middle('load_busy') * 100:.0f}%",
            f"{middle('foreign_busy') * 100:.0f}%", f"{middle('alone_us'):.0f}",
            f"{middle('arrival_us'):.0f}" if figures.has(case, "arrival_us") else "–",
        ])
    table(
        ["unary, medians", "CPU µs/request", "", "requests/s", "", "server busy", "load busy",
         "others busy", "alone µs", "CPU µs/arrival"], rows)


def run(tools, rounds, seconds):
    figures = Figures()
    everything = list(cases(tools, tools.folder))
    for number in range(rounds):
        # Every other round runs backwards: a drift of the machine favours nobody.
        for case in everything if number % 2 == 0 else reversed(everything):
            print(f"round {number + 1} of {rounds}: {case.name}", file=sys.stderr, flush=True)
            case.measure(figures, seconds)
    print(
        f"\nRuntime: 59-byte message, {CONNECTIONS} connections × {STREAMS} streams, {CIPHER},"
        f" {GROUP}, server on core {SERVER_CORE}, load on core {LOAD_CORE}, {rounds} rounds")
    show(figures)
    judgement = judge(figures, bool(tools.grpc_swift))
    judgement.show()
    machine_line("runtime", figures, judgement, tools.facts)
