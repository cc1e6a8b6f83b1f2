"""The same rates with more show-seats in the tables: as many shows sold, refused and read as on the
small database, spread over all there are. Each measurement is on a copy of its own, as elsewhere."""

import sys

import feed
import one_show
import refusals
import selling
from process import Failed
from report import Figures, Judgement, machine_line, table
from runtime import SERVER_CORE

# What is compared, and what others' work on the machine disturbs least.
RATES = (
    ("held", "held/s, 1,000 shows"), ("one_show", "held/s, one show"),
    ("refused", "refusals per core and s"), ("maps", "map reads per core and s"))


def spread(shows):
    """As many shows as the small database has, as far apart as there are shows; an odd distance
    meets every lane."""
    step = max(1, shows // selling.SHOWS)
    if step % 2 == 0:
        step -= 1
    return range(1, 1 + step * selling.SHOWS, step)


class Size:
    """A database of so many show-seats, and what is asked of it."""

    def __init__(self, database, seats, in_flight):
        self.database, self.in_flight = database, in_flight
        self.name, self.template = f"{seats:,} seats", f"usher_{seats}"
        shows = seats // selling.SEATS
        # One more, which is only read; then come the large ones.
        self.shows = shows + 1
        database.offer(
            self.template, "shows.sql", shows=self.shows, seats=selling.SEATS,
            halls=selling.HALLS, hall_seats=selling.HALL_SEATS)
        self._check_size()
        self.seller = selling.Usher(database, self.template, spread(shows))
        self.hall = one_show.Usher(database, self.template, self.shows + 1)
        self.refusals = refusals.Refusals(database, self.template, self.shows + selling.HALLS)
        self.maps = feed.map_reads(database, self.template, self.shows)

    def _check_size(self):
        """In the table, and again in its index."""
        wanted = self.shows * selling.SEATS + selling.HALLS * selling.HALL_SEATS
        for method in ("seqscan", "indexonlyscan"):
            settings = "".join(
                f"set enable_{other} = off;" for other in
                {"seqscan", "indexonlyscan", "indexscan", "bitmapscan"} - {method})
            count = self.database.sql(
                f"{self.template}_template", f"{settings} select count(*) from show_seat", 600)
            if count != str(wanted):
                raise Failed(f"{count} of {wanted} seats by {method}")
        self.bytes = int(self.database.sql(
            f"{self.template}_template", "select pg_total_relation_size('show_seat')"))

    def measure(self, figures, seconds):
        """What changes nothing comes first: PostgreSQL tidies up after sales."""
        database = self.database
        database.fresh(self.template)
        with database.serve(
            self.template, "--anonymous-reads", "true", core=SERVER_CORE) as server:
            refused = self.refusals.measure_on(server, seconds)
            read = self.maps.measure_on(server, seconds)
        database.check_sales(self.template, 0, confirmed=refusals.PAIRS)
        with database.serve(self.template) as server:
            held, first = self.seller.measure(server, self.in_flight, seconds)
            sold, second = self.hall.measure(
                server, self.in_flight, one_show.count_of_shows(seconds))
        database.check_sales(self.template, first + second, confirmed=refusals.PAIRS)
        figures.add(
            self.name, held=held["rate"], one_show=sold["rate"], refused=refused["per_core"],
            maps=read["per_core"], server_us=held["server_us"], postgres_us=held["postgres_us"],
            wal_bytes=held["wal_bytes"], foreign_share=held["foreign_share"])


def run(database, rounds, seconds, sizes, in_flight):
    small = selling.SHOWS * selling.SEATS
    cases = []
    try:
        for seats in (small, *sizes):
            print(f"filling tables with {seats:,} seats", file=sys.stderr, flush=True)
            cases.append(Size(database, seats, in_flight))
        figures = Figures()
        for number in range(rounds):
            for case in cases if number % 2 == 0 else reversed(cases):
                print(f"round {number + 1} of {rounds}: {case.name}", file=sys.stderr, flush=True)
                case.measure(figures, seconds)
    finally:
        for seats in (small, *sizes):
            database.withdraw(f"usher_{seats}")
    print(f"\nThe same rates with more show-seats in the tables, {rounds} rounds")
    show(figures, cases)
    judgement = Judgement()
    for case in cases[1:]:
        for measure, what in RATES:
            judgement.add(
                f"{what}: {case.name} / {cases[0].name}",
                figures.ratio(case.name, cases[0].name, measure), at_least=0.9)
    judgement.show()
    machine_line("sizes", figures, judgement, database.tools.facts)
    return judgement


def show(figures, cases):
    table(
        ["sizes, medians", "GB of seats", *(what for _, what in RATES), "usherd µs",
         "PostgreSQL µs", "log bytes", "others' CPU to ours"],
        [[case.name, f"{case.bytes / 1e9:.2f}",
          *(f"{figures.median(case.name, measure):,.0f}" for measure, _ in RATES),
          f"{figures.median(case.name, 'server_us'):.0f}",
          f"{figures.median(case.name, 'postgres_us'):.0f}",
          f"{figures.median(case.name, 'wal_bytes'):,.0f}",
          f"{figures.median(case.name, 'foreign_share') * 100:.0f}%"] for case in cases])
