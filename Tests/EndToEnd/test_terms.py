"""usher.v1.PartnerService and `usher partner`: offers, prices and withdrawn seats of one's own shows."""

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from command_line import CommandLine
from houses import acts, manager, row
from partner import FREE, HELD, new_id, refusal
from test_operators import DENIED
from usher.v1 import catalog_pb2, common_pb2, terms_pb2

BLOCKED = common_pb2.SEAT_STATE_BLOCKED
INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
HALL = row("A", 0, 8, "GOLD") + row("B", 1, 8, "STALLS")


class House:
    """A theatre of a partner with a hall of 16 seats, and as many shows as are asked for."""

    def __init__(self, demo, keeper):
        self.demo, self.keeper = demo, keeper
        self.theatre_id = keeper.theatre().theatre_id
        self.auditorium_id = keeper.room(self.theatre_id).auditorium_id
        keeper.layout(self.auditorium_id, HALL)
        self.days = 0

    def show(self):
        """A show some evening to come: GOLD at 20.00, STALLS at 10.00."""
        self.days += 1
        return self.number(
            f"""select create_show({self.auditorium_id}, 2::smallint, null, 'A play', 'en', '',
                  d + time '20:00', d + time '22:00', 'EUR', '{{GOLD,STALLS}}', '{{2000,1000}}')
                  from (select date_trunc('day', now()) + interval '{self.days} days') x(d)
            """)

    def number(self, statement):
        """What SQL tells of the demo's database."""
        (text,), = self.demo.server.sql(statement)
        return int(text)


@pytest.fixture(scope="module")
def house(demo):
    with manager(demo) as keeper:
        yield House(demo, keeper)


@pytest.fixture
def seller(demo, house):
    with demo.partner(house.keeper.key) as partner:
        yield partner


def price(seller, show_id, *seats):
    """What seats cost now; they are given back."""
    held = seller.hold(show_id, seats)
    seller.release(held.booking_id)
    return held.quote.total.minor_units


def half(**fields):
    return catalog_pb2.Offer(**({"title": "Half", "discount_basis_points": 5000} | fields))


def create(house, offer, **place):
    return house.keeper.CreateOffer(offer=offer, place=place, request_id=new_id())


def test_an_offer_from_its_making_to_its_end(house, seller):
    show_id = house.show()
    assert price(seller, show_id, "A1", "B1") == 3000
    made = create(house, half(priority=7), show_id=show_id)
    assert made.show_count == 1
    assert price(seller, show_id, "A1", "B1") == 1500
    shown = seller.catalog.GetShow(catalog_pb2.GetShowRequest(show_id=show_id)).offers
    assert [offer.offer_id for offer in shown if offer.title == "Half"] == [made.offer_id]
    changed = half(
        offer_id=made.offer_id, discount_basis_points=0, priority=1000, exclusive=True,
        discount_amount={"currency_code": "EUR", "minor_units": 1500})
    house.keeper.UpdateOffer(offer=changed, request_id=new_id())
    held = seller.hold(show_id, ["A1", "B1"])
    assert [(line.amount.minor_units, line.offer_id) for line in held.quote.lines] == [
        (2000, 0), (-1500, made.offer_id), (1000, 0), (-1000, made.offer_id)]
    assert house.keeper.EndOffer(offer_id=made.offer_id, request_id=new_id()).show_count == 1
    assert house.keeper.EndOffer(offer_id=made.offer_id, request_id=new_id()).show_count == 0
    # What is held keeps its price.
    assert seller.get(held.booking_id).quote.total.minor_units == 500
    seller.release(held.booking_id)
    assert price(seller, show_id, "A1", "B1") == 3000
    late = refusal(house.keeper.UpdateOffer, offer=changed, request_id=new_id())
    assert (late.code, late.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "OFFER_ENDED")
    listed = house.keeper.ListOffers(show_id=show_id).offers
    assert made.offer_id not in [each.offer.offer_id for each in listed]
    ended, = [each for each in house.keeper.ListOffers(with_ended=True).offers if each.ended]
    assert ended.offer == changed and ended.place.show_id == show_id
    assert ended.owner_partner_id == house.keeper.partner_id
    assert {"CREATE_OFFER", "UPDATE_OFFER", "END_OFFER"} <= set(acts(house.keeper))


