"""Settlement statements: what they count, for whom, and by the command line."""

import csv
import datetime
import json

import grpc
import pytest

from command_line import CommandLine
from partner import refusal
from test_sales import House, sell
from usherd import wait_until
from usher.v1 import sales_pb2, sales_pb2_grpc

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
# Whatever the theatre's clock says now.
ABOUT_NOW = {"first_day": str(TODAY - datetime.timedelta(days=1)),
             "last_day": str(TODAY + datetime.timedelta(days=1))}
LONG_AGO = {"first_day": str(TODAY - datetime.timedelta(days=40)),
            "last_day": str(TODAY - datetime.timedelta(days=10))}


@pytest.fixture
def house(demo):
    house = House(demo)
    yield house
    house.leave()


def statement(partner, **fields):
    stub = sales_pb2_grpc.SalesServiceStub(partner.channel)
    return stub.GetSettlement(sales_pb2.GetSettlementRequest(**fields), timeout=30)


def lines(partner, seller_id, **fields):
    found = statement(partner, partner_id=seller_id, **ABOUT_NOW | fields).lines
    return {line.theatre_id: line for line in found}


def test_what_moves_money_counts(house):
    here, there = house.show_ids
    with house.partner("owner") as owner, house.partner("one") as one:
        sold = sell(one, here, 3)
        back = one.cancel_seats(sold.booking_id, sold.seats[:1]).refund.amount
        old = sell(one, here, 1)
        moved = one.exchange(old.booking_id, there, best=1)
        one.release(one.hold(here, best=(1, "")).booking_id)
        line = wait_until(
            lambda: (found := lines(owner, house.one_id).get(house.theatre_id))
            and found.sold_count == 5 and found.returned_count == 2 and found,
            15, "all of it was not counted")
        first, before, after = (
            booking.quote.total.minor_units for booking in (sold, old, moved.booking))
        given = back.minor_units + moved.refund.amount.minor_units
        # The old seat has paid for the new one, as far as it went.
        assert line.gross_amount.minor_units == first + before + after
        assert line.refunded_amount.minor_units == given
        assert line.credited_amount.minor_units == min(before, after)
        assert line.net_amount.minor_units == (
            first + before + after - given - min(before, after))
        assert line.theatre_name and line.partner_name.startswith("One ")
        # Who sold sees the same, others nothing.
        assert lines(one, house.one_id) == {house.theatre_id: line}
        assert lines(owner, house.two_id) == {}
        with house.partner("two") as two, house.partner("narrow") as narrow:
            assert lines(two, house.one_id) == {}
            assert lines(narrow, house.one_id) == {}
            found = refusal(statement, narrow, theatre_id=house.theatre_id, **ABOUT_NOW)
            assert (found.code, found.reason) == (
                grpc.StatusCode.PERMISSION_DENIED, "THEATRE_NOT_GRANTED")
            unknown = refusal(statement, narrow, theatre_id=1 << 40, **ABOUT_NOW)
            assert (unknown.reason, unknown.message) == (found.reason, found.message)


def test_a_period_that_is_over_and_counted_is_final(house):
    with house.partner("owner") as owner:
        wait_until(lambda: statement(owner, **LONG_AGO).is_final, 30, "it is not final")
        found = statement(owner, **ABOUT_NOW)
        assert not found.is_final and found.HasField("counted_until")


def test_pages_follow_each_other(demo, house):
    with house.partner("one") as one:
        sell(one, house.show_ids[0], 1)
        wait_until(lambda: lines(one, house.one_id), 15, "it was not counted")
    with demo.partner(demo.other_key) as operator:
        whole = list(statement(operator, page_size=200, **ABOUT_NOW).lines)
        found, token = [], ""
        while True:
            page = statement(operator, page_size=1, page_token=token, **ABOUT_NOW)
            found += page.lines
            token = page.next_page_token
            if not token or len(found) == 5:
                break
        keys = [(line.theatre_id, line.partner_id, line.gross_amount.currency_code)
                for line in whole]
        assert keys == sorted(keys) and whole[:len(found)] == found
        wrong = refusal(statement, operator, page_token="x", **ABOUT_NOW)
        assert wrong.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize(
    "fields, wrong",
    [
        ({"first_day": "2027-02-30"}, "first_day"),
        ({"last_day": ""}, "last_day"),
        ({"last_day": "2027-02-28"}, "last_day"),
        ({"last_day": "2027-06-01"}, "last_day"),
        ({"theatre_id": -1}, "theatre_id"),
        ({"partner_id": -1}, "partner_id"),
        ({"page_size": -1}, "page_size"),
    ])
def test_a_wrong_field_is_named(partner, fields, wrong):
    good = {"first_day": "2027-03-01", "last_day": "2027-05-31"}
    assert not statement(partner, **good).lines
    found = refusal(statement, partner, **good | fields)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert found.fields == [wrong]


def test_by_the_command_line(demo, house, own_folder):
    with house.partner("one") as one:
        sold = sell(one, house.show_ids[0], 2)
        wait_until(lambda: lines(one, house.one_id), 15, "it was not counted")
    total = sold.quote.total
    amount = f"{total.minor_units // 100}.{total.minor_units % 100:02}"
    cli = CommandLine(demo, own_folder)
    cli.environment["USHER_TOKEN"] = house.key("one")
    words = ("partner", "settlement", "--from", ABOUT_NOW["first_day"], "--to",
             ABOUT_NOW["last_day"], "--theatre", house.theatre_id)
    row, = [json.loads(line) for line in cli.run(*words, "-o", "jsonl")]
    assert row["soldCount"] == "2" and row["netAmount"]["minorUnits"] == str(total.minor_units)
    whole = json.loads("\n".join(cli.run(*words, "-o", "json")))
    assert whole["lines"] == [row] and "isFinal" not in whole
    heading, line, sums = cli.run(*words)
    assert heading.split()[0] == "THEATRE" and sums.split()[0] == "ALL"
    assert line.count(f"{amount} {total.currency_code}") == 2
    row, = csv.DictReader(cli.run(*words, "--csv"))
    assert (row["gross"], row["net"], row["currency"]) == (amount, amount, total.currency_code)
    assert (row["sold"], row["final"]) == ("2", "false")
    # Figures about sales have the form too.
    day, = demo.server.sql(
        "select (lower(during) at time zone time_zone)::date from show join theatre"
        f" using (theatre_id) where show_id = {house.show_ids[0]}")
    row, = csv.DictReader(cli.run(
        "partner", "sales", "statistics", "--from", *day, "--by", "show", "--show",
        house.show_ids[0], "--csv"))
    assert (row["id"], row["sold_seats"], row["sold_amount"]) == (
        str(house.show_ids[0]), "2", amount)
