"""Food and other add-ons: kept by theatres, listed for sellers, attached to the seats of a hold, and counted
by whatever counts money."""

import threading

import grpc
import pytest

import sales
from command_line import CommandLine
from houses import acts, manager
from partner import CALL_SECONDS, HELD, Refusal, new_id, refusal
from test_operators import DENIED
from test_terms import INVALID, House
from usher.v1 import add_on_pb2, booking_pb2

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
ADD_ON = booking_pb2.QUOTE_LINE_KIND_ADD_ON


@pytest.fixture(scope="module")
def house(demo):
    with manager(demo, scopes=["manage", "sell", "report"]) as keeper:
        yield House(demo, keeper)


@pytest.fixture
def seller(demo, house):
    with demo.partner(house.keeper.key) as partner:
        yield partner


def add_on(house, title, minor_units, **fields):
    """Makes an add-on; its id."""
    return house.keeper.CreateAddOn(
        add_on=description(house, title, minor_units, **fields), request_id=new_id()).add_on_id


def description(house, title, minor_units, currency="EUR", **fields):
    price = {"currency_code": currency, "minor_units": minor_units}
    return add_on_pb2.AddOn(**(
        {"theatre_id": house.theatre_id, "title": title, "price": price} | fields))


def attach(seller, booking_id, *items, request_id=None):
    """Each item is a seat, an add-on and a count."""
    request = add_on_pb2.SetAddOnsRequest(
        booking_id=booking_id, request_id=request_id or new_id(),
        items=[{"seat": seat, "add_on_id": id, "count": count} for seat, id, count in items])
    return seller.booking.SetAddOns(request, timeout=CALL_SECONDS).booking


def menu(seller, show_id, **fields):
    return seller.catalog.ListAddOns(
        add_on_pb2.ListAddOnsRequest(show_id=show_id, **fields), timeout=CALL_SECONDS)


def lines(booking):
    return [(line.seat, line.description, line.count, line.amount.minor_units)
            for line in booking.quote.lines if line.kind == ADD_ON]


def test_a_theatre_keeps_its_add_ons(demo, house):
    show_id = house.show()
    wish = description(house, "Popcorn", 450, category="Food", most_per_seat=4)
    made = {"add_on": wish, "request_id": new_id()}
    popcorn = house.keeper.CreateAddOn(**made).add_on_id
    assert house.keeper.CreateAddOn(**made).add_on_id == popcorn
    add_on(house, "Dollar menu", 100, currency="USD")
    with demo.partner(house.keeper.key) as seller:
        listed, = menu(seller, show_id).add_ons
        assert listed == add_on_pb2.AddOn(
            add_on_id=popcorn, theatre_id=house.theatre_id, title="Popcorn", category="Food",
            price={"currency_code": "EUR", "minor_units": 450}, most_per_seat=4)
        house.keeper.UpdateAddOn(
            add_on=description(house, "Big popcorn", 600, theatre_id=0, add_on_id=popcorn),
            request_id=new_id())
        changed, = menu(seller, show_id).add_ons
        assert (changed.title, changed.price.minor_units, changed.most_per_seat) == (
            "Big popcorn", 600, 20)
        for _ in range(2):
            house.keeper.EndAddOn(add_on_id=popcorn, request_id=new_id())
        assert not menu(seller, show_id).add_ons
        late = refusal(
            house.keeper.UpdateAddOn, add_on=description(
                house, "Late", 1, theatre_id=0, add_on_id=popcorn), request_id=new_id())
        assert (late.code, late.reason) == (PRECONDITION, "ADD_ON_ENDED")
        nowhere = refusal(menu, seller, 1 << 40)
        assert (nowhere.code, nowhere.reason) == (grpc.StatusCode.NOT_FOUND, "SHOW_NOT_FOUND")
    everything = house.keeper.ListOwnAddOns(theatre_id=house.theatre_id, with_ended=True).add_ons
    assert [(each.add_on.title, each.ended) for each in everything] == [
        ("Big popcorn", True), ("Dollar menu", False)]
    first = house.keeper.ListOwnAddOns(
        theatre_id=house.theatre_id, with_ended=True, page_size=1)
    second = house.keeper.ListOwnAddOns(
        theatre_id=house.theatre_id, with_ended=True, page_token=first.next_page_token)
    assert [*first.add_ons, *second.add_ons] == list(everything)
    assert {"CREATE_ADD_ON", "UPDATE_ADD_ON", "END_ADD_ON"} <= set(acts(house.keeper))