def test_an_offer_for_one_partner_is_told_to_it_alone(demo, house, seller):
    show_id = house.show()
    channel = house.keeper.operator.partner(f"Channel {new_id()}")
    _, secret = house.keeper.operator.key(channel.partner_id)
    made = create(house, half(partner_id=channel.partner_id, title="Ours"), show_id=show_id)
    told = lambda caller: [
        (offer.partner_id, offer.offer_id) for offer in caller.catalog.GetShow(
            catalog_pb2.GetShowRequest(show_id=show_id)).offers if offer.title == "Ours"]
    with demo.partner(secret) as theirs, demo.partner(demo.other_key) as operator:
        assert told(seller) == []
        assert told(theirs) == told(operator) == [(channel.partner_id, made.offer_id)]
        assert price(seller, show_id, "A1") == 2000 and price(theirs, show_id, "A1") == 1000


def test_an_offer_for_seats_days_and_times(house, seller):
    show_id = house.show()
    weekday = house.number(
        "select extract(isodow from lower(during) at time zone 'Antarctica/Troll') from show"
        f" where show_id = {show_id}")
    create(house, half(seats=["A1", "B2"], tier="GOLD"), show_id=show_id)
    assert price(seller, show_id, "A1", "B2") == 2000
    create(house, half(weekdays=[weekday % 7 + 1], title="Other day"), show_id=show_id)
    assert price(seller, show_id, "A2") == 2000
    create(house, half(time_window={"first_minute": 0, "last_minute": 600}), show_id=show_id)
    assert price(seller, show_id, "A2") == 2000
    hour = house.number("select extract(epoch from now())::bigint") + 3600
    create(house, half(valid_from=Timestamp(seconds=hour)), show_id=show_id)
    create(house, half(valid_until=Timestamp(seconds=hour - 7200)), show_id=show_id)
    assert price(seller, show_id, "A2") == 2000
    create(
        house, half(weekdays=[weekday], valid_from=Timestamp(seconds=hour - 7200),
                    valid_until=Timestamp(seconds=hour)), show_id=show_id)
    assert price(seller, show_id, "A2") == 1000
    create(house, half(nth_ticket={"position": 2}), show_id=show_id)
    assert price(seller, show_id, "A2", "A3") == 1000 + 500


def test_prices_of_shows_and_of_a_theatre(house, seller):
    one, other = house.show(), house.show()
    set_to = lambda *prices, **fields: house.keeper.SetPrices(
        prices=[{"tier": tier, "price": {"currency_code": "EUR", "minor_units": minor_units}}
                for tier, minor_units in prices], request_id=new_id(), **fields).show_count
    held = seller.hold(one, ["A1"])
    assert set_to(("GOLD", 1234), show_ids=[one]) == 1
    assert set_to(("GOLD", 1234), show_ids=[one]) == 0
    assert price(seller, one, "A2", "B1") == 2234 and price(seller, other, "A2") == 2000
    assert seller.confirm(held.booking_id).quote.total.minor_units == 2000
    assert set_to(("STALLS", 0), show_ids=[one, other]) == 2
    assert price(seller, other, "A2", "B1") == 2000
    begins = house.number(
        f"select extract(epoch from lower(during))::bigint from show where show_id = {other}")
    assert set_to(("", 700), shows=terms_pb2.ShowSelection(
        theatre_id=house.theatre_id, auditorium_id=house.auditorium_id,
        starts_from=Timestamp(seconds=begins),
        starts_before=Timestamp(seconds=begins + 1))) == 1
    assert price(seller, other, "A2", "B1") == 1400 and price(seller, one, "A2") == 1234


