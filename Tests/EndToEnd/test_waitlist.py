"""The waiting list from outside: positions, offers in order, places that outlive their streams."""

import threading

import grpc
import pytest
from partner import FREE, HELD, Refusal, booking_pb2, new_id, refusal
from test_operators import Operator
from usher.admin.v1 import operator_pb2
from usherd import wait_until


class Waiter:
    """A party that waits, on its own thread."""

    def __init__(self, partner, show_id, count, request_id=None, **options):
        self.request_id = request_id or new_id()
        self.count = count
        self.positions, self.offer, self.refusal = [], None, None
        self._call = partner.join(show_id, count, request_id=self.request_id, **options)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self):
        try:
            for event in self._call:
                if event.WhichOneof("event") == "position":
                    self.positions.append((event.position.position, event.position.seats_ahead))
                else:
                    self.offer = event.offer.booking
        except grpc.RpcError as error:
            self.refusal = Refusal(error)

    def wait_position(self, position, seats_ahead):
        wait_until(lambda: self.positions[-1:] == [(position, seats_ahead)], 30,
                   f"position {position}; there are {self.positions}")
        return self

    def wait_end(self):
        self._thread.join(30)
        assert not self._thread.is_alive(), "the stream goes on"
        return self

    def cut(self):
        self._call.cancel()
        return self.wait_end()


def hold_all(partner, show_id, singles):
    """Holds every seat: the last `singles` one by one, the others by ten. Returns the single holds."""
    labels = sorted(partner.map(show_id)[1])
    many, few = labels[:-singles], labels[-singles:]
    for start in range(0, len(many), 10):
        partner.hold(show_id, many[start:start + 10])
    return [partner.hold(show_id, [label]) for label in few]


def test_offers_come_in_the_order_of_arrival(demo, partner):
    show_id = demo.fresh_show().show_id
    singles = hold_all(partner, show_id, 6)
    first = Waiter(partner, show_id, 2).wait_position(1, 0)
    second = Waiter(partner, show_id, 1).wait_position(2, 2)
    third = Waiter(partner, show_id, 3, customer="ann").wait_position(3, 3)

    # One seat would do for the second, but the first is the first.
    partner.release(singles[0].booking_id)
    stranger = refusal(partner.hold, show_id, best=(1, ""))
    assert stranger.code == grpc.StatusCode.FAILED_PRECONDITION
    assert stranger.reason == "RESERVED_FOR_WAITLIST"
    partner.release(singles[1].booking_id)
    offer = first.wait_end().offer
    assert sorted(offer.seats) == sorted(hold.seats[0] for hold in singles[:2])
    assert offer.state == booking_pb2.BOOKING_STATE_HELD and offer.expires_in_ms > 200_000
    second.wait_position(1, 0)
    third.wait_position(2, 1)

    partner.release(singles[2].booking_id)
    assert second.wait_end().offer.seats == singles[2].seats
    third.wait_position(1, 0)
    # An offer is a hold: given back, its seats go to the next.
    partner.release(offer.booking_id)
    partner.confirm(second.offer.booking_id)
    assert third.offer is None
    partner.release(singles[3].booking_id)
    offer = third.wait_end().offer
    assert len(offer.seats) == 3 and offer.customer_ref == "ann"
    version, seats = partner.map(show_id)
    assert all(seats[label] == HELD for label in offer.seats)
    # Who asks again is told again.
    again = Waiter(partner, show_id, 3, third.request_id, customer="ann").wait_end()
    assert again.offer.booking_id == offer.booking_id and not again.positions
    log = demo.server.sql(
        f"select arrival, state from waitlist_entry where show_id = {show_id} order by ended_version")
    assert [tuple(map(int, row)) for row in log] == [(1, 2), (2, 2), (3, 2)]
    assert demo.server.faults() == []


