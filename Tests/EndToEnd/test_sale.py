"""One sale from end to end, over TLS: by stubs, and by nothing but reflection."""

import collections
import grpc
import pytest

import partner as partners
import reflected
from conftest import PROTOS
from partner import FREE, HELD, SOLD, Watcher


def apis(channel):
    return {
        "stubs": lambda: reflected.StubApi(channel),
        "reflection v1alpha": lambda: reflected.api_v1alpha(channel),
        "reflection v1": lambda: reflected.api_v1(channel, PROTOS),
    }


def first_of(event, wanted):
    """Reads the stream up to the next event of a kind; bookmarks may come at any time."""
    for item in event:
        kind = item.WhichOneof("event")
        if kind == wanted:
            return getattr(item, kind)
        assert kind == "bookmark", kind
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("way", ["stubs", "reflection v1alpha", "reflection v1"])
def test_find_watch_hold_confirm_cancel(demo, partner, way):
    api = apis(partner.channel)[way]()
    show = demo.fresh_show()
    # Find it again from the top, as a buyer would.
    city = next(
        city for city in api.call("CatalogService", "ListCities").cities
        if city.city_id == show.city_id
    )
    theatres = api.call("CatalogService", "ListTheatres", city_id=city.city_id).theatres
    assert show.theatre_id in [theatre.theatre_id for theatre in theatres]
    found = api.call("CatalogService", "GetShow", show_id=show.show_id)
    assert found.show.title == show.title
    assert len(found.layout.seats) == show.seat_count
    prices = {price.tier: price.price.minor_units for price in found.show.prices}

    stream = api.call("SeatMapService", "WatchSeatMap", show_id=show.show_id)
    snapshot = first_of(stream, "snapshot")
    assert {seat.state for seat in snapshot.seats} == {FREE}
    seats = snapshot.seats[4:7]
    labels = [seat.label for seat in seats]

    def change(state, version):
        event = first_of(stream, "change")
        assert event.previous_version == version
        assert {seat.label: seat.state for seat in event.seats} == dict.fromkeys(labels, state)
        return event.version

    held = api.call(
        "BookingService", "HoldSeats", show_id=show.show_id, seats=labels, customer_ref="ada",
        request_id=partners.new_id(),
    ).booking
    assert sorted(held.seats) == sorted(labels) and held.customer_ref == "ada"
    assert 0 < held.expires_in_ms <= 300_000
    check_quote(held, {seat.label: prices[seat.tier] for seat in seats}, show)
    version = change(HELD, snapshot.version)
    assert version == held.version

    sold = api.call(
        "BookingService", "ConfirmBooking", booking_id=held.booking_id, payment_reference="pay-7",
        request_id=partners.new_id(),
    ).booking
    assert sold.state == partners.booking_pb2.BOOKING_STATE_CONFIRMED
    assert sold.payment_reference == "pay-7" and sold.expires_in_ms == 0
    version = change(SOLD, version)

    cancelled = api.call(
        "BookingService", "CancelBooking", booking_id=held.booking_id,
        request_id=partners.new_id(),
    ).booking
    assert cancelled.state == partners.booking_pb2.BOOKING_STATE_CANCELLED
    change(FREE, version)
    got = api.call("BookingService", "GetBooking", booking_id=held.booking_id).booking
    assert got == cancelled
    stream.cancel()


def check_quote(booking, prices, show):
    """The two default offers: matinee first, then the third ticket, each line rounded half up."""
    hour = int(show.local_start[11:13])
    order = sorted(prices, key=lambda label: (-prices[label], label))
    total = 0
    for position, label in enumerate(order, 1):
        price = prices[label]
        if 12 <= hour < 17:
            price -= (price * 2000 + 5000) // 10000
        if position == 3:
            price -= (price * 5000 + 5000) // 10000
        total += price
    assert booking.quote.total.minor_units == total
    assert sum(line.amount.minor_units for line in booking.quote.lines) == total
    assert list(booking.seats) == order


def test_a_hold_can_be_released(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)[:2]
    watcher = Watcher(partner, show.show_id).start()
    watcher.wait_states({label: FREE for label in labels})
    held = partner.hold(show.show_id, labels)
    watcher.wait_states({label: HELD for label in labels})
    released = partner.release(held.booking_id)
    assert released.state == partners.booking_pb2.BOOKING_STATE_RELEASED
    watcher.wait_states({label: FREE for label in labels})
    watcher.cut()


def test_best_available_seats_are_adjacent_and_in_the_tier(demo, partner):
    # A large theatre: in small auditoriums the largest tier may be nothing but seats in pairs.
    show = demo.fresh_show(seat_count=600)
    layout = partner.catalog.GetShow(
        partners.catalog_pb2.GetShowRequest(show_id=show.show_id)).layout
    seats = {seat.label: seat for seat in layout.seats}
    tier, _ = collections.Counter(seat.tier for seat in layout.seats).most_common(1)[0]
    for count in (1, 2, 3):
        booking = partner.hold(show.show_id, best=(count, tier), customer=f"best {count}")
        chosen = [seats[label] for label in booking.seats]
        columns = sorted(seat.x for seat in chosen)
        assert len(chosen) == count
        assert {seat.tier for seat in chosen} == {tier}
        assert len({seat.y for seat in chosen}) == 1
        assert columns == list(range(columns[0], columns[0] + count))


def test_a_customer_holds_at_most_ten_seats_of_a_show(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)
    partner.hold(show.show_id, labels[:6], customer="greedy")
    refused = partners.refusal(partner.hold, show.show_id, labels[6:11], customer="greedy")
    assert refused.code == grpc.StatusCode.FAILED_PRECONDITION
    assert refused.reason == "HOLD_LIMIT_EXCEEDED"
    partner.hold(show.show_id, labels[6:10], customer="greedy")


def test_every_schema_file_is_told_by_reflection(partner):
    reflection = reflected.ReflectionV1(partner.channel, PROTOS)
    pool = reflection.pool("usher.v1.BookingService", "google.rpc.ErrorInfo")
    assert pool.FindMessageTypeByName("google.rpc.ErrorInfo").fields_by_name["reason"]
    unknown = reflection.ask({"file_containing_symbol": "usher.v1.Nothing"})[0]
    assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
