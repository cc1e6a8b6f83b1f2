"""What customers with accounts may do with what they have, and what becomes of it when they may not any more:
cancelling, add-ons, holds of accounts that are blocked, addresses that many want at once."""

import threading

import grpc
import pytest

from command_line import CommandLine
from houses import Manager
from partner import FREE, HELD, Refusal, new_id, refusal
from test_accounts import PASSWORD, Customer
from test_deadlines import locked, waiting
from test_operators import Operator, refused
from usher.v1 import account_pb2 as api
from usher.v1 import account_pb2_grpc, add_on_pb2, booking_pb2
from usherd import wait_until

NO_BOOKING = (grpc.StatusCode.NOT_FOUND, "BOOKING_NOT_FOUND")
BAD_TOKEN = (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
CANCELLED, CONFIRMED = booking_pb2.BOOKING_STATE_CANCELLED, booking_pb2.BOOKING_STATE_CONFIRMED


@pytest.fixture
def operator(demo):
    with demo.partner(None) as connection:
        yield Operator(demo, connection.channel)


@pytest.fixture
def till(demo, operator):
    """A counter of the house: what customers hold is paid there."""
    key, secret = operator.key(0)
    with demo.partner(secret) as till:
        yield till
    operator.RevokeApiKey(key_id=key.key_id)


def cost(booking, seats):
    return sum(line.amount.minor_units for line in booking.quote.lines if line.seat in seats)


def test_a_customer_cancels_its_own_sale_and_nobody_elses(demo, till, partner):
    ada, eve = Customer(demo), Customer(demo)
    show = demo.fresh_show()
    (share,), = demo.server.sql(
        f"select refund_basis_points from theatre where theatre_id = {show.theatre_id}")
    with ada.connection() as own, eve.connection() as other:
        held = own.hold(show.show_id, best=(2, ""))
        sold = till.confirm(held.booking_id)
        assert sold.state == CONFIRMED and sold.customer_ref == ada.id
        for stranger in (other, partner):
            assert refused(stranger.cancel, held.booking_id) == NO_BOOKING
            assert refused(stranger.cancel_seats, held.booking_id, sold.seats[:1]) == NO_BOOKING
        for seats, state in ((sold.seats[:1], CONFIRMED), ((), CANCELLED)):
            given_up = seats or sold.seats[1:]
            answer = own.cancel_seats(held.booking_id, seats)
            assert answer.booking.state == state
            assert list(answer.refund.seats) == list(given_up)
            assert answer.refund.amount.minor_units == (
                cost(sold, given_up) * int(share) + 5_000) // 10_000
            assert {own.map(show.show_id)[1][seat] for seat in given_up} == {FREE}
        assert own.get(held.booking_id).state == CANCELLED
        assert demo.server.sql(
            f"select count(*) from refund where booking_id = '{held.booking_id}'") == [("2",)]
        assert refused(own.cancel, held.booking_id)[0] == grpc.StatusCode.FAILED_PRECONDITION


def test_a_customer_attaches_add_ons_to_its_own_hold(demo, partner):
    ada, eve = Customer(demo), Customer(demo)
    show = demo.fresh_show()
    with demo.partner(None) as connection:
        price = {"currency_code": show.prices[0].price.currency_code, "minor_units": 450}
        popcorn = Manager(connection.channel, demo.other_key).CreateAddOn(
            add_on={"theatre_id": show.theatre_id, "title": f"Popcorn {new_id()}", "price": price},
            request_id=new_id()).add_on_id
    with ada.connection() as own, eve.connection() as other:
        held = own.hold(show.show_id, best=(1, ""))

        def attach(caller):
            return caller.booking.SetAddOns(add_on_pb2.SetAddOnsRequest(
                booking_id=held.booking_id, request_id=new_id(),
                items=[{"seat": held.seats[0], "add_on_id": popcorn, "count": 2}]), timeout=20)

        for stranger in (other, partner):
            assert refused(attach, stranger) == NO_BOOKING
        with_popcorn = attach(own).booking
        assert with_popcorn.quote.total.minor_units == held.quote.total.minor_units + 900
        own.release(held.booking_id)


# MARK: Accounts that are blocked

def test_blocking_releases_every_hold(demo, operator, till):
    ada, shows = Customer(demo), []
    while len(shows) < 4 or len({show.theatre_id for show in shows}) < 2:
        shows.append(demo.fresh_show())
    with ada.connection() as own:
        held = [own.hold(show.show_id, best=(1, "")) for show in shows]
        answer = operator.SetAccountState(account_id=ada.id, state=api.ACCOUNT_STATE_BLOCKED)
        assert answer.released_holds == len(shows)
        for booking in held:
            assert HELD not in till.map(booking.show_id)[1].values()
            # Whoever takes the money is told to give it back.
            found = refusal(till.confirm, booking.booking_id)
            assert (found.code, found.reason) == (
                grpc.StatusCode.FAILED_PRECONDITION, "HOLD_RELEASED")
            assert found.metadata["payment"] == "REFUND"
            assert refused(own.get, booking.booking_id) == BAD_TOKEN
    acts = [act for act in operator.ListAuditEntries(page_size=200).entries
            if act.account_id == ada.id]
    again = operator.SetAccountState(account_id=ada.id, state=api.ACCOUNT_STATE_BLOCKED)
    assert again.released_holds == 0 and again.account.state == api.ACCOUNT_STATE_BLOCKED
    assert acts == [act for act in operator.ListAuditEntries(page_size=200).entries
                    if act.account_id == ada.id]


def test_of_a_hold_and_a_block_at_once_nothing_is_held(demo, operator):
    ada, show = Customer(demo), demo.fresh_show()
    with ada.connection() as own:
        own.release(own.hold(show.show_id, best=(1, "")).booking_id)
        request = booking_pb2.HoldSeatsRequest(show_id=show.show_id, request_id=new_id())
        request.best_available.count = 1
        with locked(demo.server, show.show_id):
            before = waiting(demo.server)
            call = own.booking.HoldSeats.future(request, timeout=20)
            wait_until(lambda: waiting(demo.server) > before, 10, "the hold to wait for the show")
            answer = operator.SetAccountState(
                account_id=ada.id, state=api.ACCOUNT_STATE_BLOCKED)
            assert answer.account.state == api.ACCOUNT_STATE_BLOCKED
        # Whichever was first: nothing is left of it.
        call.exception(20)
        wait_until(
            lambda: demo.server.sql(
                f"select 1 from booking where customer_ref = '{ada.id}' and state = 1") == [],
            20, "the end of the hold")
    with demo.partner(None) as reader:
        wait_until(lambda: HELD not in reader.map(show.show_id)[1].values(), 10, "a map without it")


def test_a_suspicious_account_is_blocked(demo, operator, till, own_folder):
    """From the report to the block, with what the report tells."""
    ada, show = Customer(demo), demo.fresh_show()
    with ada.connection() as own:
        for _ in range(4):
            own.release(own.hold(show.show_id, best=(1, "")).booking_id)
        till.confirm(own.hold(show.show_id, best=(1, "")).booking_id)
        own.hold(show.show_id, best=(1, ""))

        def found(**fields):
            return [each for each in operator.ListSuspiciousCustomers(
                **({"unpaid_holds": 4, "holds_per_minute": 1_000} | fields)).customers
                if each.customer_ref == ada.id]

        # Of five that are over four were not paid.
        assert len(found(unpaid_percent=80)) == 1 and found(unpaid_percent=81) == []
        row, = found(unpaid_percent=80)
        assert (row.partner_id, row.account_state) == (0, api.ACCOUNT_STATE_ACTIVE)
        assert (row.hold_count, row.unpaid_count) == (6, 4)
        answer = operator.SetAccountState(
            account_id=row.customer_ref, state=api.ACCOUNT_STATE_BLOCKED)
        assert answer.released_holds == 1
        found_now = refusal(own.hold, show.show_id, best=(1, ""))
        assert found_now.reason == "CREDENTIALS_INVALID"
        row, = found(unpaid_percent=80)
        assert row.account_state == api.ACCOUNT_STATE_BLOCKED
        assert HELD not in till.map(show.show_id)[1].values()
    cli = CommandLine(demo, own_folder)
    cli.environment["USHER_TOKEN"] = demo.other_key
    rows = cli.run("admin", "suspicious", "--unpaid", 4, "--percent", 80, "--per-minute", 1000)
    assert any(ada.id in each for each in rows)


# MARK: What others' ids tell

def test_anothers_request_is_not_told_from_none(demo):
    ada, eve = Customer(demo), Customer(demo)
    show, request_id = demo.fresh_show(), new_id()
    with ada.connection() as own, eve.connection() as other:
        held = own.hold(show.show_id, best=(1, ""), request_id=request_id)
        told = []
        for id in (request_id, new_id()):
            found = refusal(other.outcome, id)
            assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "REQUEST_NOT_FOUND")
            assert held.booking_id not in str(found.metadata) + found.message
            told.append((found.message.replace(id, ""), found.kinds, set(found.metadata)))
        assert told[0] == told[1]
        own.release(held.booking_id)


