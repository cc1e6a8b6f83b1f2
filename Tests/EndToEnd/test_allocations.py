"""Channel allocations: seats and quotas that are one partner's until a time, and a theatre's own counter."""

import contextlib

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from command_line import CommandLine
from houses import acts, manager
from partner import FREE, new_id, refusal
from test_deadlines import locked
from test_operators import DENIED
from test_terms import INVALID, House
from usher.v1 import catalog_pb2


@pytest.fixture(scope="module")
def house(demo):
    with manager(demo) as keeper:
        yield House(demo, keeper)


@contextlib.contextmanager
def channel(demo, house):
    """Another partner, who resells."""
    partner = house.keeper.operator.partner(f"Channel {new_id()}")
    _, secret = house.keeper.operator.key(partner.partner_id)
    with demo.partner(secret) as seller:
        seller.partner_id, seller.key = partner.partner_id, secret
        yield seller


def in_an_hour(house):
    return Timestamp(seconds=house.number("select extract(epoch from now())::bigint") + 3600)


def set_aside(house, show_id, partner_id, **fields):
    return house.keeper.CreateAllocation(**({
        "show_id": show_id, "partner_id": partner_id, "returns_at": in_an_hour(house),
        "request_id": new_id()} | fields)).allocation_id


def told(seller, show_id):
    answer = seller.catalog.GetShow(catalog_pb2.GetShowRequest(show_id=show_id))
    return [(list(each.seats), each.tier, each.count, each.yours) for each in answer.set_aside]


def test_seats_are_one_partners_until_they_return(demo, house):
    show_id = house.show()
    with channel(demo, house) as theirs, demo.partner(house.keeper.key) as ours:
        allocation = set_aside(house, show_id, theirs.partner_id, seats=["A1", "A2"])
        denied = refusal(ours.hold, show_id, ["A2", "A3"])
        assert (denied.code, denied.reason) == (
            grpc.StatusCode.FAILED_PRECONDITION, "SEATS_ALLOCATED")
        assert denied.lost_seats == ["A2"]
        # The map is one for everybody; the show tells whose they are.
        assert ours.map(show_id)[1]["A1"] == FREE
        assert told(ours, show_id) == [(["A1", "A2"], "", 0, False)]
        assert told(theirs, show_id) == [(["A1", "A2"], "", 0, True)]
        theirs.release(theirs.hold(show_id, ["A1", "A2"]).booking_id)
        assert set(ours.hold(show_id, best=(2, "GOLD")).seats).isdisjoint({"A1", "A2"})
        overlap = refusal(
            house.keeper.CreateAllocation, show_id=show_id, partner_id=theirs.partner_id,
            seats=["A2", "A3"], returns_at=in_an_hour(house), request_id=new_id())
        assert (overlap.reason, overlap.lost_seats) == ("SEATS_ALLOCATED", ["A2"])
        # Its time comes: by the database's clock, and nothing is written.
        house.demo.server.sql(
            "update seat_allocation set returns_at = clock_timestamp()"
            f" where allocation_id = {allocation};"
            f"update show set pricing_version = pricing_version + 1 where show_id = {show_id}")
        assert ours.hold(show_id, ["A2"]).seats == ["A2"]
        listed, = house.keeper.ListAllocations(show_id=show_id).allocations
        assert listed.returned and listed.partner_id == theirs.partner_id
    assert house.demo.server.faults() == []


def test_a_quota_and_its_return(demo, house):
    show_id = house.show()
    with channel(demo, house) as theirs, demo.partner(house.keeper.key) as ours:
        request = {"tier": "STALLS", "count": 7, "request_id": new_id(),
                   "returns_at": in_an_hour(house)}
        allocation = set_aside(house, show_id, theirs.partner_id, **request)
        assert set_aside(house, show_id, theirs.partner_id, **request) == allocation
        ours.hold(show_id, ["B1"])
        assert refusal(ours.hold, show_id, ["B2"]).reason == "SEATS_ALLOCATED"
        assert refusal(ours.hold, show_id, best=(1, "STALLS")).reason == "NO_ADJACENT_SEATS"
        theirs.hold(show_id, [f"B{n}" for n in range(2, 8)])
        assert refusal(ours.hold, show_id, ["B8"]).reason == "SEATS_ALLOCATED"
        for _ in range(2):
            house.keeper.EndAllocation(allocation_id=allocation, request_id=new_id())
        assert ours.hold(show_id, ["B8"]).seats == ["B8"]
    assert {"CREATE_ALLOCATION", "END_ALLOCATION"} <= set(acts(house.keeper))


