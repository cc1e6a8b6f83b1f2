"""Batches, each item by itself or all together, and exchanges: across shows and theatres."""

import grpc
import pytest

from partner import FREE, HELD, SOLD, booking_pb2, new_id, refusal

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


def hold(show_id, seats, request_id=None):
    return booking_pb2.HoldSeatsRequest(
        show_id=show_id, seats=seats, request_id=request_id or new_id())


def holds(partner, items, atomic=False):
    request = booking_pb2.BatchHoldSeatsRequest(holds=items, atomic=atomic)
    return partner.booking.BatchHoldSeats(request, timeout=20).results


def cancellations(partner, items, atomic=False):
    request = booking_pb2.BatchCancelBookingsRequest(
        cancellations=[
            booking_pb2.CancelBookingRequest(
                booking_id=booking, seats=seats, request_id=new_id())
            for booking, seats in items
        ], atomic=atomic)
    return partner.booking.BatchCancelBookings(request, timeout=20).results


@pytest.fixture
def shows(demo):
    """Shows of as many theatres, sold in one currency."""
    found = {}
    while not any(len(theatres) == 3 for theatres in found.values()):
        show = demo.fresh_show()
        theatres = found.setdefault(show.prices[0].price.currency_code, {})
        theatres.setdefault(show.theatre_id, show)
    three = next(theatres for theatres in found.values() if len(theatres) == 3)
    return [show.show_id for show in three.values()]


def test_each_item_has_its_own_outcome(demo, partner, shows):
    labels = [demo.labels(show) for show in shows]
    taken = partner.hold(shows[1], labels[1][:1])
    items = [
        hold(shows[0], labels[0][:2]), hold(shows[1], labels[1][:2]), hold(shows[2], ["NOPE"]),
        hold(999_999_999, ["A1"]), hold(shows[2], labels[2][:1]),
    ]
    results = holds(partner, items)
    assert [result.WhichOneof("outcome") for result in results] == [
        "booking", "error", "error", "error", "booking"]
    assert sorted(results[0].booking.seats) == sorted(labels[0][:2])
    codes = [grpc.StatusCode.OK.value[0]] + [result.error.code for result in results[1:4]]
    assert codes[1:] == [
        PRECONDITION.value[0], grpc.StatusCode.INVALID_ARGUMENT.value[0],
        grpc.StatusCode.NOT_FOUND.value[0]]
    assert partner.map(shows[1])[1][labels[1][1]] == FREE
    again = holds(partner, items)
    assert [again[index].booking.booking_id for index in (0, 4)] == [
        results[index].booking.booking_id for index in (0, 4)]
    for result in (results[0], results[4]):
        partner.confirm(result.booking.booking_id)
    given = results[0].booking.seats[0]
    ended = cancellations(partner, [
        (results[0].booking.booking_id, [given]), (taken.booking_id, []),
        (results[4].booking.booking_id, [])])
    assert [result.WhichOneof("outcome") for result in ended] == ["cancelled", "error", "cancelled"]
    assert ended[0].cancelled.booking.state == booking_pb2.BOOKING_STATE_CONFIRMED
    assert ended[0].cancelled.refund.seats == [given]
    assert ended[2].cancelled.booking.state == booking_pb2.BOOKING_STATE_CANCELLED
    assert demo.server.faults() == []


def test_all_or_nothing(demo, partner, shows):
    labels = [demo.labels(show) for show in shows]
    partner.hold(shows[1], labels[1][:1])
    items = [hold(show, names[:2]) for show, names in zip(shows, labels)]
    refused = refusal(holds, partner, items, atomic=True)
    assert (refused.code, refused.reason) == (PRECONDITION, "SEATS_UNAVAILABLE")
    assert refused.metadata["item"] == "1" and refused.lost_seats == labels[1][:1]
    for show, names in zip(shows, labels):
        assert partner.map(show)[1][names[1]] == FREE
    assert refusal(partner.outcome, items[0].request_id).reason == "REQUEST_NOT_FOUND"
    items[1] = hold(shows[1], labels[1][1:3])
    results = holds(partner, items, atomic=True)
    assert [result.booking.show_id for result in results] == shows
    assert holds(partner, items, atomic=True) == results or [
        result.booking.booking_id for result in holds(partner, items, atomic=True)
    ] == [result.booking.booking_id for result in results]
    for show, names in zip(shows, labels):
        assert partner.map(show)[1][names[1]] == HELD
    bookings = [result.booking.booking_id for result in results]
    for booking in bookings[:2]:
        partner.confirm(booking)
    refused = refusal(cancellations, partner, [(each, []) for each in bookings], atomic=True)
    assert (refused.reason, refused.metadata["item"]) == ("BOOKING_STATE", "2")
    assert partner.map(shows[0])[1][labels[0][0]] == SOLD
    partner.confirm(bookings[2])
    ended = cancellations(partner, [(each, []) for each in bookings], atomic=True)
    assert [result.cancelled.booking.booking_id for result in ended] == bookings
    assert all(result.cancelled.refund.amount.minor_units for result in ended)
    assert demo.server.faults() == []


