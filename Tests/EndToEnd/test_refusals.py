"""Every refusal that a partner can earn: code, reason, the fields at fault; then still serving."""

import grpc
import pytest

import partner as partners
from partner import FREE, booking_pb2, new_id, refusal, seat_map_pb2
from usherd import wait_until

INVALID, PRECONDITION, NOT_FOUND = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
)
NOBODYS_SHOW = 999_999_999


@pytest.fixture(scope="module")
def show(demo):
    return demo.fresh_show()


@pytest.fixture(scope="module")
def labels(demo, show):
    return demo.labels(show.show_id)


def best(count, tier=""):
    return booking_pb2.BestAvailable(count=count, tier=tier)


@pytest.mark.parametrize(
    "change, field",
    [
        (lambda labels: {"seats": ["NOPE1"]}, "seats"),
        (lambda labels: {"seats": [labels[0], labels[0]]}, "seats"),
        (lambda labels: {"seats": labels[:11]}, "seats"),
        (lambda labels: {"seats": [""]}, "seats"),
        (lambda labels: {"seats": []}, "seats"),
        (lambda labels: {"seats": ["A" * 3000]}, "seats"),
        (lambda labels: {"seats": ["A\0"]}, "seats"),
        (lambda labels: {"best_available": best(0)}, "best_available.count"),
        (lambda labels: {"best_available": best(-1)}, "best_available.count"),
        (lambda labels: {"best_available": best(11)}, "best_available.count"),
        (lambda labels: {"best_available": best(2**31 - 1)}, "best_available.count"),
        (lambda labels: {"best_available": best(2, "NO SUCH TIER")}, "best_available.tier"),
        (lambda labels: {"seats": labels[:1], "best_available": best(1)}, "best_available"),
        (lambda labels: {"seats": labels[:1], "request_id": ""}, "request_id"),
        (lambda labels: {"seats": labels[:1], "request_id": "not-a-uuid"}, "request_id"),
        (lambda labels: {"seats": labels[:1], "customer_ref": "x" * 129}, "customer_ref"),
        (lambda labels: {"seats": labels[:1], "customer_ref": "a\0b"}, "customer_ref"),
    ],
)
def test_bad_holds(demo, partner, show, labels, change, field):
    fields = {"show_id": show.show_id, "request_id": new_id()} | change(labels)
    before = partner.map(show.show_id)
    refused = refusal(partner.booking.HoldSeats, booking_pb2.HoldSeatsRequest(**fields), timeout=20)
    assert refused.code == INVALID
    assert field in refused.fields
    assert partner.map(show.show_id) == before


@pytest.mark.parametrize("request_id", ["", "7", "x" * 500])
def test_every_change_has_a_request_id(demo, partner, show, request_id):
    """Also those that would be refused anyway."""
    stub, ids = partner.booking, {"booking_id": new_id(), "request_id": request_id}
    hold = booking_pb2.HoldSeatsRequest(
        show_id=show.show_id, best_available=best(1), request_id=request_id)
    for method, message in [
        (stub.HoldSeats, hold),
        (stub.ExtendHold, booking_pb2.ExtendHoldRequest(**ids)),
        (stub.ConfirmBooking, booking_pb2.ConfirmBookingRequest(payment_reference="p", **ids)),
        (stub.ReleaseHold, booking_pb2.ReleaseHoldRequest(**ids)),
        (stub.CancelBooking, booking_pb2.CancelBookingRequest(**ids)),
        (stub.ExchangeBooking, booking_pb2.ExchangeBookingRequest(
            show_id=show.show_id, best_available=best(1), **ids)),
        (stub.BatchHoldSeats, booking_pb2.BatchHoldSeatsRequest(holds=[hold], atomic=True)),
        (stub.BatchCancelBookings, booking_pb2.BatchCancelBookingsRequest(
            cancellations=[booking_pb2.CancelBookingRequest(**ids)], atomic=True)),
        (stub.FenceRequest, booking_pb2.FenceRequestRequest(request_id=request_id)),
        (stub.GetRequestOutcome, booking_pb2.GetRequestOutcomeRequest(request_id=request_id)),
    ]:
        refused = refusal(method, message, timeout=20)
        assert (refused.code, refused.fields) == (INVALID, ["request_id"]), method


