"""Selling against the textbook: bookings held per second, two seats each, spread over many shows.
Ours end to end over RPC with TLS; the peer's transaction sent by pgbench from the same machine to
the same cluster. Each round starts from a fresh copy of the same tables."""

import json
import os
import re
import sys

from process import (
    Cluster, Failed, Server, family_cpu_seconds, machine_busy_seconds, run as run_program)
from report import Figures, Judgement, machine_line, table

SHOWS, SEATS = 1_000, 400
PAIRS = SHOWS * (SEATS // 2)
TOKEN = "usher_pk_benchmark"
CLIENT_COUNTS = (4, 8, 16, 32, 64)
IN_FLIGHT_COUNTS = (128, 256, 512, 1_024)
# A stream limit of 100 per connection, and requests that finish out of step.
STREAMS_PER_CONNECTION = 64
# Plans, caches and the first touch of each index page after the checkpoint come before what counts.
LEAD_IN_SECONDS = 2
LEAD_IN_PAIR = PAIRS // 2


class Database:
    """The private cluster and the two templates in it."""

    def __init__(self, tools, shows=SHOWS, seats=SEATS, textbook=True):
        self.tools, self.shows, self.seats = tools, shows, seats
        self.cluster = Cluster(
            [tools.product("BenchCluster"), os.path.join(tools.folder, "cluster")],
            log=os.path.join(tools.folder, "servers.log"))
        self.pid = int(self.cluster.words[1])
        self.base = self.cluster.words[2].strip().replace("dbname='postgres'", "")
        self._make_template("usher", "shows.sql")
        if textbook:
            self._make_template("textbook", "textbook_schema.sql")

    def connection(self, name):
        return f"{self.base} dbname={name}"

    def sql(self, name, text):
        return self._psql(name, "-Atc", text).strip()

    def fresh(self, name):
        """A new copy of a template, and nothing left to write from before."""
        self.sql("postgres", f"drop database if exists {name} with (force)")
        self.sql("postgres", f"create database {name} template {name}_template strategy file_copy")
        self.sql("postgres", "checkpoint")

    def _psql(self, name, *arguments):
        return run_program(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.connection(name), *arguments],
            seconds=300)[0]

    def _make_template(self, name, file):
        tools = self.tools
        self.sql("postgres", f"create database {name}_template")
        if name == "usher":
            run_program(
                [tools.product("usherd"), "migrate", "--database",
                 self.connection("usher_template")], seconds=120)
        self._psql(
            f"{name}_template", "-v", f"shows={self.shows}", "-v", f"seats={self.seats}", "-v",
            f"token={TOKEN}", "-f", tools.source(f"selling/{file}"))


class Textbook:
    """The peer."""

    name = "textbook by pgbench"

    def __init__(self, database):
        self.database = database

    def sell(self, clients, seconds):
        self.database.fresh("textbook")
        before, _, _ = self._run(clients, LEAD_IN_SECONDS, LEAD_IN_PAIR)
        meter = Meter(self.database)
        sold, output, cpu = self._run(clients, seconds, 0)
        figures = meter.read()
        figures["rate"] = float(_find(r"tps = ([\d.]+)", output))
        figures["mean_ms"] = float(_find(r"latency average = ([\d.]+)", output))
        # Clients count for themselves; one that is ahead of the others must not meet the lead-in.
        if sold > LEAD_IN_PAIR * 0.8 or before > (PAIRS - LEAD_IN_PAIR) * 0.8:
            raise Failed("the textbook ran out of seats: raise SEATS")
        held = before + sold
        facts = self.database.sql(
            "textbook",
            "select (select count(*) from booking), (select count(*) from seat where state = 2)")
        if facts != f"{held}|{2 * held}":
            raise Failed(f"the textbook says {held} bookings; its tables say {facts}")
        return per_booking(figures, sold, load_cpu=cpu, server_cpu=0.0)

    def _run(self, clients, seconds, base):
        output, cpu = run_program(
            ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(2, clients)),
             "-T", str(max(1, round(seconds))), "-D", "n=0", "-D", f"base={base}", "-D",
             f"clients={clients}", "-D", f"shows={SHOWS}", "-f",
             self.database.tools.source("selling/textbook.sql"),
             self.database.connection("textbook")], seconds=seconds + 60)
        return int(_find(r"transactions actually processed: (\d+)", output)), output, cpu


