"""usher.v1.SalesService: the stream of sales, bookings of a show, and its digest; who may see what."""

import json

import grpc
import pytest

from command_line import CommandLine

from partner import new_id, refusal, wait_ready
from sales import (
    CANCELLED, CONFIRMED, EXCHANGED_AWAY, EXCHANGED_FOR, Follower, Record, digest, follow_until,
    list_bookings, newest_position, ticket, watch)
from test_accounts import PASSWORD, Customer
from test_operators import Operator
from usherd import wait_until
from usher.v1 import booking_pb2

DENIED = (grpc.StatusCode.PERMISSION_DENIED, "THEATRE_NOT_GRANTED")
NO_SEATS = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def refused(call, *arguments, **fields):
    found = refusal(call, *arguments, **fields)
    return found.code, found.reason


class House:
    """A theatre that a partner of its own owns, and two partners that sell for it."""

    def __init__(self, demo):
        with demo.partner(None) as connection:
            operator = Operator(demo, connection.channel)
            self.owner_id, self.one_id, self.two_id = (
                operator.partner(f"{name} {new_id()}").partner_id
                for name in ("Owner", "One", "Two"))
            stranger_id = operator.partner(f"Stranger {new_id()}").partner_id
            self.theatre_id, self.show_ids = self._shows(demo)
            self._owner_before, = demo.server.sql(
                "select coalesce(partner_id::text, 'null') from theatre"
                f" where theatre_id = {self.theatre_id}")
            self._demo = demo
            self._give_to(self.owner_id)
            self._keys = {
                name: operator.key(partner_id, **fields)[1]
                for name, partner_id, fields in [
                    ("owner", self.owner_id, {}), ("one", self.one_id, {}),
                    ("two", self.two_id, {}), ("stranger", stranger_id, {}),
                    ("granted", self.owner_id, {"theatre_ids": [self.theatre_id]}),
                    ("narrow", self.owner_id, {"theatre_ids": [self._other_theatre(demo)]}),
                ]}
        # Scopes as rows: that keys get them is another test's.
        demo.server.sql(
            "update api_key set scopes = '{sell,report}' where partner_id in"
            f" ({self.owner_id}, {self.one_id}, {self.two_id}, {stranger_id})")

    @staticmethod
    def _shows(demo):
        first = demo.fresh_show()
        second = next(
            show for show in demo.fresh_shows() if show.theatre_id == first.theatre_id)
        demo.fresh_shows().remove(second)
        return first.theatre_id, [first.show_id, second.show_id]

    def _other_theatre(self, demo):
        return next(show.theatre_id for show in demo.fresh_shows()
                    if show.theatre_id != self.theatre_id)

    def key(self, name):
        return self._keys[name]

    def partner(self, name):
        return self._demo.partner(self._keys[name])

    def _give_to(self, owner):
        self._demo.server.sql(
            f"update theatre set partner_id = {owner} where theatre_id = {self.theatre_id}")

    def leave(self):
        self._give_to(*self._owner_before)


@pytest.fixture
def house(demo):
    house = House(demo)
    yield house
    house.leave()


def sell(partner, show_id, count=2, **fields):
    held = partner.hold(show_id, best=(count, "", True), **fields)
    return partner.confirm(held.booking_id, payment=f"paid {held.booking_id[:8]}")


