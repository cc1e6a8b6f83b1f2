"""A key that is good for one theatre, on every method of PartnerService: the partner's other theatre is
out of its reach, and not told from one that is not there."""

import itertools

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from houses import Manager, manager, row, show
from partner import Refusal, new_id, refusal
from test_operators import DENIED
from test_terms import House, half
from usher.v1 import layout_pb2, partner_pb2, schedule_pb2

NOWHERE = 1 << 40
SERVICE = partner_pb2.DESCRIPTOR.services_by_name["PartnerService"]
# What is of no theatre that there is, or of none any more: see test_closing.py.
ELSEWHERE = {"CloseTheatre", "CreateMovie", "CreateTheatre", "ListOwnTheatres"}
# What is refused changes nothing of these.
TABLES = {
    "theatre": "theatre_id = {theatre}", "auditorium": "theatre_id = {theatre}",
    "show": "theatre_id = {theatre}", "add_on": "theatre_id = {theatre}",
    "layout": "auditorium_id = {auditorium}", "show_price": "show_id = {show}",
    "show_seat": "show_id = {show}", "seat_block": "show_id = {show}",
    "seat_allocation": "show_id = {show}",
    "offer": "{theatre} = theatre_id or {show} = show_id or {offer} = offer_id",
}


class Place:
    """A theatre with one of everything that a partner keeps; each by its id."""

    def __init__(self, demo, keeper):
        house = House(demo, keeper)
        self.keeper = keeper
        self.theatre, self.auditorium, self.show = house.theatre_id, house.auditorium_id, house.show()
        self.spare = keeper.room(self.theatre, f"Spare {new_id()}").auditorium_id
        self.offer = keeper.CreateOffer(
            offer=half(title="Theirs"), place={"show_id": self.show}, request_id=new_id()).offer_id
        self.allocation = keeper.CreateAllocation(**set_aside(self, self.show, "B1")).allocation_id
        self.add_on = keeper.CreateAddOn(
            add_on=popcorn(theatre_id=self.theatre), request_id=new_id()).add_on_id


def set_aside(place, show_id, seat):
    return {
        "show_id": show_id, "partner_id": place.keeper.partner_id, "seats": [seat],
        "returns_at": Timestamp(seconds=4_000_000_000), "request_id": new_id()}


def popcorn(**fields):
    return fields | {"title": f"Popcorn {new_id()}", "price": {"currency_code": "EUR", "minor_units": 450}}


def calls(own):
    """Method, what an id is of, and the fields of a call with that id; each does something when it is let.
    They follow each other: what is ended goes last."""
    def priced(**which):
        price = {"currency_code": "EUR", "minor_units": 1900}
        return which | {"prices": [{"tier": "GOLD", "price": price}], "request_id": new_id()}

    def acted(**fields):
        return fields | {"request_id": new_id()}

    plan = layout_pb2.LayoutPlan(seats=row("A", 0, 8, "GOLD") + row("B", 1, 9, "STALLS"))
    return [
        ("UpdateTheatre", "theatre", lambda id: {
            "theatre": {"theatre_id": id, "name": f"House {new_id()}"},
            "update_mask": FieldMask(paths=["name"])}),
        ("GetOwnTheatre", "theatre", lambda id: {"theatre_id": id}),
        ("CreateAuditorium", "theatre", lambda id: {"theatre_id": id, "name": "Screen 2"}),
        ("RenameAuditorium", "auditorium", lambda id: {"auditorium_id": id, "name": "Screen 3"}),
        ("ListAuditoriums", "theatre", lambda id: {"theatre_id": id}),
        ("ImportLayout", "auditorium", lambda id: {"auditorium_id": id, "layout": plan}),
        ("GetLayout", "auditorium", lambda id: {"auditorium_id": id}),
        ("ListLayoutVersions", "auditorium", lambda id: {"auditorium_id": id}),
        ("CreateOffer", "theatre", lambda id: acted(offer=half(), place={"theatre_id": id})),
        ("CreateOffer", "auditorium", lambda id: acted(offer=half(), place={"auditorium_id": id})),
        ("CreateOffer", "show", lambda id: acted(offer=half(), place={"show_id": id})),
        ("UpdateOffer", "offer", lambda id: acted(offer=half(offer_id=id, title="Less"))),
        ("ListOffers", "show", lambda id: {"show_id": id}),
        ("SetPrices", "show", lambda id: priced(show_ids=[id])),
        ("SetPrices", "show", lambda id: priced(show_ids=[own.show, id] if id != own.show else [id])),
        ("SetPrices", "theatre", lambda id: priced(shows={"theatre_id": id})),
        ("BlockSeats", "show", lambda id: acted(show_id=id, seats=["A1"], reason="broken")),
        ("ListBlockedSeats", "show", lambda id: {"show_id": id}),
        ("UnblockSeats", "show", lambda id: acted(show_id=id, seats=["A1"])),
        ("CreateAllocation", "show", lambda id: set_aside(own, id, "B2")),
        ("ListAllocations", "show", lambda id: {"show_id": id}),
        ("EndAllocation", "allocation", lambda id: acted(allocation_id=id)),
        ("CreateAddOn", "theatre", lambda id: acted(add_on=popcorn(theatre_id=id))),
        ("UpdateAddOn", "add_on", lambda id: acted(add_on=popcorn(add_on_id=id))),
        ("ListOwnAddOns", "theatre", lambda id: {"theatre_id": id}),
        ("EndAddOn", "add_on", lambda id: acted(add_on_id=id)),
        ("EndOffer", "offer", lambda id: acted(offer_id=id)),
        ("CloseAuditorium", "spare", lambda id: {"auditorium_id": id}),
    ]


