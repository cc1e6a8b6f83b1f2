"""The private cluster of a run: databases made once and copied for each measurement, `usherd`
serving one of them, what a measurement cost PostgreSQL, and whether its tables tell of every sale."""

import os
import time

from process import Cluster, Failed, Server, family_cpu_seconds, machine_busy_seconds
from process import run as run_program

TOKEN = "usher_pk_benchmark"
USHERS = ("shows.sql", "../nation/nation.sql")
# Twenty million seats and their index, from nothing.
SEED_SECONDS = 1_800
FEED_SECONDS = 30
FEED = (
    "select count(*) from pg_replication_slots"
    " where database = '{name}' and active and confirmed_flush_lsn is not null")


class Database:
    """The cluster. Templates are made by `offer`, each measurement begins with a `fresh` copy."""

    def __init__(self, tools):
        self.tools = tools
        self.cluster = Cluster(
            [tools.product("BenchCluster"), os.path.join(tools.folder, "cluster")],
            log=os.path.join(tools.folder, "servers.log"))
        self.pid = int(self.cluster.words[1])
        self.base = self.cluster.words[2].strip().replace("dbname='postgres'", "")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if self.sql("postgres", f"show {setting}") != "on":
                raise Failed(f"{setting} is off")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cluster.stop()

    def connection(self, name):
        return f"{self.base} dbname={name}"

    def sql(self, name, text, seconds=300):
        return self._psql(name, seconds, "-Atc", text).strip()

    def offer(self, name, file, **variables):
        """Makes a template from a file of `selling/`; those of `USHERS` on usher's schema."""
        template = f"{name}_template"
        self.sql("postgres", f"create database {template}")
        if file in USHERS:
            run_program(
                [self.tools.product("usherd"), "migrate", "--database", self.connection(template)],
                seconds=120)
        variables = {"token": TOKEN, **variables}
        settings = [word for pair in variables.items() for word in ("-v", "=".join(map(str, pair)))]
        self._psql(
            template, SEED_SECONDS, *settings, "-f", self.tools.source(f"selling/{file}"))
        self.sql("postgres", "checkpoint", SEED_SECONDS)

    def fresh(self, name):
        """A new copy of a template, and nothing left to write from before."""
        self.drop(name)
        self.sql(
            "postgres", f"create database {name} template {name}_template strategy file_copy",
            SEED_SECONDS)
        self.sql("postgres", "checkpoint", SEED_SECONDS)

    def drop(self, name):
        self.sql("postgres", f"drop database if exists {name} with (force)")

    def withdraw(self, name):
        """Gives the disk back."""
        self.drop(name)
        self.drop(f"{name}_template")

    def _psql(self, name, seconds, *arguments):
        return run_program(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.connection(name), *arguments],
            seconds=seconds)[0]

    def serve(self, name, *flags, core=None, loops=None, waits=True):
        """`usherd serve` on a database, which follows its changes already, unless it is not waited for;
        one loop where it has one core. What a server learnt before its feed began it must learn
        again."""
        tools = self.tools
        if core is not None or loops:
            flags = ("--loops", str(loops or 1), *flags)
        server = Server(
            [tools.product("usherd"), "serve", "--database", self.connection(name),
             "--listen", "127.0.0.1:0", "--certificate", tools.certificate[0], "--key",
             tools.certificate[1], "--log-level", "warning", "--drain-seconds", "5",
             "--selling-per-second", "0", "--anonymous-per-second", "0",
             "--passwords-per-second", "0", *flags],
            core=core, log=os.path.join(tools.folder, "servers.log"))
        deadline = time.monotonic() + FEED_SECONDS
        while waits and self.sql("postgres", FEED.format(name=name)) != "1":
            if time.monotonic() > deadline:
                server.stop()
                raise Failed(f"the feed of {name} did not begin")
            time.sleep(0.02)
        return server

    def check_sales(self, name, held, confirmed=0):
        """Fails unless exactly these bookings, of two seats each, are there and everything fits."""
        facts = self.sql(
            name,
            "select (select count(*) from booking where state = 1),"
            " (select count(*) from booking where state = 2),"
            " (select count(*) from show_seat where state = 2),"
            " (select count(*) from show_seat where state = 3),"
            " (select count(*) from verify_sales()) + (select count(*) from verify_waits())"
            " + (select count(*) from verify_sales_stream())",
            SEED_SECONDS)
        if facts != f"{held}|{confirmed}|{2 * held}|{2 * confirmed}|0":
            raise Failed(
                f"{held} holds and {confirmed} sales acknowledged; the database says {facts}")


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
    """What a Meter read, for each booking."""
    ours = figures["postgres_cpu"] + load_cpu + server_cpu
    figures["foreign_share"] = max(0.0, figures.pop("busy") - ours) / max(ours, 0.01)
    figures["postgres_us"] = figures.pop("postgres_cpu") / held * 1e6
    figures["wal_bytes"] = figures.pop("wal") / held
    figures["server_us"] = server_cpu / held * 1e6
    figures["load_us"] = load_cpu / held * 1e6
    figures["per_cpu_second"] = held / ours
    return figures
