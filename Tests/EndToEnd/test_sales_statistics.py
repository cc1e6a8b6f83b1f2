"""Figures about sales, and customers whose holds are suspicious."""

import datetime
import json
import time

import grpc
import pytest
from google.protobuf import duration_pb2

from command_line import CommandLine
from partner import new_id, refusal
from test_operators import Operator
from test_sales import House, sell
from usher.admin.v1 import operator_pb2
from usher.v1 import sales_pb2, sales_pb2_grpc

DAY, SHOW, THEATRE, MOVIE, SELLER = range(1, 6)


@pytest.fixture
def house(demo):
    house = House(demo)
    yield house
    house.leave()


def statistics(partner, **fields):
    stub = sales_pb2_grpc.SalesServiceStub(partner.channel)
    request = sales_pb2.GetSalesStatisticsRequest(**fields)
    return list(stub.GetSalesStatistics(request, timeout=30).figures)


def days_of(demo, show_ids):
    """The first and the last day of shows, in their theatres' time zones."""
    ids = ",".join(map(str, show_ids))
    return demo.server.sql(
        "select min(d), max(d) from (select (lower(during) at time zone time_zone)::date as d"
        f" from show join theatre using (theatre_id) where show_id in ({ids})) s")[0]


def test_figures_by_every_group(demo, house):
    here, there = house.show_ids
    first, last = days_of(demo, house.show_ids)
    period = {"first_day": first, "last_day": last, "theatre_id": house.theatre_id}
    with (house.partner("owner") as owner, house.partner("one") as one,
          house.partner("two") as two, demo.partner(demo.other_key) as operator):
        before = {row.id: row for row in statistics(owner, grouping=SHOW, **period)}
        sold = sell(one, here, 3)
        back = one.cancel_seats(sold.booking_id, sold.seats[:1]).refund.amount
        other = sell(two, here, 1)
        two.cancel(other.booking_id)
        moved = one.exchange(sell(one, here, 1).booking_id, there, best=1)
        two.release(two.hold(here, best=(1, "")).booking_id)
        left = sold.quote.total.minor_units - back.minor_units

        by_show = {row.id: row for row in statistics(owner, grouping=SHOW, **period)}
        row = by_show[here]
        assert (row.booking_count, row.sold_seat_count, row.cancelled_seat_count) == (1, 2, 2)
        assert row.sold_amount.minor_units == left
        assert row.refunded_amount.minor_units == (
            back.minor_units + other.quote.total.minor_units
            + moved.refund.amount.minor_units)
        assert row.show_count == 1 and row.seat_count == before[here].seat_count > 0
        assert row.occupancy_basis_points == 2 * 10_000 // row.seat_count
        # What nobody bought of is counted too, and the groups add up to the same.
        assert {here, there} <= set(by_show) and before[here].sold_seat_count == 0
        for grouping in (DAY, THEATRE, MOVIE):
            rows = statistics(owner, grouping=grouping, **period)
            for field in ("show_count", "seat_count", "sold_seat_count", "booking_count"):
                assert sum(getattr(row, field) for row in rows) == sum(
                    getattr(row, field) for row in by_show.values())
        assert {row.day for row in statistics(owner, grouping=DAY, **period)} >= {first, last}
        theatre, = statistics(owner, grouping=THEATRE, **period)
        assert theatre.id == house.theatre_id and theatre.name

        sellers = {row.id: row for row in statistics(owner, grouping=SELLER, **period)}
        assert sellers[house.one_id].sold_seat_count == 3
        assert sellers[house.two_id].sold_seat_count == 0
        assert sellers[house.two_id].cancelled_seat_count == 1
        assert sellers[house.one_id].name.startswith("One ")
        of_one = statistics(owner, grouping=SHOW, partner_id=house.one_id, **period)
        assert {row.id: row.sold_seat_count for row in of_one} == {here: 2, there: 1}

        # Who sells for others sees its own, operators what the owner sees.
        assert {row.id: row.sold_seat_count
                for row in statistics(one, grouping=SHOW, **period)} == {here: 2, there: 1}
        assert statistics(operator, grouping=SHOW, **period) == list(by_show.values())
        with house.partner("narrow") as narrow, house.partner("stranger") as stranger:
            found = refusal(statistics, narrow, grouping=DAY, **period)
            assert (found.code, found.reason) == (
                grpc.StatusCode.PERMISSION_DENIED, "THEATRE_NOT_GRANTED")
            assert statistics(stranger, grouping=DAY, **period) == []
            assert statistics(stranger, grouping=DAY, **period | {"theatre_id": 1 << 40}) == []


def test_currencies_are_never_added_up(demo):
    today = datetime.date.today()
    with demo.partner(demo.other_key) as operator:
        rows = statistics(
            operator, grouping=DAY, first_day=str(today),
            last_day=str(today + datetime.timedelta(days=30)))
    currencies = {row.sold_amount.currency_code for row in rows}
    assert len(currencies) > 1
    assert all(row.sold_amount.currency_code == row.refunded_amount.currency_code for row in rows)
    assert len({(row.day, row.sold_amount.currency_code) for row in rows}) == len(rows)


GOOD = {"first_day": "2027-03-01", "last_day": "2027-03-31", "grouping": DAY}


@pytest.mark.parametrize(
    "fields, wrong",
    [
        ({"first_day": "2027-02-30"}, "first_day"),
        ({"last_day": ""}, "last_day"),
        ({"last_day": "2027-02-28"}, "last_day"),
        ({"last_day": "2028-03-02"}, "last_day"),
        ({"grouping": 0}, "grouping"),
        ({"grouping": 7}, "grouping"),
        ({"grouping": 6, "movie_id": 1}, "movie_id"),
        ({"grouping": 6, "show_id": 1}, "show_id"),
        ({"theatre_id": -1}, "theatre_id"),
        ({"movie_id": -1}, "movie_id"),
        ({"show_id": -1}, "show_id"),
        ({"partner_id": -1}, "partner_id"),
    ])
