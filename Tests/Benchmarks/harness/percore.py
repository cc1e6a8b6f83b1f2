"""Calls from memory: how many a second of CPU, on a server that has one core, by a load that has the
other. What PostgreSQL does meanwhile is the server's doing and counts like its own time."""

import time

from process import family_cpu_seconds, machine_busy_seconds

WARM_UP_COUNT = 3_000
MOST_CALLS = 1_500_000


def measure(server, database, run, seconds):
    """Figures of calls that are made for some seconds. `run(count)` makes so many and returns their
    rate and the load's CPU seconds; `database` is None for a server that has none."""
    def spent():
        postgres = family_cpu_seconds(database.pid) if database else 0.0
        return server.cpu_seconds(), postgres, machine_busy_seconds(), time.monotonic()

    rate, _ = run(WARM_UP_COUNT)
    count = min(MOST_CALLS, max(2_000, int(rate * seconds)))
    before = spent()
    rate, load = run(count)
    own, postgres, busy, wall = (after - start for after, start in zip(spent(), before))
    cpu = own + postgres
    return {
        "rate": rate, "cpu_us": cpu / count * 1e6, "postgres_us": postgres / count * 1e6,
        "per_core": count / cpu, "server_busy": own / wall, "load_busy": load / wall,
        "foreign_busy": max(0.0, busy - cpu - load) / wall,
    }


HEADINGS = [
    "CPU µs", "", "of it PostgreSQL", "per core and s", "calls/s", "server busy", "load busy",
    "others busy"]


def row(figures, case):
    """A row of a table with these headings."""
    return [
        case, f"{figures.median(case, 'cpu_us'):.2f}",
        f"±{figures.spread(case, 'cpu_us') * 100:.0f}%",
        f"{figures.median(case, 'postgres_us'):.2f}",
        f"{figures.median(case, 'per_core'):,.0f}", f"{figures.median(case, 'rate'):,.0f}",
        *(f"{figures.median(case, part) * 100:.0f}%"
          for part in ("server_busy", "load_busy", "foreign_busy"))]


def judge(judgement, figures, case, other, what, goal):
    """By the rate that was reached, and by the CPU that it took."""
    judgement.add(
        f"{what} per second", figures.ratio(case, other, "rate"), at_least=goal)
    judgement.add(
        f"{what} per second of CPU", figures.ratio(case, other, "per_core"), at_least=goal)