def test_a_sale_and_what_becomes_of_it(house):
    here, there = house.show_ids
    with house.partner("owner") as owner, house.partner("one") as seller:
        with Follower(owner, only_new=True) as follower:
            # The first word on a stream is how far it goes: from here on all is told.
            follower.wait(lambda record: record.has_heard, what="a bookmark")
            sold = sell(seller, here, 3)
            partly = seller.cancel_seats(sold.booking_id, sold.seats[1:2])
            moved = seller.exchange(sold.booking_id, there, best=1)
            seller.cancel(moved.booking.booking_id)
            record = follower.wait(lambda record: len(record.of(moved.booking.booking_id)) == 2)
    record.check_order()
    assert [event.kind for event in record.of(sold.booking_id)] == [
        CONFIRMED, CANCELLED, EXCHANGED_AWAY]
    assert [event.kind for event in record.of(moved.booking.booking_id)] == [
        EXCHANGED_FOR, CANCELLED]
    confirmed, cancelled, away = record.of(sold.booking_id)
    assert (confirmed.show_id, confirmed.theatre_id, confirmed.partner_id) == (
        here, house.theatre_id, house.one_id)
    assert [seat.label for seat in confirmed.seats] == list(sold.seats)
    assert confirmed.show_version == sold.version and confirmed.seats_left
    assert confirmed.payment_reference == f"paid {sold.booking_id[:8]}"
    assert confirmed.amount == sold.quote.total and not confirmed.HasField("refund")
    assert sum(seat.price.minor_units for seat in confirmed.seats) == confirmed.amount.minor_units
    base = {line.seat: line.description for line in sold.quote.lines if line.offer_id == 0}
    assert {seat.label: seat.tier for seat in confirmed.seats} == base
    assert [seat.label for seat in cancelled.seats] == [sold.seats[1]]
    assert cancelled.refund == partly.refund.amount and cancelled.seats_left
    assert [seat.label for seat in away.seats] == [sold.seats[0], sold.seats[2]]
    assert not away.seats_left and away.other_booking_id == moved.booking.booking_id
    assert away.refund == moved.refund.amount
    new, ended = record.of(moved.booking.booking_id)
    assert new.show_id == there and new.other_booking_id == sold.booking_id
    assert not new.HasField("refund") and not ended.seats_left
    # Both halves of an exchange are told at once.
    assert [away, new] == [
        event for transaction in record.transactions.values() for event in transaction.events
        if event.kind in (EXCHANGED_AWAY, EXCHANGED_FOR)]
    assert record.sold_seats(here) == record.sold_seats(there) == {}


def test_a_hold_is_no_sale(house):
    show_id = house.show_ids[0]
    with house.partner("one") as seller:
        start = newest_position(seller)
        seller.release(seller.hold(show_id, best=(2, "")).booking_id)
        kept = seller.hold(show_id, best=(2, ""))
        seller.exchange(kept.booking_id, show_id, best=1)
        sold = sell(seller, show_id, 1)
        record = follow_until(
            seller, lambda record: record.of(sold.booking_id), Record(start))
        assert [event.booking_id for event in record.events] == [sold.booking_id]


def test_who_sees_what(demo, house):
    show_id = house.show_ids[0]
    elsewhere = next(
        show for show in demo.fresh_shows() if show.theatre_id != house.theatre_id)
    demo.fresh_shows().remove(elsewhere)
    with (house.partner("owner") as owner, house.partner("one") as one,
          house.partner("two") as two, house.partner("granted") as granted,
          house.partner("narrow") as narrow, demo.partner() as stranger,
          demo.partner(demo.other_key) as operator):
        start = newest_position(one)
        by_one, by_two = sell(one, show_id), sell(two, show_id, 1)
        abroad = sell(owner, elsewhere.show_id, 1)
        last = sell(two, show_id, 1)

        def seen(partner):
            record = follow_until(
                partner, lambda record: record.position >= end, Record(start))
            record.check_order()
            return [event.booking_id for event in record.events]

        end = max(follow_until(
            operator, lambda record: record.of(last.booking_id), Record(start)).transactions)
        ids = [booking.booking_id for booking in (by_one, by_two, abroad, last)]
        assert set(seen(operator)) >= set(ids)
        assert seen(owner) == ids
        assert seen(granted) == [ids[0], ids[1], ids[3]]
        assert seen(one) == [ids[0]]
        assert seen(two) == [ids[1], ids[3]]
        assert set(seen(narrow)) <= {ids[2]}
        assert not set(seen(stranger)) & {ids[0], ids[1], ids[3]}

        def listed(partner):
            return [entry.booking.booking_id for entry in list_bookings(partner, show_id).bookings]

        expected = [ids[0], ids[1], ids[3]]
        assert listed(owner) == listed(granted) == listed(operator) == expected
        assert listed(one) == ids[:1] and listed(two) == [ids[1], ids[3]]
        assert [share.partner_id for share in digest(two, show_id).shares] == [house.two_id] * len(
            digest(two, show_id).shares)
        # What one may not see is not told apart from what is not there.
        words = set()
        for partner in (narrow, stranger):
            for call in (list_bookings, digest):
                for wanted in (show_id, 1 << 40):
                    found = refusal(call, partner, wanted)
                    assert (found.code, found.reason) == DENIED
                    words.add((found.message, str(found.metadata)))
        assert refused(digest, one, 1 << 40) == DENIED
        assert len(words) == 1
        for call in (list_bookings, digest):
            assert refused(call, operator, 1 << 40) == (
                grpc.StatusCode.NOT_FOUND, "SHOW_NOT_FOUND")


