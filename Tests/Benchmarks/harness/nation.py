"""A national platform: its lists and searches, asked for the first time and again, against the raw SQL of
the same query by pgbench; people who walk from a city to a seat map; imports; and how soon a node that was
just started answers."""

import sys
import time
from dataclasses import dataclass

import grpc

import imports
from calls import CallFile, make_stubs
from database import Meter
from process import Failed
from questions import AT_A_TIME, CATALOG, CONNECTIONS, DAYS, TURNS, Questions, kinds, raw_rate
from report import Figures, Judgement, machine_line, table

MOVIES, SEATS = 2_000, 120
WALKS_PER_SECOND = 500
WALK = 4
NAME = "nation"
DATABASE = f"{NAME}_template"
MAP = "/usher.v1.SeatMapService/GetSeatMap"
WALKED = (
    ("… p50 ms", "p50"), ("… p99 ms on a node just started", "first_p99"), ("… p50 ms on it", "first_p50"),
    ("… CPU µs a walk: PostgreSQL", "postgres_us"), ("… usherd", "usherd_us"),
    ("… the client", "load_us"),
)
IMPORT = (
    ("… CPU µs a show: PostgreSQL", "postgres_us"), ("… usherd", "usherd_us"),
    ("… the client", "load_us"), ("… log of PostgreSQL, KiB a show", "wal_kib"),
    ("… the same again, a second", "again"),
    ("… memory of usherd meanwhile, MiB more", "mib"),
    ("… of an upload cut in its middle, share that was there", "there"),
    ("auditoriums with layouts imported, a second", "rooms"),
)


@dataclass(frozen=True)
class Size:
    """How large a nation is, and what is imported into it."""

    theatres: int = 5_000
    accounts: int = 10_000_000
    imported: int = 100_000

    @property
    def cities(self):
        return self.theatres // 10


class Walks:
    """City, its movies, one's shows, the map of one of them: each question when the last is answered."""

    def __init__(self, database):
        from usher.v1 import catalog_pb2 as api, seat_map_pb2

        paths = [f"{CATALOG}/{name}" for name in ("ListCities", "ListMovies", "ListShows")] + [MAP]
        self.calls = CallFile(database.tools, "nation_walks", *paths)
        rows = database.sql(
            DATABASE,
            "select s.show_id, s.movie_id, t.city_id from show s join theatre t using (theatre_id)"
            " order by hashint8(s.show_id) limit 20000").split("\n")
        for row in rows:
            show_id, movie_id, city_id = map(int, row.split("|"))
            for path, request in zip(paths, (
                    api.ListCitiesRequest(page_size=100), api.ListMoviesRequest(city_id=city_id),
                    api.ListShowsRequest(city_id=city_id, movie_id=movie_id),
                    seat_map_pb2.GetSeatMapRequest(show_id=show_id))):
                self.calls.add(path, request.SerializeToString())

    def measure(self, server, seconds):
        """Walks on a node that was just started, and others on the same one then."""
        half = self.calls.count // WALK // 2 * WALK
        with self.calls.load(server, CONNECTIONS) as load:
            return [
                self._measure(load, first, count, seconds)
                for first, count in ((0, half), (half, self.calls.count - half))]

    def _measure(self, load, first, count, seconds):
        walked = load.run(
            first, count, most=round(WALKS_PER_SECOND * (seconds + 2)), at_a_time=AT_A_TIME,
            seconds=seconds, rate=WALKS_PER_SECOND, chain=WALK)
        if walked["answered"] < 0.9 * WALKS_PER_SECOND * seconds:
            raise Failed(f"{walked['answered']} walks in {seconds} s")
        return walked


def serve(database):
    return database.serve(DATABASE, "--anonymous-reads", "true")


def start_seconds(database):
    """From the start of a node's process to the first answer of a client that asks and asks again."""
    from usher.v1 import catalog_pb2, catalog_pb2_grpc

    with open(database.tools.certificate[0], "rb") as file:
        tls = grpc.ssl_channel_credentials(file.read())
    began = time.monotonic()
    with serve_at_once(database) as server:
        with grpc.secure_channel(f"127.0.0.1:{server.port}", tls) as channel:
            catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
            answer = catalog.ListMovies(
                catalog_pb2.ListMoviesRequest(city_id=7), timeout=30, wait_for_ready=True)
            if not answer.movies:
                raise Failed("nothing is on in city 7")
            return time.monotonic() - began


def serve_at_once(database):
    """As `serve`, without waiting until the node's feed is there."""
    return database.serve(DATABASE, "--anonymous-reads", "true", waits=False)


