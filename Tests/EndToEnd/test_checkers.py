"""The checkers of these tests against planted faults: one that cannot fail proves nothing."""

import collections

import pytest

from partner import FREE, HELD, Watcher, seat_map_pb2
from rush import Rush


class Played:
    """A rush as it would have ended, with its bookings made one by one."""

    def __new__(cls, demo, show):
        rush = Rush.__new__(Rush)
        rush.demo, rush.show = demo, show
        rush.labels = demo.labels(show.show_id)
        rush.acknowledged, rush.repeats, rush.faults = {}, 0, []
        rush.outcomes = collections.Counter(bought=6, told=194)
        with demo.partner() as client:
            for first in range(0, 60, 10):
                labels = rush.labels[first : first + 10]
                held = client.hold(show.show_id, labels, customer=str(first))
                client.confirm(held.booking_id)
                rush.acknowledged[held.booking_id] = sorted(labels)
        rush._answer = lambda method, request: method(request, timeout=20)
        return rush


@pytest.fixture(scope="module")
def played():
    import usherd as servers
    from conftest import Demo

    with servers.Folder() as folder, servers.Usherd(folder / "demo") as server:
        demo = Demo(server)
        yield Played(demo, demo.fresh_show(seat_count=60))


def test_a_sound_rush_passes(played):
    played.check()


@pytest.mark.parametrize(
    "plant, mend",
    [
        # A seat handed to another booking: sold twice in the bookings' eyes.
        (
            "update show_seat s set booking_id = (select o.booking_id from show_seat o"
            " where o.show_id = s.show_id and o.booking_id <> s.booking_id limit 1)"
            " where s.show_id = {show} and s.seat_no = 1",
            "update show_seat s set booking_id = (select b.booking_id from booking b"
            " where b.show_id = s.show_id and 1 = any (b.seat_nos))"
            " where s.show_id = {show} and s.seat_no = 1",
        ),
        # An acknowledged booking that is lost.
        (
            "update booking set state = 5 where show_id = {show} and 1 = any (seat_nos)",
            "update booking set state = 2 where show_id = {show} and 1 = any (seat_nos)",
        ),
        # A booking in parts.
        (
            "update booking set seat_nos = array_remove(seat_nos, 1)"
            " where show_id = {show} and 1 = any (seat_nos)",
            "update booking b set seat_nos = 1 || seat_nos where show_id = {show}"
            " and cardinality(seat_nos) = 9",
        ),
    ],
)
def test_planted_faults_are_found(played, plant, mend):
    server, show = played.demo.server, played.show.show_id
    server.sql(plant.format(show=show))
    assert server.faults() != []
    with pytest.raises(AssertionError):
        played.check()
    server.sql(mend.format(show=show))
    assert server.faults() == []


def test_a_seat_acknowledged_twice_is_found(played):
    twin = dict(played.acknowledged)
    seats = next(iter(twin.values()))
    played.acknowledged = twin | {"another": seats}
    with pytest.raises(AssertionError):
        played.check()
    played.acknowledged = twin


def event(version, previous, **seats):
    changes = [seat_map_pb2.SeatChange(label=label, state=state) for label, state in seats.items()]
    return seat_map_pb2.WatchSeatMapResponse(
        change=seat_map_pb2.SeatMapChange(version=version, previous_version=previous, seats=changes)
    )


@pytest.mark.parametrize(
    "bad",
    [
        event(7, 6, A1=HELD), event(6, 4, A1=HELD), event(5, 5, A1=HELD), event(6, 5, Z9=HELD),
        seat_map_pb2.WatchSeatMapResponse(bookmark=seat_map_pb2.SeatMapBookmark(version=6)),
        seat_map_pb2.WatchSeatMapResponse(snapshot=seat_map_pb2.SeatMapSnapshot(version=4)),
    ],
)
def test_a_watcher_notices_gaps(bad):
    watcher = Watcher(None, 1)
    watcher.seats, watcher.version = {"A1": FREE}, 5
    with pytest.raises(AssertionError):
        watcher._apply(bad, False)


def test_a_watcher_takes_the_next_change():
    watcher = Watcher(None, 1)
    watcher.seats, watcher.version = {"A1": FREE}, 5
    watcher._apply(event(6, 5, A1=HELD), True)
    assert (watcher.version, watcher.seats, watcher.resumed_exactly) == (6, {"A1": HELD}, 1)