@pytest.mark.parametrize("show_id", [NOBODYS_SHOW, 0, -1, 2**63 - 1, -(2**63)])
def test_unknown_shows(partner, show_id):
    for call in [
        lambda: partner.hold(show_id, ["A1"]),
        lambda: partner.map(show_id),
        lambda: partner.catalog.GetShow(partners.catalog_pb2.GetShowRequest(show_id=show_id)),
        lambda: next(partner.seat_map.WatchSeatMap(
            seat_map_pb2.WatchSeatMapRequest(show_id=show_id), timeout=20)),
    ]:
        refused = refusal(call)
        assert (refused.code, refused.reason) == (NOT_FOUND, "SHOW_NOT_FOUND")


def test_lost_seats_are_all_named(demo, partner, show, labels):
    partner.hold(show.show_id, [labels[0]])
    sold = partner.hold(show.show_id, [labels[1]])
    partner.confirm(sold.booking_id)
    refused = refusal(partner.hold, show.show_id, [labels[2], labels[1], labels[0]])
    assert (refused.code, refused.reason) == (PRECONDITION, "SEATS_UNAVAILABLE")
    # Each with the reason, and all as of a version of the map that shows it.
    states = refused.metadata["states"].split(",")
    assert dict(zip(refused.lost_seats, states, strict=True)) == {
        labels[0]: "HELD", labels[1]: "SOLD"}
    assert refused.metadata["version"] == str(partner.map(show.show_id)[0])
    assert partner.map(show.show_id)[1][labels[2]] == FREE


def test_no_adjacent_seats(demo, partner):
    show = demo.fresh_show(seat_count=60)
    labels = demo.labels(show.show_id)
    for label in labels[::2]:
        partner.hold(show.show_id, [label], customer=f"for {label}")
    refused = refusal(partner.hold, show.show_id, best=(10, ""))
    assert (refused.code, refused.reason) == (PRECONDITION, "NO_ADJACENT_SEATS")


def test_a_show_that_is_not_on_sale(demo, partner):
    show = demo.fresh_show()
    held = partner.hold(show.show_id, best=(1, ""))
    sold = partner.confirm(partner.hold(show.show_id, best=(1, "")).booking_id)
    demo.server.sql(f"update show set sales_state = 3 where show_id = {show.show_id}")
    refused = refusal(partner.hold, show.show_id, best=(1, ""))
    assert (refused.code, refused.reason) == (PRECONDITION, "SALES_CLOSED")
    # What is held may be paid for, and what is sold be given back.
    assert partner.confirm(held.booking_id).state == booking_pb2.BOOKING_STATE_CONFIRMED
    assert partner.cancel(sold.booking_id).state == booking_pb2.BOOKING_STATE_CANCELLED


def test_what_cannot_be_exchanged(demo, partner):
    show = demo.fresh_show()
    sold = partner.confirm(partner.hold(show.show_id, best=(1, "")).booking_id)
    abroad = demo.fresh_show()
    while abroad.prices[0].price.currency_code == show.prices[0].price.currency_code:
        abroad = demo.fresh_show()
    refused = refusal(partner.exchange, sold.booking_id, abroad.show_id, best=1)
    assert (refused.code, refused.reason) == (PRECONDITION, "CURRENCY_DIFFERS")
    demo.server.sql(
        "update show set during = tstzrange(lower(during) - interval '20 years',"
        f" upper(during) - interval '20 years') where show_id = {show.show_id}")
    refused = refusal(partner.exchange, sold.booking_id, show.show_id, best=1)
    assert (refused.code, refused.reason) == (PRECONDITION, "SHOW_BEGAN")
    assert partner.get(sold.booking_id).state == booking_pb2.BOOKING_STATE_CONFIRMED


def changes(client, booking_id):
    return [
        lambda: client.confirm(booking_id), lambda: client.release(booking_id),
        lambda: client.extend(booking_id), lambda: client.cancel(booking_id),
    ]


def test_bookings_that_are_not_there(partner):
    for booking_id in [new_id(), "00000000-0000-0000-0000-000000000000",
                       "ffffffff-ffff-7fff-bfff-ffffffffffff"]:
        for call in [*changes(partner, booking_id), lambda: partner.get(booking_id)]:
            refused = refusal(call)
            assert (refused.code, refused.reason) == (NOT_FOUND, "BOOKING_NOT_FOUND")