class Usher:
    """Ours."""

    name = "usherd over RPC"

    def __init__(self, database):
        self.database = database

    def sell(self, in_flight, seconds):
        tools, database = self.database.tools, self.database
        database.fresh("usher")
        command = [
            tools.product("usherd"), "serve", "--database", database.connection("usher"),
            "--listen", "127.0.0.1:0", "--certificate", tools.certificate[0], "--key",
            tools.certificate[1], "--log-level", "warning", "--drain-seconds", "5",
        ]
        log = os.path.join(tools.folder, "servers.log")
        with Server(command, log=log) as server:
            before, _, _ = self._run(server, in_flight, LEAD_IN_SECONDS, LEAD_IN_PAIR)
            sold, figures, server_cpu = self._run(server, in_flight, seconds, 0)
        held = before["held"] + sold["held"]
        facts = database.sql(
            "usher",
            "select (select count(*) from booking where state = 1),"
            " (select count(*) from show_seat where state = 2),"
            " (select count(*) from verify_sales())")
        if facts != f"{held}|{2 * held}|0":
            raise Failed(f"{held} holds acknowledged; the database says {facts}")
        figures.update(
            rate=sold["held"] / sold["seconds"], mean_ms=sold["p50_ms"], p99_ms=sold["p99_ms"])
        return per_booking(
            figures, sold["held"], load_cpu=sold["cpu_seconds"], server_cpu=server_cpu)

    def _run(self, server, in_flight, seconds, first_pair):
        tools = self.database.tools
        command = [
            tools.product("SeatLoad"), f"target=127.0.0.1:{server.port}",
            f"ca={tools.certificate[0]}", f"token={TOKEN}", f"shows={SHOWS}", f"seats={SEATS}",
            f"first_pair={first_pair}", f"in_flight={in_flight}", f"seconds={seconds}",
            f"connections={max(1, in_flight // STREAMS_PER_CONNECTION)}",
        ]
        with Server(command, log=os.path.join(tools.folder, "servers.log")) as loader:
            meter, cpu = Meter(self.database), server.cpu_seconds()
            report = json.loads(loader.ask("sell", seconds + 60))
            figures = meter.read()
            cpu = server.cpu_seconds() - cpu
        if report["errors"]:
            raise Failed(f"not every hold succeeded: {report}")
        if first_pair < LEAD_IN_PAIR <= report["next_pair"] or report["next_pair"] >= PAIRS:
            raise Failed("ran out of seats: raise SEATS")
        return report, figures, cpu


class Meter:
    """PostgreSQL's CPU and log, and the whole machine's CPU, between two moments."""

    def __init__(self, database):
        self.database = database
        self.before = self._now()

    def read(self):
        postgres, busy, wal = (after - before for after, before in zip(self._now(), self.before))
        return {"postgres_cpu": postgres, "busy": busy, "wal": wal}

    def _now(self):
        wal = self.database.sql("postgres", "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return family_cpu_seconds(self.database.pid), machine_busy_seconds(), int(wal)


def per_booking(figures, held, *, load_cpu, server_cpu):
    ours = figures["postgres_cpu"] + load_cpu + server_cpu
    figures["foreign_share"] = max(0.0, figures.pop("busy") - ours) / max(ours, 0.01)
    figures["postgres_us"] = figures.pop("postgres_cpu") / held * 1e6
    figures["wal_bytes"] = figures.pop("wal") / held
    figures["server_us"] = server_cpu / held * 1e6
    figures["load_us"] = load_cpu / held * 1e6
    return figures


def _find(pattern, text):
    match = re.search(pattern, text)
    if not match:
        raise Failed(f"no {pattern} in:\n{text[-1500:]}")
    return match[1]


def best(seller, choices, seconds):
    """Each seller at the concurrency it is fastest at."""
    rates = {}
    for choice in choices:
        rates[choice] = seller.sell(choice, seconds)["rate"]
        print(f"{seller.name}, {choice} at a time: {rates[choice]:,.0f}/s", file=sys.stderr)
    return max(rates, key=rates.get)


def run(tools, rounds, seconds):
    database = Database(tools)
    try:
        textbook, usher = Textbook(database), Usher(database)
        choices = {
            textbook: best(textbook, CLIENT_COUNTS, seconds),
            usher: best(usher, IN_FLIGHT_COUNTS, seconds),
        }
        figures = Figures()
        for number in range(rounds):
            order = (textbook, usher) if number % 2 == 0 else (usher, textbook)
            for seller in order:
                sold = seller.sell(choices[seller], seconds)
                print(
                    f"round {number + 1} of {rounds}: {seller.name} {sold['rate']:,.0f}/s",
                    file=sys.stderr, flush=True)
                figures.add(seller.name, **sold)
    finally:
        database.cluster.stop()
    show(figures, choices, rounds)
    judgement = Judgement()
    judgement.add(
        "bookings per second: usherd over RPC / textbook",
        figures.ratio(Usher.name, Textbook.name, "rate"), at_least=3.0)
    judgement.show()
    concurrency = {seller.name: choice for seller, choice in choices.items()}
    machine_line("selling", figures, judgement, {**tools.facts, "at_a_time": concurrency})


def show(figures, choices, rounds):
    print(f"\nSelling: holds of 2 seats, {SHOWS:,} shows of {SEATS} seats, fsync on, {rounds} rounds")
    rows = []
    for seller, choice in choices.items():
        def middle(measure):
            return figures.median(seller.name, measure)
        rows.append([
            seller.name, choice, f"{middle('rate'):,.0f}",
            f"±{figures.spread(seller.name, 'rate') * 100:.0f}%", f"{middle('mean_ms'):.1f}",
            f"{middle('postgres_us'):.0f}", f"{middle('server_us'):.0f}",
            f"{middle('load_us'):.0f}", f"{middle('wal_bytes'):,.0f}",
            f"{middle('foreign_share') * 100:.0f}%",
        ])
    table(
        ["selling, medians", "at a time", "held/s", "", "typical ms", "PostgreSQL µs", "usherd µs",
         "load µs", "log bytes", "others' CPU to ours"], rows)
