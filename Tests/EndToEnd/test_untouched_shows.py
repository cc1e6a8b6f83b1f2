"""Shows that were uploaded and that nobody has touched yet: without rows of seats, told as any other."""

import datetime

import pytest

from houses import manager, row, seat, show
from partner import FREE, SOLD, Watcher, new_id
from sales import digest
from usher.v1 import common_pb2, schedule_pb2

BLOCKED = common_pb2.SEAT_STATE_BLOCKED
CREATED, UNCHANGED = schedule_pb2.ROW_OUTCOME_CREATED, schedule_pb2.ROW_OUTCOME_UNCHANGED
DAY = (datetime.date.today() + datetime.timedelta(days=400)).isoformat()


@pytest.fixture
def keeper(demo):
    """A manager with a theatre of one auditorium with ten seats."""
    with manager(demo, scopes=["manage", "sell", "report"]) as keeper:
        keeper.house = keeper.theatre().theatre_id
        keeper.hall = keeper.room(keeper.house).auditorium_id
        keeper.layout(keeper.hall, row("A", 0, 10))
        yield keeper


def rows_of_seats(demo, show_id):
    (count,), = demo.server.sql(f"select count(*) from show_seat where show_id = {show_id}")
    return int(count)


def states(found):
    return (found.available_count, found.held_count, found.sold_count, found.blocked_count)


def test_shows_of_a_large_hall_have_seats_when_somebody_touches_them(demo, keeper):
    """An upload makes no rows of seats, however many there are."""
    hall = keeper.room(keeper.house, "Arena").auditorium_id
    keeper.layout(hall, [seat(f"{x}-{y}", x, y) for y in range(40) for x in range(300)])
    results = keeper.rows(keeper.house, *(
        show(f"arena {day}", f"{DAY[:4]}-12-{day + 1:02}T20:00", auditorium="Arena")
        for day in range(9)))
    assert {result.outcome for result in results} == {CREATED}
    assert [rows_of_seats(demo, result.show_id) for result in results] == [0] * 9
    with demo.partner(keeper.key) as partner:
        first, last = results[0].show_id, results[-1].show_id
        version, seats = partner.map(first)
        assert version == 1 and len(seats) == 12_000 and set(seats.values()) == {FREE}
        partner.release(partner.hold(first, seats=["7-3"]).booking_id)
        assert [rows_of_seats(demo, show_id) for show_id in (first, last)] == [12_000, 0]


def test_an_untouched_show_is_told_as_any_other(demo, keeper):
    """Map, stream of changes, digest, and seats that are withdrawn, before a seat has a row and after."""
    made, = keeper.rows(keeper.house, show("one", f"{DAY}T10:00"))
    labels = [f"A{number + 1}" for number in range(10)]
    with demo.partner(keeper.key) as partner:
        assert partner.map(made.show_id) == (1, dict.fromkeys(labels, FREE))
        assert states(digest(partner, made.show_id)) == (10, 0, 0, 0)
        assert not keeper.ListBlockedSeats(show_id=made.show_id).blocks
        watcher = Watcher(partner, made.show_id).start()
        watcher.wait(lambda seen: seen.seats == dict.fromkeys(labels, FREE))
        assert rows_of_seats(demo, made.show_id) == 0
        keeper.BlockSeats(
            show_id=made.show_id, request_id=new_id(), seats=labels[:1], reason="wet")
        assert rows_of_seats(demo, made.show_id) == 10
        partner.confirm(partner.hold(made.show_id, seats=labels[1:3]).booking_id)
        watcher.wait_states({labels[0]: BLOCKED, labels[1]: SOLD, labels[2]: SOLD, labels[3]: FREE})
        watcher.cut()
        assert states(digest(partner, made.show_id)) == (7, 0, 2, 1)
        assert partner.map(made.show_id)[1] == watcher.seats
    assert demo.server.faults() == []


def test_shows_keep_the_layout_that_they_were_made_with(demo, keeper):
    """Also when their seats are made after the next version came."""
    old, = keeper.rows(keeper.house, show("old", f"{DAY}T10:00"))
    keeper.layout(keeper.hall, row("B", 0, 4))
    new, = keeper.rows(keeper.house, show("new", f"{DAY}T13:00"))
    again, = keeper.rows(keeper.house, show("old", f"{DAY}T10:00"))
    assert (again.outcome, again.show_id) == (UNCHANGED, old.show_id)
    with demo.partner(keeper.key) as partner:
        for made, label, count in ((old, "A10", 10), (new, "B4", 4)):
            partner.release(partner.hold(made.show_id, seats=[label]).booking_id)
            assert len(partner.map(made.show_id)[1]) == count
            assert rows_of_seats(demo, made.show_id) == count
