"""How often a credential may call: two lanes, per key, over all loops of a node."""

import time

import grpc
import pytest

from command_line import CommandLine
from houses import Manager, manager, row, show
from partner import Partner, Refusal, new_id, refusal
from serving import Serving
from test_accounts import Customer
from test_operators import Operator
from usher.v1 import account_pb2, account_pb2_grpc, booking_pb2, catalog_pb2, sales_pb2, sales_pb2_grpc, schedule_pb2
from usherd import Folder, wait_until

SLOW = 5


@pytest.fixture(scope="module")
def node(demo):
    data = demo.server.data
    with Folder() as folder, Serving(
            demo, folder, certificate=data / "server.pem", key=data / "server.key",
            selling_per_second=SLOW, loops=2, anonymous_reads="true",
            anonymous_per_second=SLOW, passwords_per_second=SLOW,
            token_keys=data / "token_keys.pem") as node:
        node.authority = (data / "ca.pem").read_bytes()
        yield node


@pytest.fixture
def operator(demo):
    with demo.partner(None) as connection:
        yield Operator(demo, connection.channel)


def calls(node, secret, count, connections=1):
    """How many of so many calls go through, and the first refusal."""
    partners = [Partner(node.tcp, node.authority, secret) for _ in range(connections)]
    good, first = 0, None
    began = time.monotonic()
    for number in range(count):
        found = refusal(partners[number % connections].get, new_id())
        if found.reason == "RATE_LIMITED":
            first = first or found
        else:
            assert found.reason == "BOOKING_NOT_FOUND"
            good += 1
    for partner in partners:
        partner.channel.close()
    return good, first, time.monotonic() - began


def test_too_many_calls_are_told_when_to_come_again(node, operator):
    _, secret = operator.key(operator.partner(f"Eager {new_id()}").partner_id)
    # Over several connections, which lie on both loops.
    good, found, seconds = calls(node, secret, 60, connections=6)
    assert SLOW <= good <= SLOW * (1 + seconds) + 1
    assert found.code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert found.metadata == {"lane": "selling", "calls_per_second": str(SLOW)}
    assert 0 < found.retry_after <= 1 / SLOW
    # Whoever waits as told is served.
    with Partner(node.tcp, node.authority, secret) as partner:
        while (found := refusal(partner.get, new_id())).reason != "RATE_LIMITED":
            pass
        time.sleep(found.retry_after)
        assert refusal(partner.get, new_id()).reason == "BOOKING_NOT_FOUND"


def test_one_key_does_not_use_up_anothers(node, operator):
    partner = operator.partner(f"Two tills {new_id()}").partner_id
    _, eager = operator.key(partner)
    _, calm = operator.key(partner)
    assert calls(node, eager, 30)[1] is not None
    assert calls(node, calm, SLOW)[1] is None


def test_callers_without_a_credential_are_counted_by_their_address(node, operator):
    _, secret = operator.key(operator.partner(f"Polite {new_id()}").partner_id)
    request = catalog_pb2.ListCitiesRequest(page_size=1)

    with Partner(node.tcp, node.authority) as one, Partner(node.tcp, node.authority) as other:
        one.catalog.ListCities(request)
        with pytest.raises(grpc.RpcError) as refused:
            for _ in range(1000):
                one.catalog.ListCities(request)
                other.catalog.ListCities(request)
        found = Refusal(refused.value)
        assert found.reason == "RATE_LIMITED" and found.metadata["lane"] == "selling"
        # A key at the same address has calls of its own.
        with Partner(node.tcp, node.authority, secret) as partner:
            partner.catalog.ListCities(request)


def test_a_key_may_have_a_limit_of_its_own(node, operator):
    partner = operator.partner(f"Big {new_id()}").partner_id
    key, secret = operator.key(partner, selling_per_second=40)
    assert key.selling_per_second == 40 and key.reporting_per_second == 0
    assert calls(node, secret, 40)[1] is None
    successor = operator.RotateApiKey(key_id=key.key_id).api_key
    assert successor.selling_per_second == 40