def test_an_offer_is_exchanged_for_other_seats(demo, partner):
    show_id = demo.fresh_show().show_id
    singles = hold_all(partner, show_id, 4)
    first = Waiter(partner, show_id, 1).wait_position(1, 0)
    second = Waiter(partner, show_id, 3).wait_position(2, 1)
    for hold in singles[:2]:
        partner.release(hold.booking_id)
    offer = first.wait_end().offer
    # The other seat is the line's, and open to whoever was offered one, not to others.
    other, = [hold.seats[0] for hold in singles[:2] if hold.seats[0] != offer.seats[0]]
    stranger = refusal(partner.exchange, singles[2].booking_id, show_id, [other])
    assert stranger.reason == "RESERVED_FOR_WAITLIST"
    greedy = refusal(partner.exchange, offer.booking_id, show_id, [other, offer.seats[0]])
    assert greedy.reason == "RESERVED_FOR_WAITLIST"
    request_id = new_id()
    answer = partner.exchange(offer.booking_id, show_id, [other], request_id=request_id)
    new = answer.booking
    assert new.state == booking_pb2.BOOKING_STATE_HELD and list(new.seats) == [other]
    assert new.supersedes == offer.booking_id and 0 < new.expires_in_ms <= offer.expires_in_ms
    assert not answer.HasField("refund")
    again = partner.exchange(offer.booking_id, show_id, [other], request_id=request_id)
    assert again.booking.booking_id == new.booking_id
    version, seats = partner.map(show_id)
    assert (seats[other], seats[offer.seats[0]]) == (HELD, FREE) and version >= new.version
    # What was given up can no longer be paid for; with it the next party has enough.
    late = refusal(partner.confirm, offer.booking_id)
    assert (late.reason, late.metadata["state"]) == ("BOOKING_STATE", "EXCHANGED")
    assert second.offer is None
    partner.release(singles[2].booking_id)
    partner.release(singles[3].booking_id)
    seats = second.wait_end().offer.seats
    assert offer.seats[0] in seats and other not in seats
    assert partner.confirm(new.booking_id).state == booking_pb2.BOOKING_STATE_CONFIRMED
    assert demo.server.faults() == []


def test_a_place_outlives_its_stream_until_its_party_leaves(demo, partner):
    show_id = demo.fresh_show().show_id
    singles = hold_all(partner, show_id, 2)
    first = Waiter(partner, show_id, 2).wait_position(1, 0)
    second = Waiter(partner, show_id, 2).wait_position(2, 2)
    assert first.cut().refusal.code == grpc.StatusCode.CANCELLED
    with demo.partner() as elsewhere:
        first = Waiter(elsewhere, show_id, 2, first.request_id).wait_position(1, 0)
        assert second.positions == [(2, 2)]
        assert partner.leave(show_id, first.request_id) == ""
        first.wait_end()
    assert first.refusal.code == grpc.StatusCode.FAILED_PRECONDITION
    assert (first.refusal.reason, first.refusal.metadata["state"]) == ("WAIT_ENDED", "LEFT")
    second.wait_position(1, 0)
    for hold in singles:
        partner.release(hold.booking_id)
    offer = second.wait_end().offer
    assert sorted(offer.seats) == sorted(hold.seats[0] for hold in singles)
    # Too late to leave: the offer is told.
    assert partner.leave(show_id, second.request_id) == offer.booking_id


def test_a_place_may_be_watched_twice(demo, partner):
    """Two streams of one request are one party: both are told the same, and there is one offer."""
    show_id = demo.fresh_show().show_id
    single, = hold_all(partner, show_id, 1)
    with demo.partner() as elsewhere:
        one = Waiter(partner, show_id, 1).wait_position(1, 0)
        other = Waiter(elsewhere, show_id, 1, one.request_id).wait_position(1, 0)
        behind = Waiter(elsewhere, show_id, 1).wait_position(2, 1)
        partner.release(single.booking_id)
        offers = {waiter.wait_end().offer.booking_id for waiter in (one, other)}
        assert len(offers) == 1 and partner.get(offers.pop()).seats == single.seats
        behind.wait_position(1, 0).cut()