def test_wrong_add_ons_and_other_peoples_theatres(demo, house):
    good = description(house, "Cola", 300)
    own = add_on(house, "Mine", 1)
    for fields, named in [
            ({"title": ""}, ["add_on.title"]), ({"title": "x" * 81}, ["add_on.title"]),
            ({"title": "a\nb"}, ["add_on.title"]), ({"category": "x" * 41}, ["add_on.category"]),
            ({"most_per_seat": 21}, ["add_on.most_per_seat"]),
            ({"most_per_seat": -1}, ["add_on.most_per_seat"]),
            ({"add_on_id": 1}, ["add_on.add_on_id"]),
            ({"price": {"currency_code": "eur", "minor_units": 1}},
             ["add_on.price.currency_code"]),
            ({"price": {"currency_code": "ABC", "minor_units": 1}},
             ["add_on.price.currency_code"]),
            ({"price": {"currency_code": "EUR", "minor_units": -1}},
             ["add_on.price.minor_units"]),
            ({"price": {"currency_code": "EUR", "minor_units": 10**9 + 1}},
             ["add_on.price.minor_units"])]:
        wrong = add_on_pb2.AddOn()
        wrong.CopyFrom(good)
        for name in fields:
            wrong.ClearField(name)
        wrong.MergeFrom(add_on_pb2.AddOn(**fields))
        found = refusal(house.keeper.CreateAddOn, add_on=wrong, request_id=new_id())
        assert (found.code, found.reason) == INVALID and found.fields == named, fields
    unnamed = refusal(house.keeper.EndAddOn, add_on_id=own)
    assert (unnamed.code, unnamed.reason) == INVALID and unnamed.fields == ["request_id"]
    with manager(demo) as other:
        for id in (own, 1 << 40):
            wish = description(house, "Theirs", 1, theatre_id=0, add_on_id=id)
            for found in (
                    refusal(other.UpdateAddOn, add_on=wish, request_id=new_id()),
                    refusal(other.EndAddOn, add_on_id=id, request_id=new_id())):
                assert (found.code, found.reason) == DENIED
        for id in (house.theatre_id, 1 << 40):
            wish = description(house, "Theirs", 1, theatre_id=id)
            for found in (
                    refusal(other.CreateAddOn, add_on=wish, request_id=new_id()),
                    refusal(other.ListOwnAddOns, theatre_id=id)):
                assert (found.code, found.reason) == DENIED


def test_add_ons_from_the_hold_to_the_books(house, seller):
    """What is attached is charged, told to those who follow sales, and given back with its seat."""
    show_id = house.show()
    popcorn, cola = add_on(house, "Popcorn", 450), add_on(house, "Cola", 300)
    held = seller.hold(show_id, ["A1", "B1"])
    attached = attach(seller, held.booking_id, ("A1", popcorn, 2), ("B1", cola, 1))
    assert lines(attached) == [("A1", "Popcorn", 2, 900), ("B1", "Cola", 1, 300)]
    assert attached.quote.total.minor_units == 3000 + 1200
    version, seats = seller.map(show_id)
    assert version >= attached.version and seats["A1"] == seats["B1"] == HELD
    # Neither another price nor the end of an add-on changes what is attached.
    house.keeper.UpdateAddOn(
        add_on=description(house, "Popcorn", 999, theatre_id=0, add_on_id=popcorn),
        request_id=new_id())
    house.keeper.EndAddOn(add_on_id=cola, request_id=new_id())
    sold = seller.confirm(held.booking_id)
    assert sold.quote == attached.quote == seller.get(held.booking_id).quote
    gone = seller.cancel_seats(held.booking_id, ["A1"])
    assert gone.refund.amount.minor_units == 2900
    shares = sales.digest(seller, show_id).shares
    assert [(share.tier, share.amount.minor_units) for share in shares] == [("STALLS", 1300)]
    record = sales.Record()
    for message in sales.watch(seller):
        record.apply(message)
        events = [event for transaction in record.transactions.values()
                  for event in transaction.events if event.booking_id == held.booking_id]
        if len(events) == 2:
            break
    confirmed, cancelled = sorted(events, key=lambda event: event.show_version)
    assert confirmed.amount.minor_units == 4200 and cancelled.amount.minor_units == 2900
    assert cancelled.refund.minor_units == 2900
    assert [(seat.label, [(each.title, each.count, each.amount.minor_units)
                          for each in seat.add_ons]) for seat in confirmed.seats] == [
        ("A1", [("Popcorn", 2, 900)]), ("B1", [("Cola", 1, 300)])]
    assert house.demo.server.faults() == []