def test_a_batch_counts_as_what_is_in_it(node, operator):
    _, secret = operator.key(operator.partner(f"Bulk {new_id()}").partner_id)
    with Partner(node.tcp, node.authority, secret) as partner:
        cancellations = [
            booking_pb2.CancelBookingRequest(booking_id=new_id(), request_id=new_id())
            for _ in range(SLOW)]
        request = booking_pb2.BatchCancelBookingsRequest(cancellations=cancellations)
        results = partner.booking.BatchCancelBookings(request).results
        assert {result.error.code for result in results} == {
            grpc.StatusCode.NOT_FOUND.value[0]}
        found = refusal(partner.booking.BatchCancelBookings, request)
        assert (found.code, found.reason) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")


def test_a_batch_that_is_interrupted_while_it_waits_says_how_to_go_on(demo, node, operator, own_folder):
    cli = CommandLine(demo, own_folder)
    cli.environment["USHER_SERVER"] = node.tcp
    _, cli.environment["USHER_TOKEN"] = operator.key(operator.partner(f"Hasty {new_id()}").partner_id)
    file = own_folder / "rows.csv"
    file.write_text("\n".join(["booking_id", *(new_id() for _ in range(60))]) + "\n")
    command = cli.start("batch", "cancel", file)
    wait_until(lambda: "too many calls; going on in" in command.remarks, 30, "the pause")
    assert len(command.interrupt().end(130)) == 50
    said = command.remarks.splitlines()
    assert said[-3] == "usher: interrupted; whether it happened is not known"
    request_id = said[-2].removeprefix("  request id: ")
    assert said[-1] == f"  next: usher batch cancel {file} --yes --request-id {request_id}"


def test_what_counts_as_many_calls_is_served_to_whoever_waits_as_told(node, operator):
    _, secret = operator.key(operator.partner(f"Patient {new_id()}").partner_id)
    with Partner(node.tcp, node.authority, secret) as partner:
        batch = booking_pb2.BatchCancelBookingsRequest(cancellations=[
            booking_pb2.CancelBookingRequest(booking_id=new_id(), request_id=new_id())
            for _ in range(3 * SLOW)])
        # A language that no show is in: all of them may have to be looked at.
        wide = catalog_pb2.ListShowsRequest(language="tlh")
        for call, request in [
                (partner.booking.BatchCancelBookings, batch), (partner.catalog.ListShows, wide),
                (partner.booking.BatchCancelBookings, batch)]:
            for _ in range(5):
                try:
                    call(request)
                    break
                except grpc.RpcError as error:
                    found = Refusal(error)
                    assert found.reason == "RATE_LIMITED"
                    time.sleep(found.retry_after)
            else:
                raise AssertionError(f"{request} is never served")
        # From memory it is one call like others.
        time.sleep(1)
        for _ in range(3):
            assert not partner.catalog.ListShows(wide).shows
        wide.format = "IMAX"
        assert refusal(partner.catalog.ListShows, wide).reason == "RATE_LIMITED"


@pytest.mark.parametrize("method, wide, narrow", [
    ("ListMovies", {"language": "tlh"}, {}),
    ("ListShows", {"language": "tlh"}, {"language": "tlh", "text": "ice"}),
    ("SearchMovies", {"text": "the", "date": "2027-06-0{}"}, {"text": "the {}", "genre": "Drama"})])
def test_lists_of_all_that_there_is_count_as_many_calls(node, operator, method, wide, narrow):
    def requests(fields):
        made = [{name: text.format(n) for name, text in fields.items()} for n in (1, 2)]
        # Two pages, neither of which is in memory.
        return [getattr(catalog_pb2, f"{method}Request")(**each, page_size=140 + n)
                for n, each in enumerate(made)]

    for fields, refused in ((wide, True), (narrow, False)):
        _, secret = operator.key(operator.partner(f"Wide {new_id()}").partner_id)
        with Partner(node.tcp, node.authority, secret) as partner:
            first, second = requests(fields)
            call = getattr(partner.catalog, method)
            call(first)
            if refused:
                assert refusal(call, second).reason == "RATE_LIMITED"
            else:
                call(second)