def test_a_booking_is_found_by_its_ticket(demo, house, own_folder):
    show_id = house.show_ids[0]
    with (house.partner("owner") as owner, house.partner("one") as one,
          house.partner("stranger") as stranger, house.partner("narrow") as narrow,
          demo.partner(demo.other_key) as operator):
        held = one.hold(show_id, best=(2, ""), customer="guest 7")
        assert not held.ticket_code
        sold = one.confirm(held.booking_id)
        assert sold.ticket_code.startswith("TKT-")
        typed = sold.ticket_code.removeprefix("TKT-").lower()
        for partner, code in [
                (one, sold.ticket_code), (owner, typed), (operator, f"{typed[:5]} {typed[5:]}")]:
            found = ticket(partner, code)
            assert found.booking.booking.booking_id == sold.booking_id
            assert list(found.booking.booking.seats) == list(sold.seats)
            assert found.booking.partner_id == house.one_id
            assert found.customer.customer_ref == "guest 7" and not found.customer.email
        # Others' tickets are not told from none.
        none = refusal(ticket, owner, "TKT-0000000000")
        assert (none.code, none.reason) == (grpc.StatusCode.NOT_FOUND, "BOOKING_NOT_FOUND")
        for partner in (stranger, narrow):
            assert refused(ticket, partner, sold.ticket_code) == (none.code, none.reason)
        wrong = refusal(ticket, one, "TKT-7F3K9Q")
        assert wrong.fields == ["ticket_code"]
        one.cancel(sold.booking_id)
        assert ticket(owner, typed).booking.booking.state == booking_pb2.BOOKING_STATE_CANCELLED
    cli = CommandLine(demo, own_folder)
    cli.environment["USHER_TOKEN"] = house.key("owner")
    lines = "\n".join(cli.run("partner", "sales", "ticket", typed))
    assert "guest 7" in lines and sold.ticket_code in lines
    cli.start("partner", "sales", "ticket", "TKT-0000000000").errors(code=5)


def test_a_ticket_tells_an_accounts_customer_to_those_who_may_know(demo, house):
    """The theatre learns who comes; how to reach them is between them and the house."""
    ada = Customer(demo, name="Ada", phone="+32471234567")
    with demo.partner(None) as connection:
        _, secret = Operator(demo, connection.channel).key(0)
    with (ada.connection() as own, demo.partner(secret) as till, house.partner("owner") as owner,
          house.partner("one") as stranger, demo.partner(demo.other_key) as operator):
        held = own.hold(house.show_ids[0], best=(1, ""))
        code = till.confirm(held.booking_id).ticket_code

        def told(partner):
            customer = ticket(partner, code).customer
            return customer.name, customer.email, customer.phone

        assert told(owner) == ("Ada", "", "")
        assert told(operator) == ("Ada", ada.email, "+32471234567")
        assert refused(ticket, stranger, code)[1] == "BOOKING_NOT_FOUND"
        own.cancel(held.booking_id)
        ada.call("CloseAccount", password=PASSWORD)
        assert told(owner) == told(operator) == ("", "", "")


def test_the_digest_is_what_the_stream_tells(house):
    show_id = house.show_ids[0]
    with house.partner("owner") as owner, house.partner("one") as one, house.partner("two") as two:
        start = newest_position(owner)
        assert digest(owner, show_id).sold_hash == NO_SEATS
        first, second = sell(one, show_id, 3), sell(two, show_id, 2)
        third = sell(one, show_id, 1)
        one.cancel_seats(first.booking_id, first.seats[:1])
        one.exchange(third.booking_id, show_id, best=2)
        found = digest(owner, show_id)
        # What is sold afterwards has a later version and does not count.
        sell(two, show_id, 1)
        record = follow_until(
            owner, lambda record: record.position > found.position, Record(start))
        assert record.sold_hash(show_id, found.version) == found.sold_hash != NO_SEATS
        assert len(record.sold_seats(show_id, found.version)) == found.sold_count == 6
        assert sum(share.seat_count for share in found.shares) == 6
        paid = {(share.partner_id, share.tier): share.amount.minor_units for share in found.shares}
        told = {}
        for event in record.events:
            if event.show_id == show_id and event.show_version <= found.version:
                sign = 1 if event.kind in (CONFIRMED, EXCHANGED_FOR) else -1
                for seat in event.seats:
                    key = event.partner_id, seat.tier
                    told[key] = told.get(key, 0) + sign * seat.price.minor_units
        assert {key: amount for key, amount in told.items() if amount} == paid
        own = digest(one, show_id)
        record = follow_until(one, lambda record: record.position >= own.position, Record(start))
        assert record.sold_hash(show_id, own.version) == own.sold_hash != digest(
            two, show_id).sold_hash
        assert own.sold_count == 7 and {share.partner_id for share in own.shares} == {house.one_id}
        counts = own.available_count + own.held_count + own.sold_count + own.blocked_count
        assert counts == len(one.map(show_id)[1])
        assert second.booking_id in set(record.sold_seats(show_id).values()) | {second.booking_id}