def test_a_wrong_field_is_named(partner, fields, wrong):
    assert statistics(partner, **GOOD) == []
    found = refusal(statistics, partner, **GOOD | fields)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert found.fields == [wrong]


@pytest.fixture
def operator(demo):
    with demo.partner(None) as connection:
        yield Operator(demo, connection.channel)


def test_suspicious_customers(demo, house, operator):
    show_id = house.show_ids[0]
    names = {kind: f"{kind} {new_id()}" for kind in ("nuisance", "machine", "buyer", "slow")}
    with house.partner("one") as one:
        def unpaid(kind, count):
            for _ in range(count):
                one.release(one.hold(show_id, best=(1, ""), customer=names[kind]).booking_id)

        unpaid("nuisance", 4)
        unpaid("machine", 6)
        unpaid("slow", 2)
        for _ in range(4):
            sell(one, show_id, 1, customer=names["buyer"])
    # As if they had been made over some minutes, and the machine's within one.
    demo.server.sql(
        "update booking set created_at = created_at - n * interval '1 minute' from"
        " (select booking_id as id, row_number() over (order by booking_id) as n from booking"
        f" where customer_ref in ('{names['nuisance']}', '{names['buyer']}')) s"
        " where booking_id = id")

    demo.server.sql(
        "update booking set created_at = date_trunc('minute', created_at) - interval '3 minutes'"
        f" where customer_ref = '{names['machine']}'")

    def found(**fields):
        answer = operator.ListSuspiciousCustomers(**fields)
        return {customer.customer_ref: customer for customer in answer.customers
                if customer.customer_ref in names.values()}

    suspects = found(unpaid_holds=4, holds_per_minute=6)
    assert set(suspects) == {names["nuisance"], names["machine"]}
    nuisance, machine = suspects[names["nuisance"]], suspects[names["machine"]]
    assert list(nuisance.reasons) == [operator_pb2.SUSPICION_REASON_UNPAID_HOLDS]
    assert list(machine.reasons) == [
        operator_pb2.SUSPICION_REASON_UNPAID_HOLDS, operator_pb2.SUSPICION_REASON_VELOCITY]
    assert (nuisance.partner_id, nuisance.hold_count, nuisance.unpaid_count) == (
        house.one_id, 4, 4)
    assert machine.busiest_minute >= 6 > nuisance.busiest_minute
    assert list(found(unpaid_holds=5, holds_per_minute=1_000)) == [names["machine"]]
    assert set(found(unpaid_holds=2, holds_per_minute=1_000)) == set(names.values()) - {
        names["buyer"]}
    # Without thresholds the server's own, which nobody here crosses; and of yesterday's nothing.
    assert found() == {}
    demo.server.sql(
        "update booking set created_at = created_at - interval '2 hours'"
        f" where customer_ref = '{names['machine']}'")
    hour = duration_pb2.Duration(seconds=3_600)
    assert set(found(unpaid_holds=4, window=hour)) == {names["nuisance"]}
    answer = operator.ListSuspiciousCustomers(unpaid_holds=1, holds_per_minute=1, limit=1)
    assert len(answer.customers) == 1 and answer.is_cut
    answer = operator.ListSuspiciousCustomers(window=hour)
    assert not answer.is_cut and answer.looked_back_to == answer.unpaid_looked_back_to
    assert 3_590 < time.time() - answer.looked_back_to.seconds < 3_700


@pytest.mark.parametrize(
    "fields, wrong",
    [
        ({"window": duration_pb2.Duration(seconds=59)}, "window"),
        ({"window": duration_pb2.Duration(seconds=7 * 86_400 + 1)}, "window"),
        ({"unpaid_holds": -1}, "unpaid_holds"),
        ({"unpaid_holds": 1_000_001}, "unpaid_holds"),
        ({"unpaid_percent": 101}, "unpaid_percent"),
        ({"unpaid_percent": -1}, "unpaid_percent"),
        ({"holds_per_minute": -1}, "holds_per_minute"),
        ({"limit": -1}, "limit"),
    ])
def test_a_wrong_threshold_is_named(operator, fields, wrong):
    found = refusal(operator.ListSuspiciousCustomers, **fields)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert found.fields == [wrong]


def test_by_the_command_line(demo, house, own_folder):
    show_id = house.show_ids[0]
    day, _ = days_of(demo, [show_id])
    with house.partner("one") as one:
        sell(one, show_id, 2)
    cli = CommandLine(demo, own_folder)
    cli.environment["USHER_TOKEN"] = house.key("owner")
    words = ("--from", day, "--by", "show", "--show", show_id)
    row, = [json.loads(line) for line in cli.run(
        "partner", "sales", "statistics", *words, "-o", "jsonl")]
    assert row["id"] == str(show_id) and row["soldSeatCount"] == "2"
    table = cli.run("partner", "sales", "statistics", *words)
    assert len(table) == 2 and table[1].split()[0] == str(show_id)
    cli.environment["USHER_TOKEN"] = demo.other_key
    assert cli.run("admin", "statistics", *words)[1] == table[1]
    everybody = cli.json("admin", "suspicious", "--unpaid", 1, "--percent", 1, "--per-minute", 1)
    heading, *rows = cli.run("admin", "suspicious", "--unpaid", 1, "--percent", 1, "--per-minute", 1)
    assert heading.split()[:2] == ["PARTNER", "CUSTOMER"] and len(rows) == len(everybody)