# MARK: The lanes

@pytest.fixture(scope="module")
def reporting(demo):
    """A node with a slow lane for reports."""
    data = demo.server.data
    with Folder() as folder, Serving(
            demo, folder, certificate=data / "server.pem", key=data / "server.key",
            token_keys=data / "token_keys.pem", selling_per_second=SLOW,
            reporting_per_second=SLOW) as node:
        node.authority = demo.authority
        yield node


def use_up(call):
    """Calls until there is no more room; the refusal."""
    for _ in range(1000):
        try:
            call()
        except grpc.RpcError as error:
            found = Refusal(error)
            if found.reason == "RATE_LIMITED":
                return found
            assert found.reason == "BOOKING_NOT_FOUND"
    raise AssertionError("no end of calls")


def report_of(partner):
    stub = sales_pb2_grpc.SalesServiceStub(partner.channel)
    request = sales_pb2.GetSalesStatisticsRequest(
        first_day="2027-03-01", last_day="2027-03-01", grouping=sales_pb2.SALES_GROUPING_DAY)
    return lambda: stub.GetSalesStatistics(request, timeout=20)


def test_reporting_uses_up_no_selling_and_selling_no_reports(reporting, operator):
    partner_id = operator.partner(f"Reporter {new_id()}").partner_id
    for used_first in ("reporting", "selling"):
        secret = operator.CreateApiKey(
            partner_id=partner_id, scopes=["sell", "report"]).secret
        with Partner(reporting.tcp, reporting.authority, secret) as partner:
            lanes = {"reporting": report_of(partner), "selling": lambda: partner.get(new_id())}
            used = lanes.pop(used_first)
            (free,) = lanes.values()
            found = use_up(used)
            assert found.code == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert found.metadata == {"lane": used_first, "calls_per_second": str(SLOW)}
            assert 0 < found.retry_after <= 1 / SLOW
            for _ in range(SLOW):
                try:
                    free()
                except grpc.RpcError as error:
                    assert Refusal(error).reason == "BOOKING_NOT_FOUND"


def test_a_customer_may_make_twenty_a_second(demo, reporting):
    ada = Customer(demo)
    with Partner(reporting.tcp, reporting.authority, ada.tokens.access_token) as own:
        found = use_up(lambda: own.get(new_id()))
    assert found.metadata == {"lane": "selling", "calls_per_second": "20"}
    assert 0 < found.retry_after <= 1 / 20


def test_an_uploads_requests_count(demo, reporting, operator):
    """What came before the limit stays; the rest is sent again later."""
    with manager(demo) as keeper:
        here = keeper.theatre().theatre_id
        keeper.layout(keeper.room(here).auditorium_id, row("A", 0, 4))
        (day,), = demo.server.sql("select (now() + interval '200 days')::date")
        requests = [
            schedule_pb2.UploadScheduleRequest(
                theatre_id=here, rows=[show(f"row-{n}", f"{day}T{n:02}:00", duration_minutes=30)])
            for n in range(4 * SLOW)]
        with Partner(reporting.tcp, reporting.authority) as connection:
            answers, found = [], None
            try:
                for answer in Manager(connection.channel, keeper.key).stream(iter(requests)):
                    answers.append(answer)
            except grpc.RpcError as error:
                found = Refusal(error)
        assert found is not None and found.reason == "RATE_LIMITED", "no end of requests"
        assert found.metadata["lane"] == "reporting"
        kept = demo.server.sql(f"select count(*) from show where theatre_id = {here}")
        assert kept == [(str(len(answers)),)] and SLOW - 1 <= len(answers) < len(requests)


def outcomes(call, count):
    """The refusals of so many calls by their reasons, and how long they took."""
    began, found = time.monotonic(), {}
    for number in range(count):
        each = refusal(call, number)
        found.setdefault(each.reason, []).append(each)
    return found, time.monotonic() - began


