"""The rush: every figure that selling before many eyes must reach, in one table."""

import subprocess
import sys

import grpc

import feed
import latency
import one_show
import refusals
import selling
import sizes
from database import Database
from process import Failed
from report import table

PARTS = ("selling", "one-show", "refusals", "feed", "latency", "sizes")


class Rush:
    """The parts, each by its name. Later ones use the rate that selling reached, and how many
    requests at a time gave it."""

    def __init__(self, database, rounds, seconds, seats):
        self.database, self.rounds, self.seconds, self.seats = database, rounds, seconds, seats
        self.rate, self.in_flight = None, 512

    def measure(self, part):
        given = self.database, self.rounds, self.seconds
        if part == "selling":
            judgement, self.rate, self.in_flight = selling.run(*given)
            return judgement
        if part == "latency":
            return latency.run(*given, self.rate)
        if part == "sizes":
            return sizes.run(*given, self.seats, self.in_flight)
        return {"one-show": one_show, "refusals": refusals, "feed": feed}[part].run(*given)


def run(tools, parts, rounds, seconds, seats):
    """Measures these parts one after the other, on one cluster; each compares within itself, in
    interleaved rounds. One that fails has no figures, and the others go on. Returns whether all of
    them have."""
    rows, has_failed = [], False
    with Database(tools) as database:
        selling.offer(database)
        rush = Rush(database, rounds, seconds, seats)
        for part in (part for part in PARTS if part in parts):
            try:
                rows += rush.measure(part).rows
            except (Failed, subprocess.TimeoutExpired, grpc.RpcError) as error:
                print(f"{part} failed: {error}", file=sys.stderr, flush=True)
                rows.append([part, "", "", "", "FAILED"])
                has_failed = True
    if len(parts) > 1:
        print(f"\nThe rush, medians of {rounds} interleaved rounds, load of others at the start"
              f" {tools.facts['load_at_start']}")
        table(["what", "median", "range", "goal", ""], rows)
    return not has_failed
