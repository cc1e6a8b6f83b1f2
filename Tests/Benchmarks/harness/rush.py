"""The rush: every figure that selling before many eyes must reach, in one table."""

import feed
import latency
import one_show
import refusals
import selling
import sizes
from database import Database
from report import table

PARTS = ("selling", "one-show", "refusals", "feed", "latency", "sizes")


def run(tools, parts, rounds, seconds, seats):
    """Measures these parts one after the other, on one cluster; each compares within itself, in
    interleaved rounds."""
    judgements, rate, in_flight = {}, None, 512
    with Database(tools) as database:
        selling.offer(database)
        if "selling" in parts:
            judgements["selling"], rate, in_flight = selling.run(database, rounds, seconds)
        if "one-show" in parts:
            judgements["one-show"] = one_show.run(database, rounds, seconds)
        if "refusals" in parts:
            judgements["refusals"] = refusals.run(database, rounds, seconds)
        if "feed" in parts:
            judgements["feed"] = feed.run(database, rounds, seconds)
        if "latency" in parts:
            judgements["latency"] = latency.run(database, rounds, seconds, rate)
        if "sizes" in parts:
            judgements["sizes"] = sizes.run(
                database, rounds, seconds, seats, in_flight)
    if len(judgements) > 1:
        print(f"\nThe rush, medians of {rounds} interleaved rounds, load of others at the start"
              f" {tools.facts['load_at_start']}")
        table(
            ["what", "median", "range", "goal", ""],
            [row for part in PARTS if part in judgements for row in judgements[part].rows])
