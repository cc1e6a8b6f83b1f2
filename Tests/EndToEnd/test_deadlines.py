"""A caller's deadline reaches the database: what the caller gave up on takes nothing, or is found by
its request_id. Another transaction holds the show's row meanwhile, so that the sale has to wait."""

import contextlib

import grpc
import pytest

from partner import FREE, HELD, booking_pb2, new_id, refusal
from usherd import wait_until


@contextlib.contextmanager
def locked(server, show_id):
    """The show is somebody else's to sell until this ends."""
    session = server.open_transaction(
        f"do $$ begin perform from show where show_id = {show_id} for update; end $$")
    try:
        yield
    finally:
        session.communicate("rollback;", timeout=30)


def waiting(server):
    """Sales that wait for the lock."""
    return int(server.sql(
        "select count(*) from pg_stat_activity where application_name = 'usher'"
        " and wait_event_type = 'Lock'")[0][0])


@pytest.fixture
def show(demo, partner):
    """A show that the node knows, so that nothing but the sale itself is left to do."""
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)
    partner.release(partner.hold(show.show_id, labels[-1:]).booking_id)
    return show.show_id, labels


def request(show_id, labels):
    return booking_pb2.HoldSeatsRequest(show_id=show_id, seats=labels, request_id=new_id())


def test_what_was_given_up_at_its_deadline_takes_nothing(demo, partner, show):
    show_id, labels = show
    wanted = request(show_id, labels[:2])
    version = partner.map(show_id)[0]
    with locked(demo.server, show_id):
        call = partner.booking.HoldSeats.future(wanted, timeout=1)
        wait_until(lambda: waiting(demo.server), 30, "a sale that waits")
        assert call.exception().code() == grpc.StatusCode.DEADLINE_EXCEEDED
        # The lock is still held: only the deadline can have ended the statement.
        wait_until(lambda: not waiting(demo.server), 3, "the end of the statement")
    assert partner.map(show_id) == (version, dict.fromkeys(labels, FREE))
    assert refusal(partner.outcome, wanted.request_id).reason == "REQUEST_NOT_FOUND"
    # And nothing of it is remembered: the same request is served now.
    held = partner.booking.HoldSeats(wanted, timeout=20).booking
    assert list(held.seats) == labels[:2] and held.version == version + 1


def test_a_deadline_that_is_over_before_the_sale_begins_is_nobodys_loss(demo, partner, show):
    """Behind a sale that waits stand two more; the one in a hurry leaves the line, the other is served."""
    show_id, labels = show
    first, hurried, patient = (request(show_id, [label]) for label in labels[:3])
    with locked(demo.server, show_id):
        calls = [partner.booking.HoldSeats.future(first, timeout=20)]
        wait_until(lambda: waiting(demo.server), 30, "a sale that waits")
        calls.append(partner.booking.HoldSeats.future(patient, timeout=20))
        late = partner.booking.HoldSeats.future(hurried, timeout=0.5)
        assert late.exception().code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert [call.result().booking.seats[0] for call in calls] == [labels[0], labels[2]]
    assert partner.map(show_id)[1] == dict.fromkeys(labels, FREE) | {
        labels[0]: HELD, labels[2]: HELD}
    assert refusal(partner.outcome, hurried.request_id).reason == "REQUEST_NOT_FOUND"


def test_what_was_under_way_when_its_caller_left_is_found_by_its_id(demo, partner, show):
    show_id, labels = show
    wanted = request(show_id, labels[:2])
    with locked(demo.server, show_id):
        call = partner.booking.HoldSeats.future(wanted, timeout=20)
        wait_until(lambda: waiting(demo.server), 30, "a sale that waits")
        call.cancel()
        assert refusal(partner.outcome, wanted.request_id).reason == "REQUEST_NOT_FOUND"
    # Either it ran, or it never does: the fence says which, once and for all.
    fate = partner.fence(wanted.request_id)
    states = partner.map(show_id)[1]
    if fate.fate == booking_pb2.REQUEST_FATE_RAN:
        assert {states[label] for label in labels[:2]} == {HELD}
        again = partner.booking.HoldSeats(wanted, timeout=20).booking
        assert again.booking_id == fate.booking.booking_id
    else:
        assert set(states.values()) == {FREE}
        refused = refusal(partner.booking.HoldSeats, wanted, timeout=20)
        assert refused.reason == "REQUEST_FENCED"
