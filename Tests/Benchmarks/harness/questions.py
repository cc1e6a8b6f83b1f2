"""Lists and searches of a nation: the questions, by kind, and the same put to PostgreSQL itself."""

import os
import re

from calls import CallFile
from process import Failed, run as run_program

# As nation.sql is told, or has it.
DAYS, TURNS, SHOWING = 14, 2, 200
AT_A_TIME = 64
CONNECTIONS = 4
# As many as the server has for two loops.
PGBENCH_CLIENTS = 8
# Questions of each kind for a second: more than are asked in it, so that none comes twice.
FIRST_QUESTIONS = 6_000
REPEATED_QUESTIONS = 1_000
CATALOG = "/usher.v1.CatalogService"
# A word of each title in turn, every other one with a slip of the pen.
WORDS = (
    "silent", "goldn", "broken", "distnt", "crimson", "hiddn", "winter", "electrc", "paper", "glas",
    "savage", "gentl", "midnight", "burnng", "frozen", "holow", "velvet", "irn", "wandering", "last",
    "first", "lostt", "secret", "biter", "sweet", "norhern", "southern", "ancint", "modern", "endles",
    "restless", "stoln", "painted", "whisperng", "dancing", "sleping", "rising", "faling", "shining",
    "croked")


class Numbers:
    """Numbers that look random and are the same in every run."""

    def __init__(self, seed=1):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % (1 << 64)
        return (self.state >> 33) % limit