class Nation:
    """The platform, seeded, and what was measured on it."""

    def __init__(self, database, seconds, size):
        self.database, self.seconds, self.size = database, seconds, size
        self.figures, self.failed = Figures(), []
        began = time.monotonic()
        database.offer(
            NAME, "../nation/nation.sql", cities=size.cities, theatres=size.theatres, movies=MOVIES,
            days=DAYS, turns=TURNS, seats=SEATS, accounts=size.accounts)
        self.seeded = time.monotonic() - began
        self.facts = [int(fact) for fact in database.sql(
            DATABASE,
            "select (select count(*) from show), (select count(*) from show_seat),"
            " pg_database_size(current_database())", 600).split("|")]
        dates = database.sql(
            DATABASE,
            "select distinct to_char(lower(during) at time zone 'Europe/Berlin', 'YYYY-MM-DD')"
            " from show order by 1").split("\n")
        self.questions = [
            Questions(database.tools, kind, seconds) for kind in kinds(size, dates)]
        self.walks = Walks(database)

    def measure_round(self):
        for each in self.questions:
            self._try(each.kind.name, lambda each=each: self._ask(each))
        self._try("start", lambda: {"seconds": start_seconds(self.database)})
        self._try("walks", self._walk)
        self._try("import", self._import)

    def _try(self, case, measure):
        """What fails has no figures; the rest goes on."""
        print(f"… {case}", file=sys.stderr, flush=True)
        try:
            self.figures.add(case, **measure())
        except (Failed, grpc.RpcError) as error:
            print(f"{case} failed: {error}", file=sys.stderr, flush=True)
            self.failed.append(case)

    def _ask(self, questions):
        # On a node that was just started: nothing is in its memory.
        with serve(self.database) as server:
            first, kept, first_p99, kept_p99 = questions.measure(server, self.seconds)
        raw = raw_rate(
            self.database.tools, self.database.connection(DATABASE), questions.kind, self.seconds)
        return {
            "raw": raw, "first": first, "kept": kept, "first_p99": first_p99, "kept_p99": kept_p99}

    def _walk(self):
        with serve(self.database) as server:
            meter, spent = Meter(self.database), server.cpu_seconds()
            first, then = self.walks.measure(server, 5 * self.seconds)
            spent, found = server.cpu_seconds() - spent, meter.read()
        walks = first["answered"] + then["answered"]
        return {
            "first_p50": first["p50_ms"], "first_p99": first["p99_ms"],
            "p50": then["p50_ms"], "p99": then["p99_ms"],
            "postgres_us": found["postgres_cpu"] / walks * 1e6, "usherd_us": spent / walks * 1e6,
            "load_us": (first["cpu_seconds"] + then["cpu_seconds"]) / walks * 1e6}

    def _import(self):
        with self.database.serve(DATABASE, "--reporting-per-second", "0") as server:
            return imports.measure(self.database, DATABASE, server, self.size.imported)

    def report(self, rounds):
        size, (shows, seats, size_bytes) = self.size, self.facts
        print(
            f"\nA nation: {size.cities} cities, {size.theatres:,} theatres, {shows:,} shows in {DAYS}"
            f" days, {seats:,} seats, {size.accounts:,} accounts, {size_bytes / 1e9:.1f} GB, seeded in"
            f" {self.seeded:.0f} s; {rounds} rounds")
        table(
            ["per second, medians", "raw SQL", "asked first", "p99 ms", "asked again", "p99 ms"],
            [[case] + [
                format(self.figures.median(case, measure), shape) for measure, shape in (
                    ("raw", ",.0f"), ("first", ",.0f"), ("first_p99", ".1f"), ("kept", ",.0f"),
                    ("kept_p99", ".1f"))]
             for case in self.figures.cases() if self.figures.has(case, "raw")])
        judgement = self._judge()
        judgement.show()
        machine_line("nation", self.figures, judgement, self.database.tools.facts)

    def _judge(self):
        judgement, figures = Judgement(), self.figures
        asked = [each.kind.name for each in self.questions if each.kind.name in figures.cases()]
        for measure, goal, what in (("first", 0.8, "first"), ("kept", 10, "again")):
            for name in asked:
                judgement.add(
                    f"asked {what} / raw SQL: {name}",
                    figures.ratio_of(name, measure, "raw"), at_least=goal)
        if "walks" in figures.cases():
            judgement.add(
                f"walks at {WALKS_PER_SECOND}/s, p99 ms", figures.range("walks", "p99"), at_most=50)
            for what, measure in WALKED:
                judgement.add(what, figures.range("walks", measure))
        if "import" in figures.cases():
            judgement.add(
                f"{self.size.imported:,} shows of {imports.SEATS} seats imported, a second",
                figures.range("import", "created"), at_least=5_000)
            for what, measure in IMPORT:
                judgement.add(what, figures.range("import", measure))
        if "start" in figures.cases():
            judgement.add("start to first answer, s", figures.range("start", "seconds"), at_most=2)
        for case in dict.fromkeys(self.failed):
            judgement.rows.append([case, "", "", "", "FAILED"])
        return judgement


def run(database, rounds, seconds, size):
    """Measures everything and returns whether all of it has figures."""
    make_stubs(database.tools)
    print(f"seeding a nation with {size.accounts:,} accounts", file=sys.stderr, flush=True)
    nation = Nation(database, seconds, size)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        nation.measure_round()
    nation.report(rounds)
    return not nation.failed
