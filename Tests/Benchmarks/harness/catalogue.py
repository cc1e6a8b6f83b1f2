"""Lists and searches of the catalogue, from memory and from the database, against the same statements
sent by pgbench. Everything shares the machine: the server's loops, the load and PostgreSQL."""

import os
import re
import sys

import grpc

from calls import make_stubs
from feed import varint
from h2load import load
from process import Failed, Server
from process import run as run_program
from report import Figures, Judgement, machine_line, table
from runtime import Call

CITIES, DAYS = 300, 14
# As many as the server's pool has connections on one loop.
CLIENTS = 4
PROBE = 400
THE_EPOCH = "1970-01-01"


class Question:
    """A method with its request, and the statement behind it with its parameters."""

    def __init__(self, name, request, statement, *parameters):
        self.name, self.request, self.statement = name, request, statement
        self.parameters = parameters
        self.call = None

    def sql(self, tools):
        path = os.path.join(
            tools.root, "Sources/BookingStore/SQL/queries", f"{self.statement}.sql")
        with open(path) as file:
            text = "".join(line for line in file if not line.startswith("--"))

        def value(match):
            given = self.parameters[int(match[1]) - 1]
            return {None: "null", "": "''"}.get(given, f":p{match[1]}")

        # pgbench has no variables that are null or empty, and takes a format's minutes for one.
        text = text.replace("HH24:MI", "HH24.MI")
        return " ".join(re.sub(r"\$(\d+)", value, text).split()) + ";\n"

    def variables(self):
        return [word for number, value in enumerate(self.parameters, 1) if value not in (None, "")
                for word in ("-D", f"p{number}={value}")]


QUESTIONS = (
    Question("ListMovies", b"\x08" + varint(7), "list_movies",
             7, 0, "", "", None, "", 0, 51),
    Question("ListShows", b"\x18" + varint(77), "list_shows",
             0, 0, 77, None, "", "", THE_EPOCH, 0, 51),
    Question("SearchMovies", b"\x0a\x0bglass orchd", "search_movies",
             "glass orchd", "", "", 0, None, None, 0, 51),
)


def serve(database):
    return database.serve(
        "catalogue_template", "--anonymous-reads", "true", "--connections-per-peer", "500", loops=1)


def serve_without_feed(database):
    """A server that cannot follow the changes, and so keeps nothing: there is no slot left for it."""
    tools = database.tools
    database.sql(
        "catalogue_template",
        "select pg_create_physical_replication_slot('taken_' || n) from generate_series(1,"
        " current_setting('max_replication_slots')::int"
        " - (select count(*) from pg_replication_slots)::int) n")
    return Server(
        [tools.product("usherd"), "serve", "--database", database.connection("catalogue_template"),
         "--listen", "127.0.0.1:0", "--certificate", tools.certificate[0], "--key",
         tools.certificate[1], "--log-level", "error", "--drain-seconds", "5", "--anonymous-reads",
         "true", "--connections-per-peer", "500", "--loops", "1"],
        log=os.path.join(tools.folder, "servers.log"))


def free_slots(database):
    database.sql(
        "catalogue_template",
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots"
        " where slot_name like 'taken_%'")


def prepare(database):
    """Asks each question once, to know how long its answer is."""
    make_stubs(database.tools)
    with serve(database) as server:
        with open(database.tools.certificate[0], "rb") as file:
            credentials = grpc.ssl_channel_credentials(file.read())
        with grpc.secure_channel(f"localhost:{server.port}", credentials) as channel:
            for question in QUESTIONS:
                path = f"/usher.v1.CatalogService/{question.name}"
                answer = channel.unary_unary(path)(question.request, timeout=30)
                if len(answer) < 100:
                    raise Failed(f"{question.name} has no answer")
                question.call = Call(
                    database.tools.folder, question.name, path, question.request, len(answer) + 5)


def ask(server, question, seconds, at_a_time):
    """Calls a second."""
    def run(count):
        made, _ = load(
            server.port, question.call.path, question.call.file, question.call.answer_bytes, count,
            tls=True, connections=CLIENTS, streams=at_a_time, core=None)
        return made.rate
    rate = run(PROBE)
    return run(max(PROBE, int(min(rate, 100_000) * seconds)))


def pgbench(database, question, seconds):
    """Statements a second."""
    tools = database.tools
    script = os.path.join(tools.folder, f"{question.name}.sql")
    with open(script, "w") as file:
        file.write(question.sql(tools))
    output, _ = run_program(
        ["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T",
         str(max(1, round(seconds))), *question.variables(), "-f", script,
         database.connection("catalogue_template")],
        seconds=120)
    return float(re.search(r"tps = ([\d.]+)", output)[1])


def run(database, rounds, seconds):
    database.offer("catalogue", "catalogue.sql", cities=CITIES, days=DAYS)
    prepare(database)
    figures = Figures()
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}: catalogue", file=sys.stderr, flush=True)
        with serve(database) as server:
            for question in QUESTIONS:
                figures.add(f"{question.name} from memory", rate=ask(server, question, seconds, 32))
        try:
            with serve_without_feed(database) as server:
                for question in QUESTIONS:
                    figures.add(
                        f"{question.name} from the database",
                        rate=ask(server, question, seconds, 4))
        finally:
            free_slots(database)
        for question in QUESTIONS:
            figures.add(f"{question.name} by pgbench", rate=pgbench(database, question, seconds))
    return tell(database, figures, rounds)


def tell(database, figures, rounds):
    print(f"\nThe catalogue of {CITIES} cities, {10 * CITIES} theatres and {40 * CITIES * DAYS:,}"
          f" shows, answers of {', '.join(str(q.call.answer_bytes) for q in QUESTIONS)} bytes,"
          f" {rounds} rounds; calls or statements a second")
    table(["", "rate"], [
        [case, f"{figures.median(case, 'rate'):,.0f}"] for case in figures.cases()])
    judgement = Judgement()
    for question in QUESTIONS:
        peer = f"{question.name} by pgbench"
        for source, goal in (("memory", 10), ("the database", 0.8)):
            case = f"{question.name} from {source}"
            judgement.add(
                f"{case} / pgbench", figures.ratio(case, peer, "rate"), at_least=goal)
    judgement.show()
    machine_line("catalogue", figures, judgement, database.tools.facts)
    return judgement
