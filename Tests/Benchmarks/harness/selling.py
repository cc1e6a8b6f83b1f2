"""Selling against the textbook: bookings held per second, two seats each, spread over many shows.
Ours end to end over RPC with TLS; the peer's transaction sent by pgbench from the same machine to
the same cluster. Each round starts from a fresh copy of the same tables."""

import re
import statistics
import sys

from calls import Holds, round_the_shows
from database import Meter, per_booking
from process import Failed, run as run_program
from report import Figures, Judgement, machine_line, table

SHOWS, SEATS = 1_000, 400
# Shows of a large hall, to be sold one after the other.
HALLS, HALL_SEATS = 16, 2_000
PAIRS = SHOWS * (SEATS // 2)
CLIENT_COUNTS = (4, 8, 16, 32, 64)
IN_FLIGHT_COUNTS = (128, 256, 512, 1_024)
# Plans, caches and the first touch of each index page after the checkpoint come before what counts.
LEAD_IN_SECONDS = 2
LEAD_IN_PAIR = PAIRS // 2


def offer(database):
    """The shows of both sides, as templates."""
    database.offer(
        "usher", "shows.sql", shows=SHOWS, seats=SEATS, halls=HALLS, hall_seats=HALL_SEATS)
    database.offer("textbook", "textbook_schema.sql", shows=SHOWS, seats=SEATS)
    database.offer("textbook_halls", "textbook_schema.sql", shows=HALLS, seats=HALL_SEATS)


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
        check_textbook(self.database, "textbook", before + sold)
        return per_booking(figures, sold, load_cpu=cpu, server_cpu=0.0)

    def _run(self, clients, seconds, base):
        output, cpu = run_program(
            ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(2, clients)),
             "-T", str(max(1, round(seconds))), "-D", "n=0", "-D", f"base={base}", "-D",
             f"clients={clients}", "-D", f"shows={SHOWS}", "-f",
             self.database.tools.source("selling/textbook.sql"),
             self.database.connection("textbook")], seconds=seconds + 60)
        return int(_find(r"transactions actually processed: (\d+)", output)), output, cpu


def check_textbook(database, name, held):
    facts = database.sql(
        name, "select (select count(*) from booking), (select count(*) from seat where state = 2)")
    if facts != f"{held}|{2 * held}":
        raise Failed(f"the textbook says {held} bookings; its tables say {facts}")


class Usher:
    """Ours. `shows` are those of the database that are sold, as many as the textbook's."""

    name = "usherd over RPC"

    def __init__(self, database, name="usher", shows=range(1, SHOWS + 1)):
        self.database, self.template = database, name
        self.holds = Holds(
            database.tools, f"{name}_spread", shows, round_the_shows(shows, SEATS))

    def sell(self, in_flight, seconds):
        self.database.fresh(self.template)
        with self.database.serve(self.template) as server:
            figures, held = self.measure(server, in_flight, seconds)
        self.database.check_sales(self.template, held)
        return figures

    def measure(self, server, in_flight, seconds):
        """Sells on a database that nobody has sold from. Returns the figures and how many bookings
        were held in all."""
        with self.holds.load(server, in_flight) as load:
            before = self._run(load, in_flight, LEAD_IN_SECONDS, LEAD_IN_PAIR)
            meter, cpu = Meter(self.database), server.cpu_seconds()
            sold = self._run(load, in_flight, seconds, 0)
            figures, cpu = meter.read(), server.cpu_seconds() - cpu
        figures.update(
            rate=sold["answered"] / sold["seconds"], mean_ms=sold["p50_ms"], p99_ms=sold["p99_ms"])
        per_booking(
            figures, sold["answered"], load_cpu=sold["cpu_seconds"], server_cpu=cpu)
        return figures, before["answered"] + sold["answered"]

    def _run(self, load, in_flight, seconds, first_pair):
        sold = self.holds.sell(
            load, first_pair, PAIRS - LEAD_IN_PAIR, at_a_time=in_flight, seconds=seconds)
        if sold["left"] == 0:
            raise Failed("ran out of seats: raise SEATS")
        return sold


def _find(pattern, text):
    match = re.search(pattern, text)
    if not match:
        raise Failed(f"no {pattern} in:\n{text[-1500:]}")
    return match[1]


def best(seller, choices, amount):
    """The concurrency at which a seller is fastest; the two that seem to be are tried once more."""
    rates = {}

    def sell(choice):
        rates.setdefault(choice, []).append(seller.sell(choice, amount)["rate"])
        print(f"{seller.name}, {choice} at a time: {rates[choice][-1]:,.0f}/s", file=sys.stderr)

    def rate(choice):
        return statistics.mean(rates[choice])
    for choice in choices:
        sell(choice)
    for choice in sorted(rates, key=rate)[-2:]:
        sell(choice)
    return max(rates, key=rate)


def compete(textbook, usher, choices, rounds, amount):
    """Each side in turn, every other round the other way round."""
    figures = Figures()
    for number in range(rounds):
        for seller in (textbook, usher) if number % 2 == 0 else (usher, textbook):
            sold = seller.sell(choices[seller], amount)
            print(
                f"round {number + 1} of {rounds}: {seller.name} {sold['rate']:,.0f}/s",
                file=sys.stderr, flush=True)
            figures.add(seller.name, **sold)
    return figures


def run(database, rounds, seconds):
    """Returns the judgement, the rate of ours and how many requests at a time gave it."""
    textbook, usher = Textbook(database), Usher(database)
    choices = {
        textbook: best(textbook, CLIENT_COUNTS, seconds),
        usher: best(usher, IN_FLIGHT_COUNTS, seconds),
    }
    figures = compete(textbook, usher, choices, rounds, seconds)
    print(f"\nSelling: holds of 2 seats, {SHOWS:,} shows of {SEATS} seats, fsync on, {rounds} rounds")
    show(figures, choices)
    judgement = judge(figures, "1,000 shows")
    concurrency = {seller.name: choice for seller, choice in choices.items()}
    machine_line(
        "selling", figures, judgement, {**database.tools.facts, "at_a_time": concurrency})
    return judgement, figures.median(Usher.name, "rate"), choices[usher]


def judge(figures, where):
    judgement = Judgement()
    judgement.add(
        f"bookings per second, {where}: usherd over RPC / textbook",
        figures.ratio(Usher.name, Textbook.name, "rate"), at_least=3.0)
    judgement.add(
        f"bookings per second of CPU, {where}: usherd over RPC / textbook",
        figures.ratio(Usher.name, Textbook.name, "per_cpu_second"))
    judgement.show()
    return judgement


def show(figures, choices):
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