@pytest.fixture(scope="module")
def keeper(demo):
    with manager(demo, scopes=["manage", "sell", "report"]) as keeper:
        yield keeper


@pytest.fixture
def here(demo, keeper):
    return Place(demo, keeper)


@pytest.fixture
def there(demo, keeper):
    return Place(demo, keeper)


@pytest.fixture
def limited(demo, keeper, here):
    """With a key for `here` alone."""
    secret = keeper.operator.CreateApiKey(
        partner_id=keeper.partner_id, scopes=["manage", "sell", "report"],
        theatre_ids=[here.theatre]).secret
    with demo.partner(None) as connection:
        yield Manager(connection.channel, secret)


def rows(demo, place):
    return {
        table: sorted(demo.server.sql(
            f"select t::text from {table} t where {where.format(**vars(place))}"))
        for table, where in TABLES.items()}


def test_a_key_for_one_theatre_manages_no_other(demo, here, there, limited):
    wanted = calls(here)
    assert {method for method, _, _ in wanted} | ELSEWHERE | {"UploadSchedule"} == {
        method.name for method in SERVICE.methods}, "a method without a call"
    before, told = rows(demo, there), set()
    for method, kind, fields in wanted:
        for id in (getattr(there, kind), NOWHERE):
            found = refusal(getattr(limited, method), **fields(id))
            assert (found.code, found.reason) == DENIED, (method, kind, id)
            told.add((found.message, str(found.metadata)))
    for theatre_id in (there.theatre, NOWHERE):
        found = refusal(limited.rows, theatre_id, evening(demo, "sat-1"))
        assert (found.code, found.reason) == DENIED
        told.add((found.message, str(found.metadata)))
    assert len(told) == 1, told
    assert rows(demo, there) == before
    # Of its own theatre all of it is done, by the same calls.
    before = rows(demo, here)
    for method, kind, fields in wanted:
        getattr(limited, method)(**fields(getattr(here, kind)))
    after = rows(demo, here)
    assert [table for table in TABLES if before[table] == after[table]] == ["show_seat"]
    done, = limited.rows(here.theatre, evening(demo, "sat-1", auditorium="Screen 3"))
    assert done.outcome == schedule_pb2.ROW_OUTCOME_CREATED, done


def evening(demo, reference, **fields):
    """A row for an evening after all other shows."""
    (day,), = demo.server.sql("select (now() + interval '300 days')::date")
    prices = [{"tier": tier, "minor_units": 9000} for tier in ("GOLD", "STALLS")]
    return show(reference, f"{day}T20:00", prices=prices, **fields)


def test_a_key_for_one_theatre_lists_no_other(keeper, here, there, limited):
    assert [each.theatre_id for each in limited.ListOwnTheatres().theatres] == [here.theatre]
    both = {each.theatre_id for each in keeper.ListOwnTheatres(page_size=100).theatres}
    assert {here.theatre, there.theatre} <= both
    listed = [each.offer.offer_id for each in limited.ListOffers(with_ended=True).offers]
    assert here.offer in listed and there.offer not in listed
    assert limited.ListOffers(show_id=here.show).offers
    found = refusal(limited.theatre)
    assert (found.code, found.reason) == DENIED


def test_a_stream_of_rows_goes_no_further_than_its_key(demo, here, there, limited):
    """Rows of one's own theatre, then of the other: the first are there, the others are not."""
    requests = [
        {"theatre_id": each.theatre, "rows": [evening(demo, f"late-{each.theatre}")]}
        for each in (here, there)]
    answers = limited.stream(iter(
        [schedule_pb2.UploadScheduleRequest(**each) for each in requests]))
    taken, found = [], None
    try:
        for answer in answers:
            taken.append(answer)
    except grpc.RpcError as error:
        found = Refusal(error)
    assert (found.code, found.reason) == DENIED
    assert [result.outcome for result in itertools.chain(*(each.results for each in taken))] == [
        schedule_pb2.ROW_OUTCOME_CREATED]
    assert demo.server.sql(
        f"select partner_reference from show where theatre_id in ({here.theatre}, {there.theatre})"
        " and partner_reference like 'late-%'") == [(f"late-{here.theatre}",)]