def test_a_key_for_one_theatre_asks_of_no_others_requests(demo, operator):
    here = demo.fresh_show()
    elsewhere = next(show for show in demo.fresh_shows() if show.theatre_id != here.theatre_id)
    demo.fresh_shows().remove(elsewhere)
    lumen = operator.partner(f"Lumen {new_id()}").partner_id
    _, everywhere = operator.key(lumen)
    _, limited = operator.key(lumen, theatre_ids=[here.theatre_id])
    request_id = new_id()
    with demo.partner(everywhere) as chain, demo.partner(limited) as till:
        held = chain.hold(elsewhere.show_id, best=(1, ""), request_id=request_id)
        assert refused(till.outcome, request_id) == refused(till.outcome, new_id())
        chain.release(held.booking_id)


# MARK: Addresses

def at_once(calls):
    """Does all of them at the same time; what each answered or how it was refused."""
    told = [None] * len(calls)

    def one(number, call):
        try:
            told[number] = call()
        except grpc.RpcError as error:
            told[number] = Refusal(error)

    threads = [
        threading.Thread(target=one, args=(number, call)) for number, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return told


def test_of_many_who_sign_up_with_one_address_one_does(demo):
    label = new_id()
    forms = [
        f"{first}.{label}@{last}" for first in ("ada", "Ada", "ADA", "aDa")
        for last in ("example.org", "Example.ORG")]
    with demo.partner(None) as door:
        accounts = account_pb2_grpc.AccountServiceStub(door.channel)
        told = at_once([
            lambda email=email: accounts.SignUp(
                api.SignUpRequest(email=email, password=PASSWORD), timeout=60)
            for email in forms])
    refusals = [each for each in told if isinstance(each, Refusal)]
    assert [(each.code, each.reason) for each in refusals] == [
        (grpc.StatusCode.ALREADY_EXISTS, "EMAIL_TAKEN")] * (len(forms) - 1)
    assert demo.server.sql(
        f"select count(*) from account where email_key = 'ada.{label}@example.org'") == [("1",)]


def test_of_two_who_change_to_one_address_one_does(demo):
    ada, eve = Customer(demo), Customer(demo)
    wanted = f"both.{new_id()}@example.org"
    told = at_once([
        lambda each=each, email=email: each.call(
            "UpdateProfile", account=api.Account(email=email),
            update_mask={"paths": ["email"]})
        for each, email in ((ada, wanted), (eve, wanted.upper()))])
    refusals = [each for each in told if isinstance(each, Refusal)]
    assert [each.reason for each in refusals] == ["EMAIL_TAKEN"]
    assert demo.server.sql(
        f"select count(*) from account where email_key = '{wanted}'") == [("1",)]


def test_a_password_is_kept_as_argon2id(demo):
    ada = Customer(demo)
    (kept,), = demo.server.sql(
        f"select password_hash from account where account_id = '{ada.id}'")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and PASSWORD not in kept


@pytest.mark.parametrize("phone, is_one", [
    ("+1234567", True), ("+123456789012345", True), ("+123456", False),
    ("+1234567890123456", False), ("1234567", False)])
def test_a_number_has_so_many_digits(demo, phone, is_one):
    with demo.partner(None) as door:
        accounts = account_pb2_grpc.AccountServiceStub(door.channel)
        request = api.SignUpRequest(
            email=f"{new_id()}@example.org", password=PASSWORD, phone=phone)
        if is_one:
            assert accounts.SignUp(request, timeout=60).account.phone == phone
        else:
            assert refusal(accounts.SignUp, request, timeout=60).fields == ["phone"]