def test_hopeless_waits_end(demo, partner):
    show_id = demo.fresh_show().show_id
    singles = hold_all(partner, show_id, 1)
    held = [row[0] for row in demo.server.sql(
        f"select booking_id from booking where show_id = {show_id} and state = 1"
        f" and booking_id <> '{singles[0].booking_id}'")]
    patient = Waiter(partner, show_id, 2).wait_position(1, 0)
    for booking_id in held:
        partner.confirm(booking_id)
    ended = patient.wait_end().refusal
    assert (ended.code, ended.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION, "WAIT_IS_HOPELESS")
    late = Waiter(partner, show_id, 2).wait_end().refusal
    assert late.reason == "WAIT_IS_HOPELESS"
    # One seat is only held: one party may hope.
    Waiter(partner, show_id, 1).wait_position(1, 0).cut()


def test_waits_end_by_the_databases_clock(demo, partner):
    """An hour for those who stay, a minute for a place without a stream, and for all when the show is
    closed: each is told, and whoever is behind moves up."""
    show_id = demo.fresh_show().show_id
    hold_all(partner, show_id, 1)
    line = [Waiter(partner, show_id, 1).wait_position(place + 1, place) for place in range(4)]

    def of(waiter):
        return f"where request_id = '{waiter.request_id}'"

    # Not before the hour is over.
    for waiter, minutes in ((line[0], 61), (line[1], 59)):
        demo.server.sql(
            f"update waitlist_entry set created_at = now() - interval '{minutes} min' {of(waiter)}")
    assert line[0].wait_end().refusal.reason == "WAIT_ENDED"
    assert line[0].refusal.metadata["state"] == "TIMED_OUT"
    assert line[0].refusal.code == grpc.StatusCode.FAILED_PRECONDITION
    line[1].wait_position(1, 0)
    line[2].cut()
    # The minute is made short, and the others are seen all the time.
    grace = "create or replace function wait_grace() returns interval language sql as $$ select interval '%s s' $$"
    demo.server.sql(f"update waitlist_entry set seen_at = 'infinity' where show_id = {show_id}"
                    f" and request_id <> '{line[2].request_id}'; {grace % 0}")
    try:
        line[3].wait_position(2, 1)
    finally:
        demo.server.sql(grace % 60)
    again = Waiter(partner, show_id, 1, line[2].request_id).wait_end().refusal
    assert (again.reason, again.metadata["state"]) == ("WAIT_ENDED", "LOST")
    demo.server.sql(f"update show set sales_state = 3 where show_id = {show_id}")
    for waiter in (line[1], line[3]):
        assert waiter.wait_end().refusal.reason == "SALES_CLOSED"
    log = demo.server.sql(
        f"select arrival, state from waitlist_entry where show_id = {show_id} order by arrival")
    assert [tuple(map(int, row)) for row in log] == [(1, 5), (2, 7), (3, 4), (4, 7)]


def test_the_line_has_an_end(demo, partner):
    """A thousand parties of one seat each, all but the first put there by hand."""
    show_id = demo.fresh_show().show_id
    hold_all(partner, show_id, 1)
    first = Waiter(partner, show_id, 1).wait_position(1, 0)
    demo.server.sql(f"""
        begin;
        insert into waitlist_entry
        select lane, show_id, n, partner_id, gen_random_uuid(), request_hash, '', 1, '',
               overlay(booking_id::text placing lpad(to_hex(n), 4, '0') from 33)::uuid, 1,
               created_at, now() + interval '1 day'
          from waitlist_entry, generate_series(2, 1000) n where show_id = {show_id};
        update show set queue_version = queue_version + 1 where show_id = {show_id};
        commit""")
    full = Waiter(partner, show_id, 1).wait_end().refusal
    assert (full.code, full.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "WAITLIST_FULL")
    # One leaves, one comes.
    assert partner.leave(show_id, first.request_id) == ""
    Waiter(partner, show_id, 1).wait_position(1_000, 999).cut()
    demo.server.sql(f"update show set sales_state = 3 where show_id = {show_id}")
    wait_until(
        lambda: demo.server.sql(
            f"select from waitlist_entry where show_id = {show_id} and state = 1") == [],
        30, "the end of the line")


