"""Two and three nodes on one database: what holds on one node holds on all of them together."""

import asyncio
import itertools
import struct
import threading
import time

import grpc
import pytest

from commits import CommitLog
from crowd import Crowd
from history import Facts, History, judge
from nodes import Town
from partner import FREE, HELD, SOLD, Refusal, Watcher, booking_pb2, new_id, refusal, wait_for_state
from test_batches import cancellations, hold, holds
from test_expiry import end_hold_in
from test_waitlist import Waiter, hold_all
from usherd import Folder, wait_until

# How long a node may not know of what another one did: README, "Limits".
STALE_SECONDS = 4
# How often a node looks at the lines by itself.
HEARTBEAT_SECONDS = 15


@pytest.fixture(scope="module")
def town():
    with Folder() as folder, Town(folder, 3) as town:
        yield town
        assert all(node.is_running for node in town.nodes)
        assert town.faults() == []


@pytest.fixture
def pair(town):
    """A connection to each of two nodes."""
    with town.partner(town.nodes[0]) as one, town.partner(town.nodes[1]) as other:
        yield one, other


def run_crowd(town, show, servers, disturb=None, **options):
    """Runs a crowd and returns it with the judge's verdict."""
    history = History()
    crowd = Crowd(town, show, servers, history, **options)
    with CommitLog(town.sql) as commits:
        asyncio.run(crowd.run(disturb))
        facts = Facts.read(town.sql, show.show_id, commits)
    verdict = judge(history, facts, STALE_SECONDS)
    assert verdict.faults == []
    assert town.faults() == []
    return crowd, verdict


def direct(town):
    return [(node.address, node.name) for node in town.nodes]


def test_a_hold_of_one_node_is_ended_by_another(town, pair):
    one, other = pair
    show = town.fresh_show()
    labels = town.labels(show.show_id)
    first = one.hold(show.show_id, labels[:2], customer="c")
    second = other.hold(show.show_id, labels[2:4], customer="c")
    confirmed = other.confirm(first.booking_id)
    assert confirmed.state == booking_pb2.BOOKING_STATE_CONFIRMED
    assert one.release(second.booking_id).state == booking_pb2.BOOKING_STATE_RELEASED
    assert other.get(first.booking_id) == confirmed == one.get(first.booking_id)
    assert one.cancel(first.booking_id).version == confirmed.version + 2
    again = refusal(other.confirm, first.booking_id)
    assert (again.reason, again.metadata["state"]) == ("BOOKING_STATE", "CANCELLED")


def test_the_cap_of_a_customer_counts_on_all_nodes(town, pair):
    one, other = pair
    show = town.fresh_show()
    labels = town.labels(show.show_id)
    one.hold(show.show_id, labels[:6], customer="greedy")
    refused = refusal(other.hold, show.show_id, labels[6:11], customer="greedy")
    assert refused.reason == "HOLD_LIMIT_EXCEEDED"
    other.hold(show.show_id, labels[6:10], customer="greedy")