def movie(theatre, day, turn):
    """As nation.sql has it."""
    return 1 + (7 * theatre + 13 * (day // 4) + 31 * turn) % SHOWING


class Kind:
    """One list or search. `request` makes the question from numbers; `values` are what stands for the
    parameters of its SQL, computed by pgbench from numbers of its own; None leaves a filter out."""

    def __init__(self, name, method, file, request, settings, values):
        self.name, self.path, self.file = name, f"{CATALOG}/{method}", file
        self.request, self.settings, self.values = request, settings, values

    def script(self, tools):
        """What pgbench runs: the very statement of the server."""
        source = os.path.join(
            tools.root, "Sources", "BookingStore", "SQL", "queries", f"{self.file}.sql")
        with open(source) as file:
            # pgbench takes a format's minutes for a variable.
            lines = file.read().replace("HH24:MI", "HH24.MI").split("\n")
        sql = "\n".join(
            re.sub(r"--.*", "", line) for line in lines if not self._is_left_out(line))
        for number, value in reversed(list(enumerate(self.values, 1))):
            sql = sql.replace(f"${number}", value or "null")
        if "$" in sql:
            raise Failed(f"{self.file}.sql has other parameters by now")
        name = os.path.join(tools.folder, f"nation_{self.file}.sql")
        with open(name, "w") as file:
            file.write("\n".join(f"\\set {line}" for line in self.settings) + f"\n{sql.strip()};\n")
        return name

    def _is_left_out(self, line):
        mark = re.search(r"-- if ((\$\d+ ?)+)$", line)
        return mark is not None and all(
            self.values[int(number) - 1] is None for number in re.findall(r"\d+", mark[1]))


def kinds(size, dates):
    from usher.v1 import catalog_pb2 as api

    # A page size of its own makes a question another one and its answer no dearer.
    def page(numbers):
        return 50 + numbers.below(50)

    def movies(numbers):
        return api.ListMoviesRequest(
            city_id=1 + numbers.below(size.cities), date=dates[numbers.below(DAYS)],
            page_size=page(numbers))

    def shows(numbers):
        theatre, day, turn = 1 + numbers.below(size.theatres), numbers.below(DAYS), numbers.below(TURNS)
        return api.ListShowsRequest(
            city_id=1 + theatre % size.cities, movie_id=movie(theatre, day, turn), date=dates[day],
            page_size=page(numbers))

    def theatres(numbers):
        theatre, day = 1 + numbers.below(size.theatres), numbers.below(DAYS)
        return api.ListTheatresRequest(
            city_id=1 + theatre % size.cities, movie_id=movie(theatre, day, 0), page_size=page(numbers))

    def nearest(numbers):
        return api.FindTheatresRequest(
            latitude=47.5 + numbers.below(70_000) / 10_000,
            longitude=6 + numbers.below(85_000) / 10_000, page_size=10 + numbers.below(10))

    def search(numbers):
        theatre, day, turn = (
            1 + numbers.below(size.theatres), numbers.below(DAYS), numbers.below(TURNS))
        return api.SearchMoviesRequest(
            text=WORDS[(movie(theatre, day, turn) - 1) % len(WORDS)],
            city_id=1 + theatre % size.cities, page_size=page(numbers))

    theatre = [f"theatre random(1, {size.theatres})", f"day random(0, {DAYS - 1})"]
    city, day = f"(1 + :theatre::bigint % {size.cities})", "(current_date + 1 + :day::integer)"
    # Where no day on earth has begun yet, as the server has it.
    dawn = f"(({day}::timestamp - interval '16 hours') at time zone 'UTC')"
    shown = (
        f"(1 + (7 * :theatre::bigint + 13 * (:day::integer / 4) + 31 * :turn::integer) % {SHOWING})")
    size_and_one = "(50 + :size::bigint)"
    sized, turn = ["size random(1, 50)"], [f"turn random(0, {TURNS - 1})"]
    words = ", ".join(f"'{word}'" for word in WORDS)
    word = f"(array[{words}])[(1 + ({shown} - 1) % {len(WORDS)})::integer]"
    return [
        Kind("movies in a city on a day", "ListMovies", "list_local_movies", movies, theatre + sized,
             [city, None, None, None, day, "''", "0", size_and_one]),
        Kind("shows of a movie in a city on a day", "ListShows", "list_shows", shows,
             theatre + turn + sized,
             [shown, city, None, day, None, None, dawn, "0", size_and_one, None, None]),
        Kind("theatres of a city that show a movie", "ListTheatres", "list_theatres", theatres,
             theatre + ["turn 0"] + sized,
             [city, shown, None, "''", "0", size_and_one]),
        Kind("theatres nearest to a place", "FindTheatres", "find_theatres", nearest,
             ["north random(0, 69999)", "east random(0, 84999)", "size random(11, 20)"],
             ["(47.5 + :north::float8 / 10000)", "(6 + :east::float8 / 10000)", None, None,
              None, None, ":size::bigint"]),
        Kind("movies by words in a city", "SearchMovies", "search_shown_movies", search,
             theatre + turn + sized,
             [f"{word}::text", None, None, city, None, None, None, size_and_one]),
    ]


class Questions:
    """A kind's questions as a file of calls, no two alike."""

    def __init__(self, tools, kind, seconds):
        self.kind = kind
        self.calls = CallFile(tools, f"nation_{kind.file}", kind.path)
        numbers, seen = Numbers(), set()
        count = REPEATED_QUESTIONS + round(FIRST_QUESTIONS * seconds)
        # A kind may have fewer; then all that are found in a while.
        for _ in range(4 * count):
            message = kind.request(numbers).SerializeToString()
            if message not in seen:
                seen.add(message)
                self.calls.add(kind.path, message)
            if len(seen) == count:
                break

    def measure(self, server, seconds):
        """Calls per second for what was never asked before, and for what was."""
        with self.calls.load(server, CONNECTIONS) as load:
            repeated = REPEATED_QUESTIONS
            load.run(0, repeated, at_a_time=AT_A_TIME)
            kept = load.run(
                0, repeated, most=10_000_000, at_a_time=AT_A_TIME, seconds=seconds)
            rest = self.calls.count - repeated
            first = load.run(repeated, rest, at_a_time=AT_A_TIME, seconds=seconds)
        return (
            first["answered"] / first["seconds"], kept["answered"] / kept["seconds"],
            first["p99_ms"], kept["p99_ms"])


def raw_rate(tools, connection, kind, seconds):
    output = run_program(
        ["pgbench", "-n", "-M", "prepared", "-c", str(PGBENCH_CLIENTS), "-j", "1", "-T",
         str(max(1, round(seconds))), "-f", kind.script(tools), connection], seconds=seconds + 60)[0]
    rate = re.search(r"tps = ([\d.]+)", output)
    if not rate:
        raise Failed(f"pgbench: {output[-500:]}")
    return float(rate[1])
