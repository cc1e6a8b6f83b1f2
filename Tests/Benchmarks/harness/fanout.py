"""The runtime against its peers: one message told to ten thousand streams, and what streams and
connections that wait cost in memory. Server on one core, load on the other."""

import os
import re
import sys
import time

from process import Failed, Server, machine_busy_seconds
from report import Figures, Judgement, machine_line, table
from runtime import LOAD_CORE, SERVER_CORE

CONNECTIONS, STREAMS = 100, 100
IDLE_CONNECTIONS = 500
BURST = 10
MOST_ROUNDS = 2_000


def run_seconds(pid):
    """Time all threads of a process ran, to the nanosecond: a round is shorter than a tick."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def anonymous_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(r"^Anonymous: +(\d+)", file.read(), re.MULTILINE)[1])


class Followers(Server):
    """The load program: opens connections, and on request streams; told `load`, it has messages
    published and ends with an error unless every stream was told all of them, once and in order."""

    def __init__(self, tools, server, connections, streams, tls, show_id=None, core=LOAD_CORE):
        command = [tools.fan_load, str(server.port), str(connections), str(streams)]
        command += ["tls"] if tls else []
        command += [str(show_id)] if show_id else []
        super().__init__(command, core=core, log=os.path.join(tools.folder, "fan_load.log"))

    def order(self, line, answer):
        said = self.ask(line, seconds=120).split()
        if not said or said[0] != answer:
            raise Failed(f"the load said {said} to {line}: a message was lost or came twice")
        return said[1:]


class Case:
    """A server that fans out; started afresh for each round."""

    def __init__(self, name, command, tls, log, tools):
        self.name, self.command, self.tls, self.log, self.tools = name, command, tls, log, tools
        self.rounds = {}

    def measure(self, figures, seconds):
        with Server(self.command, core=SERVER_CORE, log=self.log) as server:
            self._idle_connections(figures, server)
        with Server(self.command, core=SERVER_CORE, log=self.log) as server:
            with Followers(self.tools, server, CONNECTIONS, STREAMS, self.tls) as load:
                before = anonymous_kib(server.pid)
                load.order("join", "joined")
                added = anonymous_kib(server.pid) - before
                figures.add(self.name, stream_kib=added / CONNECTIONS / STREAMS)
                self._fan_out(figures, server, load, 1, "", seconds)
                self._fan_out(figures, server, load, BURST, "_burst", seconds)

    def _idle_connections(self, figures, server):
        before = anonymous_kib(server.pid)
        with Followers(self.tools, server, IDLE_CONNECTIONS, 0, self.tls):
            added = anonymous_kib(server.pid) - before
        figures.add(self.name, connection_kib=added / IDLE_CONNECTIONS)

    def _fan_out(self, figures, server, load, burst, suffix, seconds):
        load.order(f"load 2 {burst}", "done")
        if burst not in self.rounds:
            _, probe = load.order(f"load 3 {burst}", "done")
            self.rounds[burst] = min(MOST_ROUNDS, max(3, int(3 * seconds / float(probe))))
        cpu, load_cpu = run_seconds(server.pid), run_seconds(load.pid)
        busy, began = machine_busy_seconds(), time.monotonic()
        deliveries, spent = load.order(f"load {self.rounds[burst]} {burst}", "done")
        wall = time.monotonic() - began
        cpu, load_cpu = run_seconds(server.pid) - cpu, run_seconds(load.pid) - load_cpu
        foreign = machine_busy_seconds() - busy - cpu - load_cpu
        deliveries = int(deliveries)
        figures.add(self.name, **{
            "delivery_ns" + suffix: cpu / deliveries * 1e9,
            "per_core" + suffix: deliveries / cpu,
            "rate" + suffix: deliveries / float(spent),
            "server_busy" + suffix: cpu / wall,
            "foreign_busy" + suffix: max(0.0, foreign) / wall,
        })


def cases(tools):
    log = os.path.join(tools.folder, "fanout.log")
    servers = {
        "usher": tools.product("EchoServer"),
        "grpc-c++ async": tools.cpp("async_server"),
        "grpc-c++ callback": tools.cpp("callback_server"),
    }
    for tls in (True, False):
        for name, program in servers.items():
            arguments = ["127.0.0.1:0", *(tools.certificate if tls else ())]
            yield Case(name + (" TLS" if tls else " h2c"), [program, *arguments], tls, log, tools)


def judge(figures):
    judgement = Judgement()
    for ending in (" TLS", " h2c"):
        ours = "usher" + ending
        judgement.add(
            f"deliveries per second of one core, millions: {ours}",
            figures.range(ours, "per_core", 1e6), at_least=1.0)
        for peer in ("grpc-c++ async" + ending, "grpc-c++ callback" + ending):
            judgement.add(
                f"CPU per delivery: {ours} / {peer}",
                figures.ratio(ours, peer, "delivery_ns"), at_most=1 / 15)
        judgement.add(
            f"idle stream, KiB: {ours}", figures.range(ours, "stream_kib"), at_most=1.5)
    judgement.add(
        "idle connection, KiB: usher TLS", figures.range("usher TLS", "connection_kib"),
        at_most=40)
    return judgement


def show(figures):
    rows = []
    for case in figures.cases():
        def middle(measure):
            return figures.median(case, measure)
        rows.append([
            case, f"{middle('delivery_ns'):,.0f}",
            f"±{figures.spread(case, 'delivery_ns') * 100:.0f}%", f"{middle('rate'):,.0f}",
            f"{middle('server_busy') * 100:.0f}%", f"{middle('foreign_busy') * 100:.0f}%",
            f"{middle('delivery_ns_burst'):,.0f}", f"{middle('rate_burst'):,.0f}",
            f"{middle('stream_kib'):.2f}", f"{middle('connection_kib'):.1f}",
        ])
    table(
        ["fan-out, medians", "CPU ns/delivery", "", "deliveries/s", "server busy", "others busy",
         f"ns, {BURST} at a time", "deliveries/s", "KiB/stream", "KiB/connection"], rows)


def run(tools, rounds, seconds):
    figures = Figures()
    everything = list(cases(tools))
    for number in range(rounds):
        for case in everything if number % 2 == 0 else reversed(everything):
            print(f"round {number + 1} of {rounds}: {case.name}", file=sys.stderr, flush=True)
            case.measure(figures, seconds)
    print(
        f"\nFan-out: 59-byte message to {CONNECTIONS} connections × {STREAMS} streams, server on"
        f" core {SERVER_CORE}, load on core {LOAD_CORE}, {rounds} rounds")
    show(figures)
    judgement = judge(figures)
    judgement.show()
    machine_line("fanout", figures, judgement, tools.facts)