def test_a_theatre_sells_at_its_own_counter(demo, house):
    show_id = house.show()
    set_aside(house, show_id, house.keeper.partner_id, seats=["A1", "A2", "A3", "A4"])
    with demo.partner(house.keeper.key) as counter, channel(demo, house) as theirs:
        assert refusal(theirs.hold, show_id, ["A1"]).reason == "SEATS_ALLOCATED"
        held = counter.hold(show_id, ["A1", "A2"], customer="at the counter")
        sold = counter.confirm(held.booking_id, "cash 17")
        assert sold.payment_reference == "cash 17" and sold.quote.total.minor_units == 4000


def test_wrong_wishes_and_other_peoples_shows(demo, house):
    show_id = house.show()
    good = {"show_id": show_id, "partner_id": house.keeper.partner_id, "seats": ["A1"],
            "returns_at": in_an_hour(house), "request_id": new_id()}
    for fields, named in [
            ({"request_id": ""}, ["request_id"]), ({"seats": []}, ["seats"]),
            ({"seats": ["A1", "A1"]}, ["seats"]), ({"partner_id": 0}, ["partner_id"]),
            ({"partner_id": 1 << 40}, ["partner_id"]), ({"returns_at": None}, ["returns_at"]),
            ({"returns_at": Timestamp(seconds=1)}, ["returns_at"]),
            ({"tier": "GOLD", "count": 1}, ["seats"]), ({"seats": [], "tier": "GOLD"}, ["count"]),
            ({"seats": [], "count": 1}, ["tier"])]:
        found = refusal(house.keeper.CreateAllocation, **(good | fields))
        assert (found.code, found.reason) == INVALID and found.fields == named, fields
    for fields, reason in [
            ({"seats": ["Z1"]}, "SEATS_NOT_FOUND"),
            ({"seats": [], "tier": "BRASS", "count": 1}, "TIER_NOT_FOUND")]:
        assert refusal(house.keeper.CreateAllocation, **(good | fields)).reason == reason
    own = set_aside(house, show_id, house.keeper.partner_id, seats=["B8"])
    with manager(demo) as other:
        for call in (
                lambda id: refusal(other.CreateAllocation, **(good | {
                    "show_id": id, "request_id": new_id()})),
                lambda id: refusal(other.ListAllocations, show_id=id)):
            for id in (show_id, 1 << 40):
                found = call(id)
                assert (found.code, found.reason) == DENIED
        for id in (own, 1 << 40):
            found = refusal(other.EndAllocation, allocation_id=id, request_id=new_id())
            assert (found.code, found.reason) == DENIED


def test_allocations_by_the_command_line(house, tmp_path):
    cli = CommandLine(house.demo, tmp_path)
    cli.environment["USHER_TOKEN"] = house.keeper.key
    show_id = house.show()
    made = cli.run(
        "partner", "allocation", "create", show_id, "A1", "A2", "--partner", house.keeper.partner_id,
        "--until", "2199-01-01T00:00:00Z")
    number = made[0].removeprefix("Allocation ").rstrip(".")
    cli.run(
        "partner", "allocation", "create", show_id, "--tier", "STALLS", "--count", 3, "--partner",
        house.keeper.partner_id, "--until", "2199-01-01T00:00:00Z")
    listed = cli.run("partner", "allocation", "list", show_id)
    assert "A1 A2" in listed[1] and "3 of STALLS" in listed[2] and "2199" in listed[2]
    assert cli.run("partner", "allocation", "end", number) == [f"Allocation {number} has returned."]
    assert "returned" in cli.run("partner", "allocation", "list", show_id)[1]


def test_others_neither_wait_for_a_show_nor_keep_anybody_from_it(demo, house):
    """A sale has the show's row: whoever may not change the show is told so at once."""
    show_id = house.show()
    with channel(demo, house) as theirs, manager(demo) as stranger:
        allocation = set_aside(house, show_id, theirs.partner_id, seats=["A1"])
        with locked(demo.server, show_id):
            acts_of_others = [
                lambda: stranger.CreateAllocation(
                    show_id=show_id, partner_id=theirs.partner_id, seats=["A2"],
                    returns_at=in_an_hour(house), request_id=new_id()),
                lambda: stranger.EndAllocation(allocation_id=allocation, request_id=new_id()),
            ]
            for act in acts_of_others:
                found = refusal(act)
                assert (found.code, found.reason) == DENIED
