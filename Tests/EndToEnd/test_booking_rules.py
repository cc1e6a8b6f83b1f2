"""Rules of the sale beyond hold and confirm: extending, split groups, single seats left alone,
fenced requests, single seats cancelled."""

import collections
import threading

import grpc
import pytest

import partner as partners
from partner import FREE, HELD, booking_pb2, new_id, refusal

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


def rows(partner, show_id):
    """Runs of adjacent seats, as labels, longest first."""
    layout = partner.catalog.GetShow(partners.catalog_pb2.GetShowRequest(show_id=show_id)).layout
    lines = collections.defaultdict(list)
    for seat in sorted(layout.seats, key=lambda seat: (seat.y, seat.x)):
        line = lines[seat.y]
        if not line or line[-1][-1].x + 1 != seat.x:
            line.append([])
        line[-1].append(seat)
    runs = [[seat.label for seat in run] for line in lines.values() for run in line]
    return sorted(runs, key=len, reverse=True)


def test_a_hold_is_extended_once(demo, partner):
    show = demo.fresh_show()
    held = partner.hold(show.show_id, best=(2, ""))
    assert not held.extended
    request_id = new_id()
    longer = partner.extend(held.booking_id, request_id=request_id)
    assert longer.extended and longer.version == held.version + 1
    assert held.expires_in_ms + 240_000 < longer.expires_in_ms <= 600_000
    again = partner.extend(held.booking_id, request_id=request_id)
    assert (again.version, again.extended) == (longer.version, True)
    refused = refusal(partner.extend, held.booking_id)
    assert (refused.code, refused.reason) == (PRECONDITION, "EXTENDED_BEFORE")
    assert partner.get(held.booking_id).extended
    assert partner.confirm(held.booking_id).state == booking_pb2.BOOKING_STATE_CONFIRMED


def test_a_group_may_be_split_when_it_must(demo, partner):
    show = demo.fresh_show(seat_count=60)
    # Runs of two are all that is left.
    for number, run in enumerate(rows(partner, show.show_id)):
        for seat in run[2::3]:
            partner.hold(show.show_id, [seat], customer=f"{number} {seat}")
    assert refusal(partner.hold, show.show_id, best=(4, "")).reason == "NO_ADJACENT_SEATS"
    free = {seat for seat, state in partner.map(show.show_id)[1].items() if state == FREE}
    split = partner.hold(show.show_id, best=(4, "", True))
    assert len(split.seats) == 4 and set(split.seats) <= free


def test_no_single_seat_is_left_alone(demo, partner):
    # Some halls have no five seats side by side.
    shows = iter(demo.fresh_show, None)
    show, run = next(
        (show, run) for show in shows for run in rows(partner, show.show_id)[:1] if len(run) >= 5)
    rule = f"update theatre set orphan_rule = %d where theatre_id = {show.theatre_id}"
    demo.server.sql(rule % 2)
    try:
        refused = refusal(partner.hold, show.show_id, run[1:3])
        assert (refused.code, refused.reason) == (PRECONDITION, "STRANDS_SEATS")
        assert refused.lost_seats == [run[0]]
        assert partner.map(show.show_id)[1][run[1]] == FREE
        assert partner.hold(show.show_id, run[:2]).seats
    finally:
        demo.server.sql(rule % 0)