def test_bad_credentials_are_counted_before_the_store_is_asked(node, operator):
    _, secret = operator.key(operator.partner(f"Guessed {new_id()}").partner_id)
    with Partner(node.tcp, node.authority, secret) as partner, Partner(
            node.tcp, node.authority) as thief:
        assert refusal(partner.get, new_id()).reason == "BOOKING_NOT_FOUND"

        def guess(text):
            return thief.booking.GetBooking(
                booking_pb2.GetBookingRequest(booking_id=new_id()),
                metadata=[("authorization", f"Bearer {text}")], timeout=20)

        # What has no looks of ours is refused unseen, however often.
        found, _ = outcomes(lambda number: guess(f"sk_live_{number}"), 50)
        assert set(found) == {"CREDENTIALS_INVALID"}
        # Tokens without a signature of ours are guesses as well.
        for kind in (f"usher_pk_{new_id().replace('-', '')}", "e30.e30.sig"):
            time.sleep(1.1)
            found, seconds = outcomes(lambda number: guess(f"{kind}{number}"), 50)
            assert set(found) == {"CREDENTIALS_INVALID", "RATE_LIMITED"}
            assert SLOW <= len(found["CREDENTIALS_INVALID"]) <= SLOW * (1 + seconds) + 1
            limited = found["RATE_LIMITED"][0]
            assert limited.code == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert limited.metadata == {"lane": "credentials", "calls_per_second": str(SLOW)}
            assert 0 < limited.retry_after <= 1
            # A key that is known to be good goes on beside them.
            assert refusal(partner.get, new_id()).reason == "BOOKING_NOT_FOUND"
        time.sleep(1.1)
        with Partner(node.tcp, node.authority, secret) as another:
            assert refusal(another.get, new_id()).reason == "BOOKING_NOT_FOUND"


def test_a_good_key_is_no_guess_however_many_calls_come_at_once(node, operator):
    """The first calls of a key, none of which finds it known: one question for all of them."""
    for _ in range(3):
        time.sleep(1.1)
        _, secret = operator.key(
            operator.partner(f"Crowd {new_id()}").partner_id, selling_per_second=1000)
        with Partner(node.tcp, node.authority, secret) as partner:
            calls = [
                partner.booking.GetBooking.future(
                    booking_pb2.GetBookingRequest(booking_id=new_id()), timeout=20)
                for _ in range(10 * SLOW)]
            assert {refusal(call.result).reason for call in calls} == {"BOOKING_NOT_FOUND"}


def test_passwords_are_counted_by_their_address(node):
    with Partner(node.tcp, node.authority) as door:
        accounts = account_pb2_grpc.AccountServiceStub(door.channel)
        # In turns: of those that are let through, some are log-ins.
        requests = [
            each for number in range(40) for each in (
                (accounts.LogIn, account_pb2.LogInRequest(
                    email=f"guest-{number}@example.org", password="no good password")),
                (accounts.SignUp, account_pb2.SignUpRequest(
                    email=f"{new_id()}@example.org", password="a good password")))]
        began = time.monotonic()
        errors = [call.exception() for call in [
            method.future(request, timeout=60) for method, request in requests]]
        seconds = time.monotonic() - began
        refused = [Refusal(each) for each in errors if each]
        limited = [each for each in refused if each.reason == "RATE_LIMITED"]
        assert {each.reason for each in refused} == {"RATE_LIMITED", "LOGIN_FAILED"}
        assert SLOW <= len(errors) - len(limited) <= SLOW * (1 + seconds) + 1
        assert limited[0].metadata == {"lane": "passwords", "calls_per_second": str(SLOW)}
        # A session's renewal costs no password, and is a call without a credential.
        found, seconds = outcomes(
            lambda number: accounts.RefreshSession(account_pb2.RefreshSessionRequest(
                refresh_token=f"token {number}"), timeout=20), 40)
        assert set(found) == {"SESSION_OVER", "RATE_LIMITED"}
        assert len(found["SESSION_OVER"]) <= SLOW * (1 + seconds) + 1
    time.sleep(1.1)
