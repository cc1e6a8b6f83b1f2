"""Wrong fields that no other test of their method tries: each is named, in a violation of its own."""

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from houses import manager
from partner import new_id, refusal
from test_limited_keys import Place, popcorn, set_aside
from test_operators import Operator
from test_terms import half
from usher.v1 import account_pb2, booking_pb2

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
PRICES = [{"tier": "GOLD", "price": {"currency_code": "EUR", "minor_units": 1}}]


@pytest.fixture(scope="module")
def place(demo):
    with manager(demo) as keeper:
        yield Place(demo, keeper)


def with_id(**fields):
    return {"request_id": new_id()} | fields


MANAGING = [
    ("CreateAuditorium", lambda p: {"theatre_id": p.theatre, "name": ""}, "name"),
    ("CreateAuditorium", lambda p: {"theatre_id": p.theatre, "name": "x" * 121}, "name"),
    ("CreateAuditorium", lambda p: {"theatre_id": p.theatre, "name": "a\nb"}, "name"),
    ("RenameAuditorium", lambda p: {"auditorium_id": p.auditorium, "name": ""}, "name"),
    ("RenameAuditorium", lambda p: {"auditorium_id": p.auditorium, "name": "x" * 121}, "name"),
    ("GetLayout", lambda p: {
        "auditorium_id": p.auditorium, "layout_version": -1}, "layout_version"),
    ("ImportLayout", lambda p: {
        "auditorium_id": p.auditorium, "expected_version": -1,
        "layout": {"seats": [{"label": "A1", "row": "A", "tier": "GOLD"}]}}, "expected_version"),
    ("ListOwnTheatres", lambda p: {"page_size": -1}, "page_size"),
    ("ListAuditoriums", lambda p: {"theatre_id": p.theatre, "page_size": -1}, "page_size"),
    ("ListLayoutVersions", lambda p: {"auditorium_id": p.auditorium, "page_size": -1}, "page_size"),
    ("ListOffers", lambda p: {"show_id": p.show, "page_size": -1}, "page_size"),
    ("ListAllocations", lambda p: {"show_id": p.show, "page_size": -1}, "page_size"),
    ("ListOwnAddOns", lambda p: {"theatre_id": p.theatre, "page_size": -1}, "page_size"),
    ("UpdateTheatre", lambda p: {
        "theatre": {"theatre_id": p.theatre, "address": "x" * 201},
        "update_mask": FieldMask(paths=["address"])}, "theatre.address"),
    ("UpdateTheatre", lambda p: {
        "theatre": {"theatre_id": p.theatre, "policies": {"hold_minutes": 16}},
        "update_mask": FieldMask(paths=["policies.hold_minutes"])}, "theatre.policies.hold_minutes"),
    ("UpdateOffer", lambda p: with_id(offer=half(offer_id=p.offer, title="")), "offer.title"),
    ("UpdateOffer", lambda p: with_id(
        offer=half(offer_id=p.offer, discount_basis_points=10_001)), "offer.discount_basis_points"),
    ("SetPrices", lambda p: with_id(show_ids=[p.show], prices=[
        {"tier": "x" * 41, "price": PRICES[0]["price"]}]), "prices[0].tier"),
    ("BlockSeats", lambda p: {"show_id": p.show, "seats": ["A1"], "request_id": "x"}, "request_id"),
    ("UnblockSeats", lambda p: {"show_id": p.show, "seats": ["A1"], "request_id": "x"}, "request_id"),
    ("BlockSeats", lambda p: with_id(
        show_id=p.show, seats=[f"A{n}" for n in range(1_001)]), "seats"),
    ("UnblockSeats", lambda p: with_id(
        show_id=p.show, seats=[f"A{n}" for n in range(1_001)]), "seats"),
    ("CreateAllocation", lambda p: set_aside(p, p.show, "A1") | {
        "seats": [], "tier": "x" * 41, "count": 1}, "tier"),
    ("CreateAllocation", lambda p: set_aside(p, p.show, "A1") | {
        "seats": [], "tier": "GOLD", "count": 100_001}, "count"),
    ("CreateAllocation", lambda p: set_aside(p, p.show, "A1") | {
        "seats": [f"A{n}" for n in range(1_001)]}, "seats"),
    ("UpdateAddOn", lambda p: with_id(
        add_on=popcorn(add_on_id=p.add_on, theatre_id=p.theatre)), "add_on.theatre_id"),
    ("UpdateAddOn", lambda p: with_id(
        add_on=popcorn(add_on_id=p.add_on) | {"title": ""}), "add_on.title"),
    ("UpdateAddOn", lambda p: with_id(
        add_on=popcorn(add_on_id=p.add_on, most_per_seat=21)), "add_on.most_per_seat"),
]


@pytest.mark.parametrize("method, fields, wrong", MANAGING)
def test_a_wrong_field_of_a_partners_call_is_named(place, method, fields, wrong):
    found = refusal(getattr(place.keeper, method), **fields(place))
    assert (found.code, found.reason, found.fields) == (*INVALID, [wrong])


OPERATING = [
    ("GetAccount", {}), ("GetAccount", {"account_id": "x"}), ("GetAccount", {"email": "x" * 255}),
    ("SetAccountState", {
        "account_id": str(new_id()), "state": account_pb2.ACCOUNT_STATE_CLOSED}),
    ("SetAccountState", {"account_id": "x", "state": account_pb2.ACCOUNT_STATE_BLOCKED}),
    ("CreateApiKey", {"partner_id": 1, "scopes": ["read"], "reporting_per_second": 1_000_001}),
]


@pytest.mark.parametrize("method, fields", OPERATING)
def test_a_wrong_field_of_an_operators_call_is_named(demo, method, fields):
    with demo.partner(None) as connection:
        found = refusal(getattr(Operator(demo, connection.channel), method), **fields)
    assert (found.code, found.reason) == INVALID and found.fields
    assert set(found.fields) <= set(fields) | {"account", "account_id", "email"}


def test_wrong_fields_of_an_exchange_are_named(demo, partner):
    show = demo.fresh_show()
    held = partner.hold(show.show_id, best=(1, ""))
    good = {"booking_id": held.booking_id, "show_id": show.show_id}
    for fields, wrong in (
            ({"payment_reference": "x" * 129}, "payment_reference"),
            ({"payment_reference": "a\0b"}, "payment_reference"),
            ({"booking_id": "x"}, "booking_id"), ({"request_id": "x"}, "request_id")):
        request = booking_pb2.ExchangeBookingRequest(
            **({"request_id": new_id(), "best_available": {"count": 1}} | good | fields))
        found = refusal(partner.booking.ExchangeBooking, request, timeout=20)
        assert (found.code, found.reason, found.fields) == (*INVALID, [wrong])
    both = booking_pb2.ExchangeBookingRequest(
        **good, request_id=new_id(), seats=["A1"], best_available={"count": 1})
    assert refusal(partner.booking.ExchangeBooking, both, timeout=20).code == INVALID[0]
    partner.release(held.booking_id)