def test_seats_are_cancelled_one_by_one(demo, partner):
    show = demo.fresh_show()
    held = partner.hold(show.show_id, best=(3, ""), customer="ann")
    confirm_id, first_id = new_id(), new_id()
    sold = partner.confirm(held.booking_id, request_id=confirm_id)
    prices = collections.Counter()
    for line in sold.quote.lines:
        prices[line.seat] += line.amount.minor_units
    given, *kept = sold.seats
    answer = partner.cancel_seats(held.booking_id, [given], request_id=first_id)
    assert answer.booking.state == booking_pb2.BOOKING_STATE_CONFIRMED
    assert (list(answer.booking.seats), answer.booking.cancelled_seats) == (kept, [given])
    assert answer.booking.quote == sold.quote
    assert (answer.refund.seats, answer.refund.amount.minor_units) == ([given], prices[given])
    assert partner.map(show.show_id)[1][given] == FREE
    for seats in [[given], [given, kept[0]], ["NOPE"]]:
        refused = refusal(partner.cancel_seats, held.booking_id, seats)
        assert (refused.code, refused.reason) == (PRECONDITION, "SEATS_NOT_IN_BOOKING")
        assert refused.lost_seats == seats[:1]
    rest = partner.cancel_seats(held.booking_id, [])
    assert rest.booking.state == booking_pb2.BOOKING_STATE_CANCELLED
    assert sum(prices.values()) == rest.refund.amount.minor_units + prices[given]
    # Each earlier request still has its own answer.
    assert partner.cancel_seats(held.booking_id, [given], request_id=first_id) == answer
    assert partner.confirm(held.booking_id, request_id=confirm_id) == sold
    assert partner.outcome(first_id).booking == answer.booking
    assert partner.outcome(first_id).refund == answer.refund
    found = partner.booking.GetBooking(
        booking_pb2.GetBookingRequest(booking_id=held.booking_id), timeout=20)
    assert found.booking == rest.booking
    assert list(found.refunds) == [answer.refund, rest.refund]
    assert demo.server.faults() == []


@pytest.mark.parametrize("seats", [["A1", "A1"], ["x" * 100], [""], [f"A{n}" for n in range(11)]])
def test_seats_to_cancel_are_labels_each_once(partner, seats):
    refused = refusal(partner.cancel_seats, new_id(), seats)
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT and refused.fields == ["seats"]


def test_a_fenced_request_never_runs(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)
    ran, fenced = new_id(), new_id()
    held = partner.hold(show.show_id, labels[:1], request_id=ran)
    refused = refusal(partner.outcome, fenced)
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "REQUEST_NOT_FOUND")
    for call in (partner.fence, partner.fence, partner.outcome):
        assert call(fenced).fate == booking_pb2.REQUEST_FATE_FENCED
    for call in (
        lambda: partner.hold(show.show_id, labels[1:2], request_id=fenced),
        lambda: partner.confirm(held.booking_id, request_id=fenced),
    ):
        refused = refusal(call)
        assert (refused.code, refused.reason) == (PRECONDITION, "REQUEST_FENCED")
    for call in (partner.fence, partner.outcome):
        outcome = call(ran)
        assert outcome.fate == booking_pb2.REQUEST_FATE_RAN
        assert outcome.booking.booking_id == held.booking_id
    with demo.partner(demo.other_key) as other:
        assert refusal(other.outcome, ran).reason == "REQUEST_NOT_FOUND"
        assert other.fence(ran).fate == booking_pb2.REQUEST_FATE_FENCED
    assert partner.hold(show.show_id, labels[:1], request_id=ran).booking_id == held.booking_id
    assert refusal(partner.fence, "x").fields == ["request_id"]


def test_of_a_fence_and_its_request_one_wins(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)[:20]
    ids = {label: new_id() for label in labels}
    holds, fences = {}, {}

    def hold():
        for label in labels:
            try:
                holds[label] = partner.hold(show.show_id, [label], request_id=ids[label]).booking_id
            except grpc.RpcError as error:
                holds[label] = partners.Refusal(error).reason

    with demo.partner() as second:
        def fence():
            for label in labels:
                fences[label] = second.fence(ids[label])

        threads = [threading.Thread(target=hold), threading.Thread(target=fence)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    states = partner.map(show.show_id)[1]
    for label in labels:
        if fences[label].fate == booking_pb2.REQUEST_FATE_FENCED:
            assert (holds[label], states[label]) == ("REQUEST_FENCED", FREE)
        else:
            assert (holds[label], states[label]) == (fences[label].booking.booking_id, HELD)