def test_what_nobody_can_wait_for(demo, partner):
    show_id = demo.fresh_show().show_id
    for options, fields in [
        ({"count": 0}, ["count"]), ({"count": 11}, ["count"]), ({"tier": "NONE"}, ["tier"]),
        ({"request_id": "x"}, ["request_id"]), ({"customer": "c" * 129}, ["customer_ref"]),
    ]:
        wrong = Waiter(partner, show_id, **{"count": 1, **options}).wait_end().refusal
        assert (wrong.code, wrong.fields) == (grpc.StatusCode.INVALID_ARGUMENT, fields)
    assert Waiter(partner, 1 << 40, 1).wait_end().refusal.reason == "SHOW_NOT_FOUND"
    partner.hold(show_id, best=(5, ""), customer="greedy")
    greedy = Waiter(partner, show_id, 6, customer="greedy").wait_end().refusal
    assert (greedy.code, greedy.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION, "HOLD_LIMIT_EXCEEDED")
    assert refusal(partner.leave, show_id, new_id()).reason == "WAIT_NOT_FOUND"
    assert refusal(partner.leave, show_id, "x").fields == ["request_id"]
    # Enough seats are free: there is nothing to wait for.
    served = Waiter(partner, show_id, 2).wait_end()
    assert len(served.offer.seats) == 2 and not served.positions
    reused = Waiter(partner, show_id, 3, served.request_id).wait_end().refusal
    assert (reused.code, reused.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    with demo.partner(demo.other_key) as other:
        # Another partner's id is another place.
        assert Waiter(other, show_id, 3, served.request_id).wait_end().offer.seats


def test_the_line_outlives_the_server(own_demo):
    demo = own_demo
    show_id = demo.fresh_show().show_id
    with demo.partner() as partner:
        singles = hold_all(partner, show_id, 2)
        first = Waiter(partner, show_id, 1).wait_position(1, 0)
        second = Waiter(partner, show_id, 2).wait_position(2, 1)
        demo.server.kill()
        assert first.wait_end().refusal.code == grpc.StatusCode.UNAVAILABLE
        second.wait_end()
    demo.server.start()
    with demo.partner() as partner:
        # In the other order; neither loses its place.
        second = Waiter(partner, show_id, 2, second.request_id).wait_position(2, 1)
        first = Waiter(partner, show_id, 1, first.request_id).wait_position(1, 0)
        partner.release(singles[0].booking_id)
        assert first.wait_end().offer.seats == singles[0].seats
        second.wait_position(1, 0)
        partner.release(first.offer.booking_id)
        partner.release(singles[1].booking_id)
        assert len(second.wait_end().offer.seats) == 2
    assert demo.server.faults() == []


@pytest.mark.parametrize("end", ["revoked", "blocked"])
def test_a_party_whose_key_is_good_no_more_waits_no_longer(demo, end):
    """Its stream ends within a heartbeat, and its place goes to those behind it."""
    with demo.partner(None) as connection:
        operator = Operator(demo, connection.channel)
        owner = operator.partner(f"Short {new_id()}").partner_id
        key, secret = operator.key(owner)
        show_id = demo.fresh_show().show_id
        with demo.partner() as partner, demo.partner(secret) as short:
            singles = hold_all(partner, show_id, 2)
            party = Waiter(short, show_id, 1).wait_position(1, 0)
            behind = Waiter(partner, show_id, 1).wait_position(2, 1)
            if end == "revoked":
                operator.RevokeApiKey(key_id=key.key_id)
            else:
                operator.set_state(owner, operator_pb2.PARTNER_STATE_BLOCKED)
            party.wait_end()
            assert (party.refusal.code, party.refusal.reason) == (
                grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
            behind.wait_position(1, 0)
            partner.release(singles[0].booking_id)
            assert behind.wait_end().offer.seats == singles[0].seats