@pytest.mark.parametrize("booking_id", ["", "7", "x" * 500, "'; drop table booking; --"])
def test_booking_ids_that_are_none(partner, booking_id):
    for call in [*changes(partner, booking_id), lambda: partner.get(booking_id)]:
        refused = refusal(call)
        assert refused.code == INVALID and refused.fields == ["booking_id"]


@pytest.mark.parametrize("payment", ["", "x" * 129, "a\0"])
def test_bad_payment_references(demo, partner, show, labels, payment):
    held = partner.hold(show.show_id, best=(1, ""))
    refused = refusal(partner.confirm, held.booking_id, payment)
    assert refused.code == INVALID and refused.fields == ["payment_reference"]
    partner.release(held.booking_id)


def test_a_released_hold_is_gone(partner, show):
    held = partner.hold(show.show_id, best=(1, ""))
    partner.release(held.booking_id)
    for call in changes(partner, held.booking_id):
        refused = refusal(call)
        assert (refused.code, refused.reason) == (PRECONDITION, "HOLD_RELEASED")


def end_hold(demo, held):
    demo.server.sql(f"""
        begin;
        update show_seat set hold_until = now() - interval '6 s'
         where booking_id = '{held.booking_id}';
        update booking set hold_until = now() - interval '6 s'
         where booking_id = '{held.booking_id}';
        commit""")


def test_an_expired_hold_is_gone(demo, partner, show):
    held = partner.hold(show.show_id, best=(2, ""))
    end_hold(demo, held)
    refused = refusal(partner.release, held.booking_id)
    assert (refused.code, refused.reason) == (PRECONDITION, "HOLD_EXPIRED")
    assert refused.metadata["booking"] == held.booking_id


def test_a_late_payment_gets_the_seats_only_if_they_are_free(demo, partner, show):
    lucky = partner.hold(show.show_id, best=(2, ""))
    unlucky = partner.hold(show.show_id, best=(2, ""))
    end_hold(demo, lucky)
    end_hold(demo, unlucky)
    freed = [*lucky.seats, *unlucky.seats]
    wait_until(
        lambda: {partner.map(show.show_id)[1][label] for label in freed} == {FREE}, 5, "free seats")
    partner.hold(show.show_id, [unlucky.seats[0]])
    refused = refusal(partner.confirm, unlucky.booking_id)
    assert (refused.code, refused.reason) == (PRECONDITION, "HOLD_EXPIRED")
    assert refused.metadata["payment"] == "REFUND"
    request = booking_pb2.ConfirmBookingRequest(
        booking_id=lucky.booking_id, payment_reference="late", request_id=new_id())
    answer = partner.booking.ConfirmBooking(request, timeout=20)
    assert answer.outcome == booking_pb2.PAYMENT_OUTCOME_TAKEN_AGAIN
    taken = answer.booking
    assert (taken.state, taken.seats) == (booking_pb2.BOOKING_STATE_CONFIRMED, lucky.seats)
    assert partner.booking.ConfirmBooking(request, timeout=20) == answer
    assert demo.server.faults() == []


def test_a_foreign_hold_is_not_touched_and_not_told_from_none(demo, partner, show):
    held = partner.hold(show.show_id, best=(1, ""))
    nothing = held.booking_id[:-12] + "0" * 12
    with demo.partner(demo.other_key) as other:
        for booking in (held.booking_id, nothing):
            for call in [*changes(other, booking), lambda: other.get(booking)]:
                refused = refusal(call)
                assert (refused.code, refused.reason) == (NOT_FOUND, "BOOKING_NOT_FOUND")
                assert refused.message == "There is no such booking."
                assert refused.metadata == {"booking": booking}
    assert partner.get(held.booking_id).state == booking_pb2.BOOKING_STATE_HELD


def test_wrong_states_are_told(partner, show):
    held = partner.hold(show.show_id, best=(1, ""))
    refused = refusal(partner.cancel, held.booking_id)
    assert (refused.code, refused.reason) == (PRECONDITION, "BOOKING_STATE")
    partner.confirm(held.booking_id)
    for call in changes(partner, held.booking_id)[:3]:
        refused = refusal(call)
        assert (refused.code, refused.reason) == (PRECONDITION, "BOOKING_STATE")
    partner.cancel(held.booking_id)
    refused = refusal(partner.cancel, held.booking_id)
    assert (refused.code, refused.reason) == (PRECONDITION, "BOOKING_STATE")
