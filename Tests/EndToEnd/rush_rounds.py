"""The rush under fire, as a program: a crowd after one show while backends, nodes and the PostgreSQL
primary are killed, round after round, each judged by `history.py`, `line.py` and `usherd verify`.

    Tests/EndToEnd/rush [--clients 1000] [--rounds 5] [--nodes 2] [--seed 1] [--kinds backend,node,primary]
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import time

import conftest  # noqa: F401  (makes the stubs)
from commits import CommitLog
from crowd import Crowd
from history import Facts, History, judge
from nodes import Town
from usherd import Folder, wait_until

# A hold that was done after its customer had been told no elsewhere lasts its five minutes, and who
# waits in line waits for it.
ROUND_SECONDS = 600
# How long a node may not know of what another one did: README, "Limits".
STALE_SECONDS = 4
KINDS = ("backend", "node", "primary")

# The words of the promise, and which broken rules contradict each.
PROMISES = {
    "double sales": {
        "sold_twice", "done_twice", "seat_differs", "seat_sold_twice", "seat_without_booking",
        "effect_logged_twice"},
    "lost acknowledged bookings": {
        "acknowledged_lost", "acknowledged_differs", "answers_differ", "refused_but_done",
        "request_without_booking"},
    "partial bookings": {"partial", "booking_without_seat"},
    "gaps": {
        "watcher_gap", "watcher_order", "version_gap", "version_ahead", "version_given_twice",
        "watcher_end_differs", "watcher_map_differs", "watchers_differ"},
    "breaches of the line": {
        "overtaken", "arrival_order", "arrival_gap", "place_lost", "position_rose", "line_jumped",
        "offer_differs", "offer_unannounced", "party_overtaken", "served_without_booking",
        "offer_without_party"},
}


class Round:
    """One crowd on one show, and one kind of thing that is killed meanwhile."""

    def __init__(self, town, kind, seed, clients, seconds):
        self.town, self.kind, self.dice, self.clients = town, kind, random.Random(seed), clients
        self.show = largest_fresh_show(town, clients)
        self.seconds, self.seed = seconds, seed
        self.killed, self.longest_line, self.took = 0, 0, 0.0

    def run(self):
        """Returns the judge after its verdict."""
        self.history = History()
        self.crowd = Crowd(
            self.town, self.show, [(node.address, node.name) for node in self.town.nodes],
            self.history, clients=self.clients, watchers=2 * len(self.town.nodes), seed=self.seed,
            seconds=self.seconds, think_seconds=2)
        start = time.monotonic()
        with CommitLog(self.town.sql) as commits:
            asyncio.run(self.crowd.run(self.disturb))
            self.took = time.monotonic() - start
            facts = Facts.read(self.town.sql, self.show.show_id, commits)
        verdict = judge(self.history, facts, STALE_SECONDS)
        for rule, *told in self.town.faults():
            verdict.fault(rule, told)
        return verdict

    async def disturb(self, crowd):
        """Kills once a tenth of the seats is sold, once half of them are, and while many wait."""
        seats = len(crowd.labels)
        for condition in (
                lambda: crowd.sold >= seats / 10, lambda: crowd.sold >= seats / 2,
                lambda: crowd.waiting >= self.clients / 10):
            await crowd.until(lambda: condition() or crowd.is_over)
            if crowd.is_over:
                return
            self.longest_line = max(self.longest_line, crowd.waiting)
            await asyncio.to_thread(getattr(self, f"kill_{self.kind}"))
            self.killed += 1
            answered = crowd.answered
            await crowd.until(lambda: crowd.answered > answered or crowd.is_over)

    def kill_backend(self):
        """PostgreSQL then ends every session and recovers."""
        backends = wait_until(self.town.demo.backends, 30, "sessions")
        os.kill(self.dice.choice(backends), signal.SIGKILL)

    def kill_node(self):
        node = self.dice.choice(self.town.nodes)
        node.kill()
        time.sleep(self.dice.uniform(0, 0.5))
        node.start()

    def kill_primary(self):
        self.town.postgres.kill()
        self.town.postgres.start()


def largest_fresh_show(town, clients):
    """The largest show not used yet, though not larger than the crowd can sell out twice."""
    counts = sorted({show.seat_count for show in town.clients.fresh_shows()}, reverse=True)
    fitting = [count for count in counts if count <= clients]
    return town.fresh_show((fitting or counts[-1:])[0])


def describe(kind, number, played, verdict):
    counts = verdict.counts
    return (
        f"{kind:8} {number}: {len(played.crowd.labels)} seats, {played.clients} clients,"
        f" {len(played.history.calls)} calls, {played.crowd.repeats} repeated,"
        f" {counts['hold ok']} held, {counts['hold refused']} refused,"
        f" {counts['confirm ok']} confirmed, {counts['cancel ok']} cancelled,"
        f" {counts['exchange ok']} exchanged, {counts['served in line']} served in line,"
        f" {played.killed} killed, {played.took:.0f} s: "
        + ("sound" if not verdict.faults else f"{len(verdict.faults)} FAULTS"))


def totals(verdicts):
    """The verdict in the words of the promise."""
    rules = [rule for verdict in verdicts for rule, _ in verdict.faults]
    named = set().union(*PROMISES.values())
    groups = PROMISES | {"other faults": set(rules) - named}
    return ", ".join(
        f"{sum(rule in members for rule in rules)} {name}" for name, members in groups.items())


def play(clients, rounds, nodes, seed, tell=print, kinds=KINDS, seconds=ROUND_SECONDS):
    """Plays every round; returns the rounds and their verdicts."""
    played, start = [], time.monotonic()
    with Folder() as folder, Town(folder, nodes) as town:
        for number in range(1, rounds + 1):
            for kind in kinds:
                one = Round(town, kind, seed * 1_000 + number, clients, seconds)
                verdict = one.run()
                played.append((one, verdict))
                tell(describe(kind, number, one, verdict))
                for rule, told in verdict.faults[:5]:
                    tell(f"  {rule}: {told[:2000]}")
        code, told = town.verify()
        tell(f"usherd verify: {told.strip()} (exit code {code})")
        assert code == 0, told
        assert all(node.is_running for node in town.nodes)
    verdicts = [verdict for _, verdict in played]
    tell(f"{totals(verdicts)} in {len(played)} rounds, {time.monotonic() - start:.0f} s")
    return played


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS))
    options = parser.parse_args()
    # Ended from outside, it still ends the servers that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    played = play(
        options.clients, options.rounds, options.nodes, options.seed,
        lambda line: print(line, flush=True), options.kinds.split(","))
    sys.exit(1 if any(verdict.faults for _, verdict in played) else 0)


if __name__ == "__main__":
    main()