def test_seats_are_withdrawn_and_given_back(house, seller):
    show_id = house.show()
    held = seller.hold(show_id, ["A8"])
    request = {"show_id": show_id, "seats": ["A1", "A2"], "reason": "wet", "request_id": new_id()}
    version = house.keeper.BlockSeats(**request).version
    map_of = lambda: seller.map(show_id)[1]
    assert map_of()["A1"] == BLOCKED and seller.map(show_id)[0] == version
    assert house.keeper.BlockSeats(**request).version == version
    lost = refusal(seller.hold, show_id, ["A2", "A3"])
    assert (lost.reason, lost.metadata["states"]) == ("SEATS_UNAVAILABLE", "BLOCKED")
    taken = refusal(
        house.keeper.BlockSeats, show_id=show_id, seats=["A7", "A8"], request_id=new_id())
    assert (taken.reason, taken.lost_seats) == ("SEATS_UNAVAILABLE", ["A8"])
    wrong = refusal(
        house.keeper.UnblockSeats, show_id=show_id, seats=["A1", "A7"], request_id=new_id())
    assert (wrong.code, wrong.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION, "SEATS_NOT_BLOCKED")
    assert wrong.lost_seats == ["A7"]
    unknown = refusal(
        house.keeper.BlockSeats, show_id=show_id, seats=["A7", "Z1"], request_id=new_id())
    assert (unknown.reason, unknown.lost_seats) == ("SEATS_NOT_FOUND", ["Z1"])
    block, = house.keeper.ListBlockedSeats(show_id=show_id).blocks
    assert (list(block.seats), block.reason) == (["A1", "A2"], "wet") and block.blocked_at.seconds
    house.keeper.UnblockSeats(show_id=show_id, seats=["A2"], request_id=new_id())
    assert map_of()["A2"] == FREE and map_of()["A1"] == BLOCKED and map_of()["A8"] == HELD
    again = refusal(house.keeper.BlockSeats, **(request | {"seats": ["A3"]}))
    assert again.reason == "REQUEST_ID_REUSED"
    seller.release(held.booking_id)
    assert house.demo.server.faults() == []
    assert "BLOCK_SEATS" in acts(house.keeper) and "UNBLOCK_SEATS" in acts(house.keeper)