@pytest.mark.parametrize("count, atomic", [(0, False), (51, False), (0, True), (51, True)])
def test_batches_are_bounded(demo, partner, count, atomic):
    refused = refusal(holds, partner, [hold(1, ["A1"]) for _ in range(count)], atomic)
    assert (refused.code, refused.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["holds"])


def test_items_have_ids_of_their_own(demo, partner, shows):
    request_id = new_id()
    items = [hold(shows[0], ["A1"], request_id), hold(shows[1], ["A1"], request_id.upper())]
    refused = refusal(holds, partner, items)
    assert (refused.code, refused.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["holds"])


def test_the_largest_batch_fits(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)[:50]
    results = holds(partner, [hold(show.show_id, [label]) for label in labels], atomic=True)
    assert [list(result.booking.seats) for result in results] == [[label] for label in labels]


def test_a_booking_is_exchanged_for_another_theatre(demo, partner, shows):
    sold = partner.confirm(
        partner.hold(shows[0], best=(2, ""), customer="ann").booking_id, "paid-exchanged")
    labels = demo.labels(shows[1])[:3]
    request_id = new_id()
    answer = partner.exchange(sold.booking_id, shows[1], labels, request_id=request_id)
    new = answer.booking
    assert (new.show_id, new.state) == (shows[1], booking_pb2.BOOKING_STATE_CONFIRMED)
    assert (new.supersedes, new.customer_ref, new.payment_reference) == (
        sold.booking_id, "ann", "paid-exchanged")
    difference = new.quote.total.minor_units - sold.quote.total.minor_units
    assert answer.price_difference.minor_units == difference
    assert answer.refund.amount.minor_units == max(0, -difference)
    old = partner.get(sold.booking_id)
    assert (old.state, old.superseded_by) == (booking_pb2.BOOKING_STATE_EXCHANGED, new.booking_id)
    states = partner.map(shows[0])[1], partner.map(shows[1])[1]
    assert {states[0][seat] for seat in sold.seats} == {FREE}
    assert {states[1][seat] for seat in labels} == {SOLD}
    # Once: the same request says the same, another one finds no ticket.
    assert partner.exchange(sold.booking_id, shows[1], labels, request_id=request_id) == answer
    refused = refusal(partner.exchange, sold.booking_id, shows[2], best=1)
    assert (refused.code, refused.reason) == (PRECONDITION, "BOOKING_STATE")
    assert refusal(partner.cancel, sold.booking_id).reason == "BOOKING_STATE"
    # Fewer and cheaper seats of the same show, among them one of the old ones.
    less = partner.exchange(new.booking_id, shows[1], [labels[0]])
    assert less.price_difference.minor_units < 0
    assert less.refund.amount.minor_units == -less.price_difference.minor_units
    assert less.refund.booking_id == new.booking_id and sorted(less.refund.seats) == labels
    assert [seat for seat in labels if partner.map(shows[1])[1][seat] == SOLD] == [labels[0]]
    assert demo.server.faults() == []


def test_an_exchange_is_both_or_neither(demo, partner, shows):
    held = partner.hold(shows[0], best=(2, ""))
    refused = refusal(partner.exchange, held.booking_id, shows[1], best=1)
    assert (refused.code, refused.reason) == (PRECONDITION, "BOOKING_STATE")
    sold = partner.confirm(held.booking_id)
    taken = partner.hold(shows[1], best=(1, ""))
    before = partner.map(shows[0])
    refused = refusal(partner.exchange, held.booking_id, shows[1], list(taken.seats))
    assert (refused.code, refused.reason) == (PRECONDITION, "SEATS_UNAVAILABLE")
    assert refusal(partner.exchange, held.booking_id, 999_999_999, best=1).reason == "SHOW_NOT_FOUND"
    assert refusal(partner.exchange, new_id(), shows[1], best=1).reason == "BOOKING_NOT_FOUND"
    for call in (
        lambda: partner.exchange("x", shows[1], best=1),
        lambda: partner.exchange(held.booking_id, shows[1]),
    ):
        assert refusal(call).code == grpc.StatusCode.INVALID_ARGUMENT
    with demo.partner(demo.other_key) as other:
        assert refusal(
            other.exchange, held.booking_id, shows[1], best=1).reason == "BOOKING_NOT_FOUND"
    assert partner.get(held.booking_id) == sold
    assert partner.map(shows[0]) == before
    assert demo.server.faults() == []