def test_bookings_come_in_pages(house):
    show_id = house.show_ids[0]
    with house.partner("owner") as owner, house.partner("one") as one:
        sold = [sell(one, show_id, 1, customer=f"c{number}") for number in range(5)]
        one.cancel(sold[2].booking_id)
        held = one.hold(show_id, best=(1, ""))
        one.release(one.hold(show_id, best=(1, "")).booking_id)
        found, token = [], ""
        while True:
            page = list_bookings(owner, show_id, page_size=2, page_token=token)
            assert len(page.bookings) <= 2
            found += page.bookings
            token = page.next_page_token
            if not token:
                break
        assert [entry.booking.booking_id for entry in found] == [
            booking.booking_id for booking in [*sold, held]]
        assert [entry.booking.customer_ref for entry in found[:5]] == [
            f"c{number}" for number in range(5)]
        assert [entry.booking.state for entry in found] == [
            booking_pb2.BOOKING_STATE_CANCELLED if index == 2
            else booking_pb2.BOOKING_STATE_HELD if index == 5
            else booking_pb2.BOOKING_STATE_CONFIRMED for index in range(6)]
        assert {entry.partner_id for entry in found} == {house.one_id}
        one.release(held.booking_id)
        empty = list_bookings(owner, house.show_ids[1])
        assert not empty.bookings and not empty.next_page_token
        other = list_bookings(owner, show_id, page_size=1).next_page_token
        for token in ("zz", other + "00", other):
            wanted = house.show_ids[1] if token == other else show_id
            assert refused(list_bookings, owner, wanted, page_token=token) == (
                grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


@pytest.mark.parametrize(
    "call, wrong",
    [
        (lambda partner: next(watch(partner, -1)), "after_position"),
        (lambda partner: next(watch(partner, 1, only_new=True)), "only_new"),
        (lambda partner: list_bookings(partner, 1, page_size=-1), "page_size"),
    ])
def test_a_wrong_field_is_named(partner, call, wrong):
    found = refusal(call, partner)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert found.fields == [wrong]


def test_a_key_has_so_many_streams(house):
    with house.partner("two") as two, house.partner("two") as again, house.partner("one") as one:
        streams = [watch(partner) for partner in (two, again) for _ in range(5)]
        for stream in streams:
            next(stream)
        found = refusal(lambda: next(watch(two)))
        assert (found.code, found.reason, found.metadata, found.retry_after) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED, "SALES_STREAMS_EXCEEDED", {"streams": "10"}, 30)
        # Another key has its own; and one that ends makes room, soon.
        next(watch(one))
        streams.pop().cancel()

        def is_let_in():
            try:
                return next(watch(again))
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        wait_until(is_let_in)


def test_sales_are_numbered_though_nobody_follows(own_demo):
    with own_demo.partner() as partner:
        sell(partner, own_demo.fresh_show().show_id, 1)
    wait_until(lambda: own_demo.server.sql("select position from sales_log") == [("1",)])
    assert own_demo.server.sql("select from sales_outbox") == []