def test_a_change_of_terms_is_one_request(house, seller):
    show_id = house.show()
    request = {"offer": half(), "place": {"show_id": show_id}, "request_id": new_id()}
    first = house.keeper.CreateOffer(**request)
    assert house.keeper.CreateOffer(**request) == first
    other = refusal(house.keeper.CreateOffer, **(request | {"offer": half(title="Other")}))
    assert (other.code, other.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    assert price(seller, show_id, "A1") == 1000
    fate = seller.outcome(request["request_id"])
    assert fate.fate and not fate.HasField("booking")
    fenced = new_id()
    seller.fence(fenced)
    late = refusal(house.keeper.CreateOffer, **(request | {"request_id": fenced}))
    assert late.reason == "REQUEST_FENCED"


def test_what_is_anothers_is_not_told_from_what_is_not_there(demo, house):
    show_id = house.show()
    offer_id = create(house, half(), show_id=show_id).offer_id
    cheap = [{"tier": "", "price": {"currency_code": "EUR", "minor_units": 1}}]
    calls = {
        "CreateOffer": [
            (lambda id, name=name: {"offer": half(), "place": {name: id}}, own) for name, own in (
                ("theatre_id", house.theatre_id), ("auditorium_id", house.auditorium_id),
                ("show_id", show_id))],
        "UpdateOffer": [(lambda id: {"offer": half(offer_id=id)}, offer_id)],
        "EndOffer": [(lambda id: {"offer_id": id}, offer_id)],
        "SetPrices": [
            (lambda id: {"show_ids": [id], "prices": cheap}, show_id),
            (lambda id: {"shows": {"theatre_id": id}, "prices": cheap}, house.theatre_id)],
        "BlockSeats": [(lambda id: {"show_id": id, "seats": ["A1"]}, show_id)],
        "UnblockSeats": [(lambda id: {"show_id": id, "seats": ["A1"]}, show_id)],
    }
    reads = {"ListOffers": show_id, "ListBlockedSeats": show_id}
    told = set()
    with manager(demo) as other:
        for method, cases in calls.items():
            for fields, own in cases:
                for id in (own, 1 << 40):
                    found = refusal(
                        getattr(other, method), **fields(id), request_id=new_id())
                    assert (found.code, found.reason) == DENIED, method
                    told.add((found.message, str(found.metadata)))
        for method, own in reads.items():
            for id in (own, 1 << 40):
                found = refusal(getattr(other, method), show_id=id)
                assert (found.code, found.reason) == DENIED, method
                told.add((found.message, str(found.metadata)))
        assert len(told) == 1
        assert other.ListOffers(with_ended=True).offers == []
    # A key for some theatres is for no offer without a place.
    with manager(demo, theatre_ids=[house.theatre_id]) as limited:
        found = refusal(limited.CreateOffer, offer=half(), request_id=new_id())
        assert (found.code, found.reason) == INVALID and found.fields == ["place"]


WRONG = [
    ("offer.title", {"title": ""}), ("offer.title", {"title": "x" * 81}),
    ("offer.title", {"title": "a\nb"}), ("offer.offer_id", {"offer_id": 1}),
    ("offer.discount_basis_points", {"discount_basis_points": 0}),
    ("offer.discount_basis_points", {"discount_basis_points": 10001}),
    ("offer.discount_basis_points",
     {"discount_amount": {"currency_code": "EUR", "minor_units": 1}}),
    ("offer.discount_amount.minor_units",
     {"discount_basis_points": 0, "discount_amount": {"currency_code": "EUR"}}),
    ("offer.discount_amount.currency_code",
     {"discount_basis_points": 0, "discount_amount": {"minor_units": 1}}),
    ("offer.time_window", {"time_window": {"first_minute": 5, "last_minute": 4}}),
    ("offer.time_window", {"time_window": {"first_minute": 5, "last_minute": 1440}}),
    ("offer.nth_ticket.position", {"nth_ticket": {"position": 0}}),
    ("offer.nth_ticket.position", {"nth_ticket": {"position": 11}}),
    ("offer.priority", {"priority": -1}), ("offer.priority", {"priority": 1001}),
    ("offer.weekdays", {"weekdays": [0]}), ("offer.weekdays", {"weekdays": [8]}),
    ("offer.weekdays", {"weekdays": [1, 1]}),
    ("offer.valid_from", {"valid_from": {"seconds": -1}}),
    ("offer.valid_until", {"valid_until": {"seconds": 1, "nanos": -1}}),
    ("offer.valid_until", {"valid_from": {"seconds": 9}, "valid_until": {"seconds": 9}}),
    ("offer.tier", {"tier": "x" * 41}), ("offer.partner_id", {"partner_id": -1}),
    ("offer.partner_id", {"partner_id": 1 << 40}), ("offer.seats", {"seats": ["A1", "A1"]}),
    ("offer.seats", {"seats": ["x" * 17]}),
    ("offer.seats", {"seats": [f"S{n}" for n in range(1001)]}),
]


@pytest.mark.parametrize("field, fields", WRONG)
def test_a_wrong_field_of_an_offer_is_named(house, field, fields):
    place = {"auditorium_id": house.auditorium_id}
    found = refusal(
        house.keeper.CreateOffer, offer=half(**fields), place=place, request_id=new_id())
    assert (found.code, found.reason) == INVALID and found.fields == [field]


def test_other_wrong_fields_are_named(house):
    show_id = house.show()
    euro = lambda minor_units, tier="": {
        "tier": tier, "price": {"currency_code": "EUR", "minor_units": minor_units}}
    cases = [
        ("CreateOffer", {"offer": half()}, ["request_id"]),
        ("CreateOffer", {"offer": half(), "place": {"show_id": 1, "theatre_id": 1}}, ["place"]),
        ("CreateOffer", {"offer": half(seats=["A1"])}, ["place"]),
        ("CreateOffer", {"offer": half(), "place": {"movie_id": 1 << 40}}, ["place.movie_id"]),
        ("CreateOffer", {"offer": half(), "place": {"movie_id": -1}}, ["place.movie_id"]),
        ("UpdateOffer", {"offer": half(tier="GOLD")}, ["offer.tier"]),
        ("UpdateOffer", {"offer": half(seats=["A1"])}, ["offer.seats"]),
        ("UpdateOffer", {"offer": half(partner_id=1)}, ["offer.partner_id"]),
        ("EndOffer", {}, ["request_id"]),
        ("ListOffers", {"page_size": -1}, ["page_size"]),
        ("SetPrices", {"show_ids": [show_id]}, ["prices"]),
        ("SetPrices", {"prices": [euro(1)]}, ["show_ids"]),
        ("SetPrices", {"show_ids": [1, 1], "prices": [euro(1)]}, ["show_ids"]),
        ("SetPrices", {"show_ids": [1], "shows": {"theatre_id": 1}, "prices": [euro(1)]},
         ["show_ids"]),
        ("SetPrices", {"shows": {}, "prices": [euro(1)]}, ["shows.theatre_id"]),
        ("SetPrices", {"show_ids": [show_id], "prices": [euro(-1)]},
         ["prices[0].price.minor_units"]),
        ("SetPrices", {"show_ids": [show_id], "prices": [euro(10 ** 12 + 1)]},
         ["prices[0].price.minor_units"]),
        ("SetPrices", {"show_ids": [show_id], "prices": [euro(1), euro(1, "GOLD")]}, ["prices"]),
        ("SetPrices", {"show_ids": [show_id], "prices": [
            {"tier": "GOLD", "price": {"currency_code": "euro", "minor_units": 1}}]},
         ["prices[0].price.currency_code"]),
        ("SetPrices", {"show_ids": [show_id], "prices": [
            {"tier": "GOLD", "price": {"currency_code": "XAU", "minor_units": 1}}]},
         ["prices[0].price.currency_code"]),
        ("BlockSeats", {"show_id": show_id}, ["seats"]),
        ("BlockSeats", {"show_id": show_id, "seats": ["A1"], "reason": "x" * 201}, ["reason"]),
        ("BlockSeats", {"show_id": show_id, "seats": ["A1"], "reason": "a\u2028b"}, ["reason"]),
        ("UnblockSeats", {"show_id": show_id, "seats": ["A1", "A1"]}, ["seats"]),
    ]
    for method, fields, names in cases:
        if names != ["request_id"] and method != "ListOffers":
            fields = fields | {"request_id": new_id()}
        found = refusal(getattr(house.keeper, method), **fields)
        assert (found.code, found.reason) == INVALID and found.fields == names, fields
    for prices, reason, metadata in [
            ([{"tier": "BRASS", "price": {"currency_code": "EUR", "minor_units": 1}}],
             "TIER_NOT_FOUND", {"tiers": "BRASS"}),
            ([{"price": {"currency_code": "USD", "minor_units": 1}}],
             "CURRENCY_DIFFERS", {"show": str(show_id)})]:
        found = refusal(
            house.keeper.SetPrices, show_ids=[show_id], prices=prices, request_id=new_id())
        assert (found.reason, found.metadata) == (reason, metadata)


def test_terms_by_the_command_line(house, seller, tmp_path):
    cli = CommandLine(house.demo, tmp_path)
    cli.environment["USHER_TOKEN"] = house.keeper.key
    show_id = house.show()
    made = cli.run(
        "partner", "offer", "create", "Late", "--show", show_id, "--percent", "12.5", "--day", "mon",
        "--day", "sun", "--exclusive", "--until", "2199-01-01T00:00:00Z")
    number = made[0].removeprefix("Offer ").split(",")[0]
    assert made == [
        f"Offer {number}, for 1 show to come.", f"  next: usher partner offer end {number}"]
    listed = cli.run("partner", "offer", "list", "--show", show_id)
    line, = [line for line in listed if line.split()[0] == number]
    assert "12.50 %" in line and "mon,sun" in line and "0, exclusive" in line and "2199" in line
    cli.run("partner", "offer", "update", number, "Later", "--amount", "2.50", "--currency", "EUR")
    assert price(seller, show_id, "A1") == 1750
    assert cli.run("partner", "offer", "end", number) == [f"Offer {number} has ended."]
    assert cli.json("partner", "prices", "GOLD=15", "STALLS=7.50", "--currency", "EUR", "--show",
                    show_id) == [{"showCount": 1}]
    assert price(seller, show_id, "A1", "B1") == 2250
    cli.run("partner", "prices", "9", "--currency", "EUR", "--theatre", house.theatre_id)
    assert price(seller, show_id, "A1", "B1") == 1800
    said = cli.run("partner", "block", show_id, "A1", "A2", "--reason", "broken chairs")
    assert said[0].startswith("Withdrawn as of version ")
    assert "A1 A2" in cli.run("partner", "blocks", show_id)[1]
    first, reason, *others = cli.start("partner", "unblock", show_id, "A3").errors(1)
    assert reason.strip() == "reason: SEATS_NOT_BLOCKED"
    assert any("Withdrawn seats are listed" in line for line in others)
    assert cli.run("partner", "unblock", show_id, "A1", "A2")[0].startswith("Given back")
    for bad in (["GOLD=1.234", "--currency", "EUR"], ["GOLD=x", "--currency", "EUR"]):
        assert "is no amount of EUR" in cli.start(
            "partner", "prices", *bad, "--show", show_id).errors(64)[0]
    assert cli.start("partner", "block", 1, "A1").errors(4)[1].strip() == (
        "reason: THEATRE_NOT_GRANTED")
