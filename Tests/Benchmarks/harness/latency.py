"""How long a hold takes while the server has a fifth of the work that it can do, against the bare
commit of the same transaction by one client of the database that does nothing else."""

import os
import sys

import selling
from calls import Holds, round_the_shows
from process import Failed, run as run_program
from report import Figures, Judgement, machine_line, table

LOAD_SHARE = 0.2
CONNECTIONS = 8
LEAD_IN_SECONDS = 2


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


class Bare:
    """`write_sales` for one booking after the other, prepared, over one libpq connection."""

    name = "bare commit by pgbench"

    def __init__(self, database):
        self.database = database

    def measure(self, seconds):
        database = self.database
        database.fresh("usher")
        prefix = os.path.join(database.tools.folder, "bare")
        run_program(
            ["pgbench", "-n", "-M", "prepared", "-c", "1", "-T",
             str(LEAD_IN_SECONDS + max(1, round(seconds))), "-l", f"--log-prefix={prefix}",
             "-D", "n=0", "-D", f"shows={selling.SHOWS}", "-f",
             database.tools.source("selling/bare_commit.sql"), database.connection("usher")],
            seconds=seconds + 60)
        count, latencies = self._read_log(prefix)
        database.check_sales("usher", count)
        return {
            "p50_ms": percentile(latencies, 0.5), "p99_ms": percentile(latencies, 0.99),
            "lag_p99_ms": 0.0, "rate": len(latencies) / max(1, round(seconds)),
        }

    @staticmethod
    def _read_log(prefix):
        """How many there were in all, and the milliseconds of those after the lead-in."""
        folder, name = os.path.split(prefix)
        (file,) = [file for file in os.listdir(folder) if file.startswith(f"{name}.")]
        path = os.path.join(folder, file)
        with open(path) as lines:
            rows = [tuple(map(int, line.split()[:6])) for line in lines]
        os.unlink(path)
        ends = [second + micro / 1e6 for _, _, _, _, second, micro in rows]
        counts_from = ends[0] + LEAD_IN_SECONDS
        return len(rows), [row[2] / 1e3 for row, end in zip(rows, ends) if end >= counts_from]


class Usher:
    """Ours: holds that come at random moments, whatever became of those before them."""

    name = "hold by usherd over RPC"

    def __init__(self, database, rate):
        self.database, self.rate = database, rate
        shows = range(1, selling.SHOWS + 1)
        self.holds = Holds(database.tools, "latency", shows, round_the_shows(shows, selling.SEATS))

    def measure(self, seconds):
        self.database.fresh("usher")
        with self.database.serve("usher") as server:
            with self.holds.load(server, CONNECTIONS * 64) as load:
                before = self._hold(load, selling.LEAD_IN_PAIR, LEAD_IN_SECONDS)
                held = self._hold(load, 0, seconds)
        self.database.check_sales("usher", before["answered"] + held["answered"])
        return {
            "p50_ms": held["p50_ms"], "p99_ms": held["p99_ms"], "worst_ms": held["worst_ms"],
            "lag_p99_ms": held["lag_p99_ms"], "rate": held["answered"] / held["seconds"],
        }

    def _hold(self, load, first, seconds):
        held = self.holds.sell(
            load, first, selling.LEAD_IN_PAIR, at_a_time=CONNECTIONS, seconds=seconds,
            rate=self.rate)
        if held["left"] == 0:
            raise Failed("ran out of seats: raise SEATS")
        if held["answered"] < 0.8 * self.rate * seconds:
            raise Failed(f"{held['answered']} holds in {seconds} s instead of {self.rate:.0f} a second")
        return held


def run(database, rounds, seconds, full_rate=None):
    """`full_rate` is what selling was measured at; measured here when it was not."""
    if full_rate is None:
        seller = selling.Usher(database)
        full_rate = seller.sell(selling.best(seller, (256, 512), seconds), seconds)["rate"]
    bare, usher = Bare(database), Usher(database, full_rate * LOAD_SHARE)
    figures = Figures()
    for number in range(rounds):
        for case in (bare, usher) if number % 2 == 0 else (usher, bare):
            found = case.measure(seconds)
            print(
                f"round {number + 1} of {rounds}: {case.name} {found['p50_ms']:.2f} ms",
                file=sys.stderr, flush=True)
            figures.add(case.name, **found)
    print(
        f"\nHolds of 2 seats at {full_rate * LOAD_SHARE:,.0f}/s, {LOAD_SHARE:.0%} of what was"
        f" sold, at random moments, fsync on, {rounds} rounds")
    table(
        ["latency, medians", "p50 ms", "", "p99 ms", "", "begun late, p99 ms", "a second"],
        [[case, f"{figures.median(case, 'p50_ms'):.2f}",
          f"±{figures.spread(case, 'p50_ms') * 100:.0f}%",
          f"{figures.median(case, 'p99_ms'):.2f}",
          f"±{figures.spread(case, 'p99_ms') * 100:.0f}%",
          f"{figures.median(case, 'lag_p99_ms'):.2f}",
          f"{figures.median(case, 'rate'):,.0f}"] for case in figures.cases()])
    judgement = Judgement()
    for measure, goal in (("p50_ms", 1.5), ("p99_ms", 4.0)):
        judgement.add(
            f"hold at {LOAD_SHARE:.0%} load, {measure[:3]}: usherd over RPC / bare commit",
            figures.ratio(usher.name, bare.name, measure), at_most=goal)
    judgement.show()
    machine_line("latency", figures, judgement, database.tools.facts)
    return judgement