def test_positions_that_never_were_or_are_forgotten(own_demo):
    show_id = own_demo.fresh_show().show_id
    with own_demo.partner() as partner:
        sold = [sell(partner, show_id, 1) for _ in range(3)]
        newest = newest_position(partner)
        found = refusal(lambda: next(watch(partner, newest + 1)))
        assert (found.code, found.reason) == (grpc.StatusCode.OUT_OF_RANGE, "POSITION_AHEAD")
        assert found.metadata["newest"] == str(newest) == "3"
        # The first two are made old; the next sale forgets them.
        own_demo.server.sql(
            "update sales_log set created_at = now() - sales_retention() - interval '1 s'"
            " where position <= 2")
        sold.append(sell(partner, show_id, 1))
        assert newest_position(partner) == 4
        found = refusal(lambda: next(watch(partner, 1)))
        assert (found.code, found.reason) == (
            grpc.StatusCode.FAILED_PRECONDITION, "SALES_FORGOTTEN")
        assert found.metadata["oldest"] == "3"
        for start in (0, 2):
            record = follow_until(
                partner, lambda record: record.of(sold[3].booking_id), Record(start))
            assert [event.booking_id for event in record.events] == [
                booking.booking_id for booking in sold[2:]]


def test_a_stream_ends_with_its_key(demo, house):
    with house.partner("one") as one, demo.partner(None) as connection:
        operator = Operator(demo, connection.channel)
        with Follower(one, only_new=True) as follower:
            follower.wait(lambda record: record.has_heard)
            keys = operator.ListApiKeys(partner_id=house.one_id).api_keys
            operator.RevokeApiKey(key_id=keys[0].key_id)
            with house.partner("two") as two:
                sell(two, house.show_ids[0], 1)
            error = follower.wait_end()
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED


def test_a_follower_that_is_killed_goes_on(demo, house, own_folder):
    """By the command line: what it had printed when it was killed is all that counts."""
    cli = CommandLine(demo, own_folder)
    cli.environment["USHER_TOKEN"] = house.key("one")
    with house.partner("one") as one:
        start = newest_position(one)
        sold = [sell(one, house.show_ids[0], 1)]
        follow = ("partner", "sales", "watch", "--after")

        def told(lines):
            return [message["transaction"] for message in map(json.loads, lines)
                    if "transaction" in message]

        running = cli.start(*follow, start, "-o", "jsonl")
        wait_until(lambda: told(running.lines), 30, "the first sale")
        running.process.kill()
        running.process.wait(30)
        seen = told(running.lines)
        sold += [sell(one, house.show_ids[0], 1) for _ in range(2)]
        lines = cli.run(*follow, seen[-1]["position"], "--count", 2, "-o", "jsonl")
        seen += told(lines)
        assert [event["bookingId"] for transaction in seen for event in transaction["events"]] == [
            booking.booking_id for booking in sold]
        text = cli.run(*follow, start, "--once")
        assert len(text) == 3 and f"booking {sold[0].booking_id}" in text[0]
        assert f"confirmed {sold[0].seats[0]} of show {house.show_ids[0]}" in text[0]
        cli.environment["USHER_TOKEN"] = house.key("owner")
        found, = cli.json("partner", "sales", "digest", house.show_ids[0])
        with house.partner("owner") as owner:
            assert found["soldHash"] == digest(owner, house.show_ids[0]).sold_hash
        table = cli.run("partner", "sales", "bookings", house.show_ids[0])
        assert len(table) == 4 and sold[2].booking_id in table[3]
        cli.environment["USHER_TOKEN"] = house.key("narrow")
        remarks = cli.start("partner", "sales", "digest", house.show_ids[0]).errors(code=4)
        assert any("The key is for other theatres." in line for line in remarks)


def test_nothing_is_lost_when_the_server_is_killed(own_demo):
    show_ids = [own_demo.fresh_show().show_id for _ in range(2)]
    with own_demo.partner() as partner:
        sold = [sell(partner, show_ids[0], 1) for _ in range(3)]
        with Follower(partner) as follower:
            record = follower.wait(lambda record: record.of(sold[2].booking_id))
            # Committed, answered, and never seen by anybody when the server goes.
            sold += [sell(partner, show_id, 1) for show_id in show_ids]
            own_demo.server.kill()
            follower.wait_end()
        own_demo.server.start()
        wait_ready(partner)
        sold.append(sell(partner, show_ids[1], 1))
        with Follower(partner, record) as follower:
            record = follower.wait(lambda record: record.of(sold[-1].booking_id))
        again = follow_until(partner, lambda record: record.of(sold[-1].booking_id))
    record.check_order()
    assert [event.booking_id for event in record.events] == [
        booking.booking_id for booking in sold]
    assert again.transactions == record.transactions
    assert own_demo.server.faults() == []