def test_an_exchange_gives_add_ons_up_with_the_seats(house, seller):
    show_id = house.show()
    popcorn = add_on(house, "Popcorn", 450)
    held = seller.hold(show_id, ["A1"])
    attach(seller, held.booking_id, ("A1", popcorn, 1))
    other = seller.exchange(held.booking_id, show_id, ["A2"])
    assert other.price_difference.minor_units == -450 and lines(other.booking) == []
    seller.confirm(other.booking.booking_id)
    assert house.demo.server.faults() == []


def test_what_cannot_be_attached_is_named(demo, house, seller):
    show_id = house.show()
    popcorn = add_on(house, "Popcorn", 450, most_per_seat=2)
    dollars, ended = add_on(house, "Dollar menu", 100, currency="USD"), add_on(house, "Old", 1)
    house.keeper.EndAddOn(add_on_id=ended, request_id=new_id())
    with manager(demo) as other:
        elsewhere = add_on(House(demo, other), "Theirs", 1)
    held = seller.hold(show_id, ["A1", "A2"])
    for items, code, reason, metadata in [
            ([("A1", popcorn, 1), ("B1", popcorn, 1)], PRECONDITION, "SEATS_NOT_IN_BOOKING",
             {"seats": "B1"}),
            ([("A1", elsewhere, 1), ("A1", 1 << 40, 1)], grpc.StatusCode.NOT_FOUND,
             "ADD_ON_NOT_FOUND", {"add_on": f"{elsewhere},{1 << 40}"}),
            ([("A1", ended, 1)], PRECONDITION, "ADD_ON_ENDED", {"add_ons": str(ended)}),
            ([("A1", dollars, 1)], PRECONDITION, "CURRENCY_DIFFERS", {}),
            ([("A1", popcorn, 3)], PRECONDITION, "ADD_ON_LIMIT_EXCEEDED",
             {"add_ons": str(popcorn)})]:
        found = refusal(attach, seller, held.booking_id, *items)
        assert (found.code, found.reason) == (code, reason)
        assert metadata.items() <= found.metadata.items()
    for items, named in [
            ([("A1", popcorn, 0)], ["items[0].count"]), ([("A1", popcorn, 21)], ["items[0].count"]),
            ([("", popcorn, 1)], ["items[0].seat"]), ([("A1", 0, 1)], ["items[0].add_on_id"]),
            ([("A1", popcorn, 1)] * 2, ["items"]),
            ([("A1", id, 1) for id in range(1, 12)], ["items"]),
            ([("A1", popcorn, 1)] * 101, ["items"])]:
        found = refusal(attach, seller, held.booking_id, *items)
        assert (found.code, found.reason) == INVALID and found.fields == named, items
    assert lines(seller.get(held.booking_id)) == []
    # Another's booking is none at all.
    with manager(demo) as other, demo.partner(other.key) as theirs:
        found = refusal(attach, theirs, held.booking_id, ("A1", popcorn, 1))
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "BOOKING_NOT_FOUND")
    seller.release(held.booking_id)
    late = refusal(attach, seller, held.booking_id, ("A1", popcorn, 1))
    assert (late.code, late.reason) == (PRECONDITION, "HOLD_RELEASED")