def test_one_request_id_has_one_effect_on_two_nodes(town, pair):
    show = town.fresh_show()
    labels = town.labels(show.show_id)
    for round_number in range(8):
        wanted = labels[round_number * 2 : round_number * 2 + 2]
        request_id, answers = new_id(), []

        def send(client):
            while True:
                try:
                    answers.append(client.hold(show.show_id, wanted, request_id=request_id))
                    return
                except grpc.RpcError as error:
                    if error.code() != grpc.StatusCode.ABORTED:
                        answers.append(Refusal(error).reason)
                        return

        threads = [threading.Thread(target=send, args=(pair[n % 2],)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(answers) == 8 and {answer.booking_id for answer in answers} == {
            answers[0].booking_id}
    rows = town.sql(f"select count(*) from booking where show_id = {show.show_id}")
    assert rows == [("8",)]


def test_a_request_refused_by_one_node_and_granted_by_another_was_granted(town, pair):
    one, other = pair
    show = town.fresh_show()
    labels = town.labels(show.show_id)[:2]
    request_id = new_id()
    first = one.hold(show.show_id, labels[:1])
    assert refusal(one.hold, show.show_id, labels, request_id=request_id).reason == (
        "SEATS_UNAVAILABLE")
    other.release(first.booking_id)
    granted = other.hold(show.show_id, labels, request_id=request_id)
    assert one.hold(show.show_id, labels, request_id=request_id).booking_id == granted.booking_id


def test_a_hold_ends_once_whoever_sweeps(town, pair):
    show = town.fresh_show()
    labels = town.labels(show.show_id)
    watchers = [Watcher(client, show.show_id).start() for client in pair]
    held = [pair[n % 2].hold(show.show_id, labels[n : n + 1]).booking_id for n in range(6)]
    for watcher in watchers:
        watcher.wait_states({label: HELD for label in labels[:6]})
    for booking_id in held:
        end_hold_in(town.clients, booking_id, 0)
    for watcher in watchers:
        watcher.wait_states({label: FREE for label in labels[:6]})
    for booking_id in held:
        wait_for_state(pair[0], booking_id, booking_pb2.BOOKING_STATE_EXPIRED)
    # One version for each hold that was made, at most one for each that ended, and no more to come.
    version = int(town.sql(f"select version from show where show_id = {show.show_id}")[0][0])
    assert 1 + 6 + 1 <= version <= 1 + 6 + 6
    late = pair[1].confirm(held[0])
    assert late.state == booking_pb2.BOOKING_STATE_CONFIRMED and late.version == version + 1
    for watcher in watchers:
        watcher.wait(lambda me: me.version == version + 1)
        assert watcher.seats[labels[0]] == SOLD
        watcher.cut()


# The line.


def labels_of(offers):
    return sorted(label for offer in offers for label in offer.seats)


def test_the_line_is_one_on_two_nodes(town, pair):
    """Parties arrive on either node; whatever frees seats, and wherever, serves them in order."""
    one, other = pair
    show_id = town.fresh_show().show_id
    singles = hold_all(one, show_id, 8)
    line = []
    for number in range(6):
        line.append(Waiter(pair[number % 2], show_id, 1).wait_position(number + 1, number))
    for number, hold_ in enumerate(singles[:3]):
        pair[(number + 1) % 2].release(hold_.booking_id)
        assert line[number].wait_end().offer.seats == hold_.seats
        for place, waiter in enumerate(line[number + 1:]):
            waiter.wait_position(place + 1, place)
    # Sold, and cancelled on the other node.
    one.confirm(singles[3].booking_id)
    other.cancel(singles[3].booking_id)
    assert line[3].wait_end().offer.seats == singles[3].seats
    # A hold that ends by itself, whichever node sweeps it.
    end_hold_in(town.clients, singles[4].booking_id, 0)
    assert line[4].wait_end().offer.seats == singles[4].seats
    for client in pair:
        assert refusal(client.hold, show_id, best=(1, "")).reason == "RESERVED_FOR_WAITLIST"
    assert one.leave(show_id, line[5].request_id) == ""
    assert line[5].wait_end().refusal.metadata["state"] == "LEFT"
    other.release(singles[5].booking_id)
    assert other.hold(show_id, singles[5].seats).state == booking_pb2.BOOKING_STATE_HELD
    offers = town.sql(
        f"select count(*), count(distinct booking_id) from booking where show_id = {show_id}"
        " and request_id = booking_id")
    assert offers == [("5", "5")] and town.faults() == []


def test_a_line_is_read_again_when_a_commit_shows_late(town, pair):
    """PostgreSQL tells of a commit a moment before it shows it to others. Here the moment is long:
    who waits is told when it is over, and not only when the node next looks by itself."""
    show_id, other_show_id = (town.fresh_show().show_id for _ in range(2))
    hold_all(pair[0], show_id, 1)
    singles = hold_all(pair[0], other_show_id, 1)
    waiter = Waiter(pair[0], show_id, 1).wait_position(1, 0)
    other = Waiter(pair[0], other_show_id, 1).wait_position(1, 0)
    lane, version = town.sql(f"select lane, queue_version + 1 from show where show_id = {show_id}")[0]
    begin = time.monotonic()
    late = town.demo.open_transaction(
        f"update show set queue_version = {version} where show_id = {show_id};"
        f" update waitlist_entry set state = 3, ended_at = now(), ended_version = {version}"
        f" where show_id = {show_id}")
    message = struct.pack(">hqq", int(lane), show_id, int(version)).hex()
    town.sql(
        f"select pg_logical_emit_message(true, 'usher.wait', decode('{message}', 'hex'))::text")
    # By the time of a later commit's news the node has read what it was told of before.
    pair[1].release(singles[0].booking_id)
    assert other.wait_end().offer.seats == singles[0].seats
    late.communicate("commit;", timeout=30)
    assert waiter.wait_end().refusal.metadata["state"] == "LEFT"
    assert time.monotonic() - begin < HEARTBEAT_SECONDS


def test_the_line_outlives_a_node_and_its_restart(town):
    """Who waited on the node that was killed goes on elsewhere, or there again, at the same place."""
    doomed, refuge, third = town.nodes
    show_id = town.fresh_show().show_id
    with town.partner(doomed) as lost, town.partner(refuge) as there, town.partner(third) as seller:
        singles = hold_all(seller, show_id, 5)
        line = [Waiter((lost, there)[number % 2], show_id, 1).wait_position(number + 1, number)
                for number in range(5)]
        doomed.kill()
        for waiter in line[0::2]:
            assert waiter.wait_end().refusal.code == grpc.StatusCode.UNAVAILABLE
        # One comes back at once, another is served while nobody tells it, the last waits for its node.
        line[2] = Waiter(there, show_id, 1, line[2].request_id).wait_position(3, 2)
        seller.release(singles[0].booking_id)
        line[1].wait_position(1, 0)
        line[2].wait_position(2, 1)
        first = Waiter(there, show_id, 1, line[0].request_id).wait_end()
        assert first.offer.seats == singles[0].seats and not first.positions
        doomed.start()
        with town.partner(doomed) as back:
            line[4] = Waiter(back, show_id, 1, line[4].request_id).wait_position(4, 3)
            for number in range(1, 5):
                (back, there, seller)[number % 3].release(singles[number].booking_id)
                assert line[number].wait_end().offer.seats == singles[number].seats
    rows = town.sql(
        "select arrival, state from waitlist_entry"
        f" where show_id = {show_id} order by ended_version")
    assert rows == [(str(number), "2") for number in range(1, 6)]
    assert town.faults() == []


def two_shows(town):
    """Of one currency, so that a booking of one can be exchanged for seats of the other."""
    found = {}
    while True:
        show = town.fresh_show(seat_count=60)
        currency = show.prices[0].price.currency_code
        if currency in found:
            return found[currency], show.show_id
        found[currency] = show.show_id


def test_batches_and_exchanges_respect_the_line(town, pair):
    one, other = pair
    full, empty = two_shows(town)
    labels = town.labels(empty)
    singles = hold_all(one, full, 6)
    for single in singles:
        one.confirm(single.booking_id)
    moved = one.confirm(one.hold(empty, labels[:2]).booking_id)
    line = [Waiter(pair[number % 2], full, 2).wait_position(number + 1, 2 * number)
            for number in range(3)]
    # Nobody gets past the line: not in a batch, not by an exchange, not for what he gives up himself.
    wanted = singles[0].seats[0]
    for atomic in (False, True):
        items = [hold(empty, labels[4:5]), hold(full, [wanted])]
        if atomic:
            assert refusal(holds, other, items, True).metadata["item"] == "1"
            continue
        results = holds(other, items)
        assert [result.WhichOneof("outcome") for result in results] == ["booking", "error"]
        assert "RESERVED_FOR_WAITLIST" in str(results[1].error.details[0].value)
        other.release(results[0].booking.booking_id)
    assert refusal(other.exchange, moved.booking_id, full, best=1).reason == "RESERVED_FOR_WAITLIST"
    assert refusal(one.exchange, singles[0].booking_id, full, [wanted]).reason == (
        "RESERVED_FOR_WAITLIST")
    # Two seats that are given up for another show are the first party's.
    one.exchange(singles[0].booking_id, empty, labels[10:11])
    assert line[0].offer is None
    other.exchange(singles[1].booking_id, empty, labels[11:12])
    assert labels_of([line[0].wait_end().offer]) == labels_of(singles[:2])
    # And those of a batch the next ones', whichever node cancels.
    cancellations(other, [(single.booking_id, []) for single in singles[2:6]], atomic=True)
    assert labels_of([line[1].wait_end().offer, line[2].wait_end().offer]) == labels_of(singles[2:6])
    assert one.exchange(moved.booking_id, empty, labels[:1]).booking.state == (
        booking_pb2.BOOKING_STATE_CONFIRMED)
    assert town.faults() == []


# Watchers.


def test_a_watcher_fails_over_without_a_gap(town):
    doomed, refuge, third = town.nodes
    show = town.fresh_show()
    labels = town.labels(show.show_id)
    with (town.partner(doomed) as lost, town.partner(refuge) as there,
          town.partner(third) as seller):
        # A node that has the show in memory resumes exactly.
        local = Watcher(there, show.show_id).start()
        watcher = Watcher(lost, show.show_id).start()
        seller.hold(show.show_id, labels[:1])
        for each in (local, watcher):
            each.wait_states({labels[0]: HELD})
        doomed.kill()
        assert watcher.wait_end().code() == grpc.StatusCode.UNAVAILABLE
        for label in labels[1:4]:
            seller.hold(show.show_id, [label])
        watcher.partner = there
        watcher.start().wait_states(dict.fromkeys(labels[:4], HELD))
        assert (watcher.resumed_exactly, watcher.snapshots) == (1, 1)
        doomed.start()
        watcher.cut()
        with town.partner(doomed) as back:
            # One that has not says so by a snapshot, and goes on from there.
            last = seller.hold(show.show_id, labels[4:5])
            watcher.partner = back
            watcher.start().wait_states(dict.fromkeys(labels[:5], HELD))
            assert (watcher.snapshots, watcher.version) == (2, last.version)
            after = there.hold(show.show_id, labels[5:6])
            for each in (local, watcher):
                each.wait(lambda me: me.version == after.version)
                each.cut()
        assert watcher.seats == local.seats


# Rushes.


def test_a_rush_on_three_nodes(town):
    async def verify(crowd):
        """`usherd verify` finds nothing while everybody sells."""
        await crowd.until(lambda: crowd.sold >= 10 or crowd.is_over)
        assert not crowd.is_over, "over too soon"
        code, told = await asyncio.to_thread(town.verify)
        assert (code, told) == (0, "sound\n")

    # Nobody has touched it, and its seats have no rows yet: all three nodes come at once.
    show = town.fresh_show(seat_count=60)
    town.sql(
        f"with gone as (delete from show_seat where show_id = {show.show_id})"
        f" update show set has_seats = false where show_id = {show.show_id}")
    assert town.verify() == (0, "sound\n")
    crowd, verdict = run_crowd(
        town, show, direct(town), verify, clients=90, watchers=6, seed=21, seconds=120,
        think_seconds=1)
    assert crowd.sold > 40 and verdict.counts["hold refused"] > 20
    assert any(call.kind == "join" for call in crowd.history.calls)


def test_a_rush_through_haproxy_while_a_node_is_killed(town):
    proxy = town.start_proxy()

    async def kill_until_felt(crowd):
        """A node that has no call in flight is not missed: then the next one goes."""
        for node in itertools.cycle(town.nodes):
            goal = max(10, crowd.sold) + 5
            await crowd.until(lambda: crowd.sold >= goal or crowd.is_over)
            assert not crowd.is_over, "over too soon"
            await asyncio.to_thread(node.kill)
            # The others go on alone.
            await crowd.until(lambda: crowd.sold >= goal + 5 or crowd.is_over)
            await asyncio.to_thread(node.start)
            if crowd.repeats > 0:
                return

    crowd, _ = run_crowd(
        town, town.fresh_show(seat_count=153), [(proxy.address, None)], kill_until_felt, clients=200,
        watchers=4, seed=22, seconds=120, think_seconds=1)
    assert crowd.repeats > 0 and crowd.sold > 40
    wait_until(lambda: serves(town, proxy), 30, "the proxy")


def serves(town, proxy):
    with town.partner(proxy, None) as reader:
        try:
            return next(iter(reader.shows())).show_id > 0
        except grpc.RpcError:
            return False