def test_the_same_request_is_answered_as_it_was(house, seller):
    show_id = house.show()
    popcorn = add_on(house, "Popcorn", 450)
    held = seller.hold(show_id, ["A1"])
    request_id = new_id()
    wanted = ("A1", popcorn, 2)
    first = attach(seller, held.booking_id, wanted, request_id=request_id)
    attach(seller, held.booking_id)
    house.keeper.EndAddOn(add_on_id=popcorn, request_id=new_id())
    again = attach(seller, held.booking_id, wanted, request_id=request_id)
    assert again.quote == first.quote and again.version == first.version
    assert seller.outcome(request_id).booking.quote == first.quote
    other = refusal(attach, seller, held.booking_id, ("A1", popcorn, 1), request_id=request_id)
    assert other.reason == "REQUEST_ID_REUSED"
    assert seller.get(held.booking_id).quote == held.quote
    seller.release(held.booking_id)


def test_attaching_and_confirming_at_once_charges_what_is_quoted(house, seller):
    """Whatever comes first, the sale costs what its answer says, and who came late is told."""
    show_id = house.show()
    popcorn = add_on(house, "Popcorn", 450)
    for seat in ("A1", "A2", "A3", "A4"):
        held = seller.hold(show_id, [seat])
        outcomes = {}

        def tried(name, call, *arguments):
            try:
                outcomes[name] = call(*arguments)
            except grpc.RpcError as error:
                outcomes[name] = Refusal(error)

        threads = [
            threading.Thread(target=tried, args=(
                "attached", attach, seller, held.booking_id, (seat, popcorn, 1))),
            threading.Thread(target=tried, args=("sold", seller.confirm, held.booking_id))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sold = outcomes["sold"].quote
        if isinstance(outcomes["attached"], Refusal):
            assert outcomes["attached"].reason == "BOOKING_STATE" and sold == held.quote
        else:
            assert sold == outcomes["attached"].quote
        assert seller.get(held.booking_id).quote == sold
    assert house.demo.server.faults() == []


def test_add_ons_by_the_command_line(house, seller, tmp_path):
    cli = CommandLine(house.demo, tmp_path)
    cli.environment["USHER_TOKEN"] = house.keeper.key
    show_id = house.show()
    made = cli.run(
        "partner", "add-on", "create", house.theatre_id, "Salted popcorn", "--price", "4.50",
        "--currency", "EUR", "--category", "Food", "--most", 4)
    number = made[0].removeprefix("Add-on ").rstrip(".")
    listed = next(line for line in cli.run("add-ons", show_id) if line.split()[0] == number)
    assert "Salted popcorn" in listed and "Food" in listed and "4.50" in listed
    booking = seller.hold(show_id, ["A1", "A2"]).booking_id
    told = cli.run("attach", booking, "A1=salted:2", f"A2={number}")
    assert any("2 × Salted popcorn" in line for line in told)
    assert lines(seller.get(booking)) == [
        ("A1", "Salted popcorn", 2, 900), ("A2", "Salted popcorn", 1, 450)]
    cli.run("attach", booking, "--none")
    assert lines(seller.get(booking)) == []
    cli.run("attach", booking, code=64)
    cli.run(
        "partner", "add-on", "update", number, "Sweet popcorn", "--price", "5", "--currency", "EUR")
    assert cli.run("partner", "add-on", "end", number) == [f"Add-on {number} has ended."]
    kept = cli.json("partner", "add-on", "list", house.theatre_id, "--ended")
    assert {"Sweet popcorn"} == {
        each["addOn"]["title"] for each in kept if each["addOn"]["addOnId"] == number}
    late = cli.start("attach", booking, f"A1={number}").errors(code=1)
    assert any("have ended" in line for line in late)
