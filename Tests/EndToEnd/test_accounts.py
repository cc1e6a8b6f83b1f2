"""usher.v1.AccountService and `usher account`: customers' own accounts, their sessions and tokens."""

import base64
import hmac
import json
import subprocess
import threading
import time

import grpc
import pytest
from google.protobuf import field_mask_pb2

from command_line import CommandLine
from partner import HELD, Refusal, new_id, refusal
from test_operators import Operator
from test_waitlist import Waiter, hold_all
from usher.v1 import account_pb2 as api
from usher.v1 import account_pb2_grpc, booking_pb2
from usherd import wait_until

PASSWORD = "a good long password"
MASK = field_mask_pb2.FieldMask
BAD_TOKEN = (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
WRONG = (grpc.StatusCode.UNAUTHENTICATED, "LOGIN_FAILED")
OVER = (grpc.StatusCode.UNAUTHENTICATED, "SESSION_OVER")


class Customer:
    """A customer with an account of its own, logged in."""

    def __init__(self, demo, **fields):
        self.demo = demo
        self.email = f"Ada.{new_id()}@Example.org"
        with demo.partner(None) as door:
            self.account = Accounts(door.channel).SignUp(
                email=self.email, password=PASSWORD, **fields).account
        self.log_in()

    @property
    def id(self):
        return self.account.account_id

    def log_in(self, password=PASSWORD):
        with self.demo.partner(None) as door:
            self.tokens = Accounts(door.channel).LogIn(
                email=self.email.upper(), password=password).tokens
        return self

    def refresh(self, token=None):
        with self.demo.partner(None) as door:
            return Accounts(door.channel).RefreshSession(
                refresh_token=token or self.tokens.refresh_token).tokens

    def connection(self, token=None):
        return self.demo.partner(token or self.tokens.access_token)

    def call(self, method, token=None, **fields):
        with self.connection(token) as own:
            return getattr(Accounts(own.channel), method)(**fields)


class Accounts:
    def __init__(self, channel):
        self._stub = account_pb2_grpc.AccountServiceStub(channel)

    def __getattr__(self, method):
        call, request = getattr(self._stub, method), getattr(api, f"{method}Request")
        return lambda **fields: call(request(**fields), timeout=60)


@pytest.fixture
def door(demo):
    with demo.partner(None) as connection:
        yield Accounts(connection.channel)


@pytest.fixture
def operator(demo):
    with demo.partner(None) as connection:
        yield Operator(demo, connection.channel)


def refused(call, *arguments, **options):
    found = refusal(call, *arguments, **options)
    return found.code, found.reason


# MARK: The account

def test_from_signing_up_to_leaving(demo, door):
    ada = Customer(demo, phone="+32471234567", name="Ada")
    profile = ada.call("GetProfile").account
    assert profile == ada.account
    assert (profile.email, profile.phone, profile.state) == (
        ada.email, "+32471234567", api.ACCOUNT_STATE_ACTIVE)
    changed = ada.call(
        "UpdateProfile", account=api.Account(name="Ada L.", phone="ignored"),
        update_mask=MASK(paths=["name"])).account
    assert (changed.name, changed.phone) == ("Ada L.", "+32471234567")
    # One address, one account, in whatever case.
    assert refused(door.SignUp, email=ada.email.lower(), password=PASSWORD) == (
        grpc.StatusCode.ALREADY_EXISTS, "EMAIL_TAKEN")
    other = Customer(demo)
    assert refused(
        other.call, "UpdateProfile", account=api.Account(email=ada.email.upper()),
        update_mask=MASK(paths=["email"])) == (grpc.StatusCode.ALREADY_EXISTS, "EMAIL_TAKEN")

    show = demo.fresh_show()
    with ada.connection() as own:
        held = own.hold(show.show_id, best=(2, ""))
        assert held.customer_ref == ada.id
    assert refused(ada.call, "CloseAccount", password="wrong") == WRONG
    ada.call("CloseAccount", password=PASSWORD)
    assert refused(ada.call, "GetProfile") == BAD_TOKEN
    assert refused(ada.refresh) == OVER
    assert refused(ada.log_in) == WRONG
    with demo.partner(None) as reader:
        assert HELD not in reader.map(show.show_id)[1].values()
    # Nothing personal is left; the address is free again.
    row, = demo.server.sql(f"select a::text from account a where account_id = '{ada.id}'")
    for personal in (ada.email, ada.email.lower(), "+32471234567", "Ada", "argon2"):
        assert personal not in row[0]
    assert door.SignUp(email=ada.email, password=PASSWORD).account.account_id != ada.id


def test_a_customer_books_for_itself_and_sees_nobody_else(demo):
    ada, eve = Customer(demo), Customer(demo)
    show = demo.fresh_show()
    request_id = new_id()
    with ada.connection() as own, eve.connection() as other, demo.partner() as partner:
        held = own.hold(show.show_id, best=(2, ""), request_id=request_id)
        again = own.hold(show.show_id, best=(2, ""), request_id=request_id)
        assert again.booking_id == held.booking_id
        theirs = partner.hold(show.show_id, best=(1, ""))
        assert refused(own.hold, show.show_id, best=(1, ""), customer=eve.id)[1] == "INVALID_FIELDS"
        # Another customer's, a partner's and no booking at all are the same to a customer.
        told = set()
        for booking in (held.booking_id, theirs.booking_id, held.booking_id[:-12] + "0" * 12):
            for call in (other.get, other.extend, other.release, other.cancel):
                found = refusal(call, booking)
                told.add((found.code, found.reason, found.message))
        assert told == {
            (grpc.StatusCode.NOT_FOUND, "BOOKING_NOT_FOUND", "There is no such booking.")}
        # So is its request: all customers are one partner's, and share the ids of requests.
        for call in (other.outcome, other.fence):
            found, nothing = refusal(call, request_id), refusal(other.outcome, new_id())
            assert found.reason == nothing.reason == "REQUEST_NOT_FOUND"
            assert held.booking_id not in f"{found.metadata} {found.message}"
        assert refused(partner.get, held.booking_id)[0] == grpc.StatusCode.NOT_FOUND
        assert own.get(held.booking_id).seats == held.seats
        assert own.outcome(request_id).booking.booking_id == held.booking_id
        # A customer's word is no payment.
        assert refused(own.confirm, held.booking_id) == (
            grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
        own.extend(held.booking_id)
        own.release(held.booking_id)
        partner.release(theirs.booking_id)


def test_a_customer_sees_all_its_bookings_and_no_others(demo):
    ada, eve = Customer(demo), Customer(demo)
    show = demo.fresh_show()
    with ada.connection() as own, eve.connection() as other, demo.partner() as partner:
        made = []
        for count in (1, 2, 1, 1, 1):
            held = own.hold(show.show_id, best=(count, ""))
            made.append(held.booking_id)
            if count == 2:
                own.release(held.booking_id)
        other.hold(show.show_id, best=(1, ""))
        partner.hold(show.show_id, best=(1, ""), customer=ada.id)
        request = booking_pb2.ListBookingsRequest
        listed = own.booking.ListBookings(request()).bookings
        assert [each.booking_id for each in listed] == made[::-1]
        assert listed[3].state == booking_pb2.BOOKING_STATE_RELEASED
        paged, token = [], ""
        while True:
            page = own.booking.ListBookings(request(page_size=2, page_token=token))
            assert len(page.bookings) <= 2
            paged += page.bookings
            token = page.next_page_token
            if not token:
                break
        assert [each.booking_id for each in paged] == made[::-1]
        # A page of one's own list opens nobody else's.
        token = own.booking.ListBookings(request(page_size=2)).next_page_token
        assert refused(other.booking.ListBookings, request(page_token=token)) == (
            grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")
        found = refusal(own.booking.ListBookings, request(page_size=-1))
        assert found.fields == ["page_size"]
        assert refused(partner.booking.ListBookings, request())[1] == "ACCOUNT_REQUIRED"


def test_a_blocked_account_is_out_at_once(demo, operator):
    ada = Customer(demo)
    show = demo.fresh_show()
    with ada.connection() as own:
        held = own.hold(show.show_id, best=(2, ""))
        assert operator.GetAccount(email=ada.email.lower()).account.account_id == ada.id
        answer = operator.SetAccountState(account_id=ada.id, state=api.ACCOUNT_STATE_BLOCKED)
        assert (answer.account.state, answer.released_holds) == (api.ACCOUNT_STATE_BLOCKED, 1)
        assert refused(own.hold, show.show_id, best=(1, "")) == BAD_TOKEN
        assert refused(own.extend, held.booking_id) == BAD_TOKEN
    with demo.partner(None) as reader:
        assert HELD not in reader.map(show.show_id)[1].values()
    assert refused(ada.refresh) == OVER
    assert refused(ada.log_in) == (grpc.StatusCode.PERMISSION_DENIED, "ACCOUNT_BLOCKED")
    assert refused(ada.log_in, "not the password") == WRONG
    operator.SetAccountState(account_id=ada.id, state=api.ACCOUNT_STATE_ACTIVE)
    assert ada.log_in().call("GetProfile").account.account_id == ada.id
    acts = [act for act in operator.ListAuditEntries(page_size=200).entries
            if act.account_id == ada.id]
    assert [json.loads(act.detail) for act in acts] == [
        {"before": 3, "after": 1}, {"before": 1, "after": 3}]
    assert not any(ada.email.lower() in str(act).lower() for act in acts)
    ada.call("CloseAccount", password=PASSWORD)
    assert refused(
        operator.SetAccountState, account_id=ada.id, state=api.ACCOUNT_STATE_ACTIVE) == (
        grpc.StatusCode.FAILED_PRECONDITION, "ACCOUNT_CLOSED")
    for call in (
            lambda: operator.GetAccount(account_id=new_id()),
            lambda: operator.GetAccount(email="nobody@example.org"),
            lambda: operator.SetAccountState(
                account_id=new_id(), state=api.ACCOUNT_STATE_BLOCKED)):
        assert refused(call) == (grpc.StatusCode.NOT_FOUND, "ACCOUNT_NOT_FOUND")


# MARK: Sessions

def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(demo):
    ada = Customer(demo)
    first, second = ada.tokens, ada.refresh()
    assert ada.call("GetProfile", second.access_token).account.account_id == ada.id
    third = ada.refresh(second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    for stolen in (first, third, second):
        assert refused(ada.refresh, stolen.refresh_token) == OVER
    # With the session, whatever its access tokens say.
    for tokens in (first, second, third):
        assert refused(ada.call, "GetProfile", tokens.access_token) == BAD_TOKEN
    # Another session of the account goes on.
    assert ada.log_in().refresh().access_token


def test_of_two_who_refresh_at_once_one_wins_or_none(demo):
    ada = Customer(demo)
    won = []

    def refresh():
        try:
            won.append(ada.refresh())
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAUTHENTICATED

    threads = [threading.Thread(target=refresh) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(won) == 1
    # The others showed a token that was used.
    assert refused(ada.refresh, won[0].refresh_token) == OVER


def test_logging_out_and_another_password_end_sessions(demo):
    ada = Customer(demo)
    here = ada.tokens
    elsewhere = ada.log_in().tokens
    ada.call("LogOut", here.access_token)
    assert refused(ada.call, "GetProfile", here.access_token) == BAD_TOKEN
    assert refused(ada.refresh, here.refresh_token) == OVER
    here = ada.log_in().tokens
    assert refused(
        ada.call, "ChangePassword", password="wrong", new_password="another password") == WRONG
    ada.call("ChangePassword", password=PASSWORD, new_password="another password")
    assert refused(ada.call, "GetProfile", elsewhere.access_token) == BAD_TOKEN
    assert ada.call("GetProfile", here.access_token).account.account_id == ada.id
    assert refused(ada.log_in, PASSWORD) == WRONG
    assert ada.log_in("another password").tokens.access_token


# MARK: Guessing

def test_who_guesses_waits_and_learns_nothing(demo, door):
    ada = Customer(demo)
    nobody = f"nobody-{new_id()}@example.org"
    told = []
    for email in (ada.email, nobody):
        key = f"email_hash = sha256('{email.lower()}')"
        answers = [refusal(door.LogIn, email=email, password=f"guess {n}") for n in range(5)]
        # However slow the test is, the lock is still on; how long it lasts is the store's test.
        demo.server.sql(
            f"update login_failure set locked_until = locked_until + interval '1 hour' where {key}")
        answers += [refusal(door.LogIn, email=email, password=f"guess {n}") for n in range(2)]
        told.append([(each.code, each.reason, each.message, each.kinds) for each in answers])
        assert [each.reason for each in answers] == ["LOGIN_FAILED"] * 5 + ["LOGIN_LOCKED"] * 2
        assert 0 < answers[5].retry_after <= 3605
    assert told[0] == told[1]
    # The right password has to wait as well, and then clears the slate.
    assert refused(ada.log_in)[1] == "LOGIN_LOCKED"
    key = f"email_hash = sha256('{ada.email.lower()}')"
    demo.server.sql(f"update login_failure set locked_until = now() where {key}")
    ada.log_in()
    assert demo.server.sql(f"select * from login_failure where {key}") == []


def test_a_flood_of_log_ins_waits_and_seats_are_sold_beside_it(demo, door):
    """Far more passwords than a core can check: some wait, the others are told when to come again."""
    calls = [
        door._stub.LogIn.future(
            api.LogInRequest(email=f"flood-{n}@example.org", password=PASSWORD), timeout=300)
        for n in range(50)]
    show = demo.fresh_show()
    with demo.partner() as partner:
        held = partner.hold(show.show_id, best=(2, ""))
        partner.confirm(held.booking_id)
    assert not all(call.done() for call in calls), "the flood was over before the sale"
    outcomes = [refused(call.result) for call in calls]
    assert set(outcomes) == {WRONG, (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")}


# MARK: Tokens

def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(folder, key, header, payload):
    """A token by the openssl program: nothing of our own code."""
    text = f"{encode(json.dumps(header, separators=(',', ':')).encode())}." + encode(
        json.dumps(payload, separators=(",", ":")).encode())
    message, signature = folder / "message", folder / "signature"
    message.write_text(text)
    subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", message, "-out", signature],
        check=True, capture_output=True)
    return f"{text}.{encode(signature.read_bytes())}"


def unpacked(token):
    """A token's header and what it says."""
    return [
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        for part in token.split(".")[:2]]


def forger(folder):
    """A signing key that is nobody's."""
    file = folder / "foreign.pem"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", file], check=True,
        capture_output=True)
    return file


def keyed(secret, header, payload):
    """A token whose signature is an HMAC under a secret: a public key is known to all."""
    text = ".".join(encode(json.dumps(part).encode()) for part in (header, payload))
    return f"{text}.{encode(hmac.digest(secret, text.encode(), 'sha256'))}"


def public(key, form):
    return subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout", "-outform", form], check=True,
        capture_output=True).stdout


def test_forged_tokens_are_refused_alike(demo, own_folder):
    ada = Customer(demo)
    parts = ada.tokens.access_token.split(".")
    header, payload = unpacked(ada.tokens.access_token)
    assert (header["alg"], header["typ"]) == ("EdDSA", "JWT")
    assert payload["exp"] - payload["iat"] == ada.tokens.access_seconds == 900
    ours = demo.server.data / "token_keys.pem"
    foreign = forger(own_folder)
    raw, theirs = public(ours, "DER")[-32:], public(foreign, "DER")[-32:]
    hashed = header | {"alg": "HS256"}

    def token(key=ours, head=None, **changes):
        return signed(own_folder, key, head or header, payload | changes)

    assert ada.call("GetProfile", token()).account.account_id == ada.id, "the forger can forge"
    now = int(time.time())
    forged = {
        "another key": token(foreign),
        "no algorithm": token(head={"alg": "none", "typ": "JWT"}),
        "another algorithm": token(head=hashed),
        "the public key as a secret": keyed(raw, hashed, payload),
        "… as it is written": keyed(public(ours, "PEM"), hashed, payload),
        "a key that it brings along": token(foreign, header | {
            "jwk": {"kty": "OKP", "crv": "Ed25519", "x": encode(theirs)}}),
        "a key that it says where to find": token(foreign, header | {"jku": "https://example.org/"}),
        "an unknown key": token(head=header | {"kid": "x"}),
        "ended": token(iat=now - 1_000, exp=now - 100),
        "not begun": token(iat=now + 1_000, exp=now + 1_900),
        "another issuer": token(iss="other"), "another audience": token(aud="other"),
        "another account": token(sub=new_id()), "another session": token(sid=new_id()),
        "no account": token(sub="admin"), "no signature": ".".join(parts[:2]) + ".",
        "two parts": ".".join(parts[:2]), "oversized": token(note="x" * 2_000),
        "garbage": "a.b.c",
    }
    told = {
        name: (found.code, found.reason, found.message)
        for name, each in forged.items()
        for found in [refusal(ada.call, "GetProfile", each)]
    }
    assert {answer[:2] for answer in told.values()} == {BAD_TOKEN}, told
    assert len(set(told.values())) == 1


def test_signing_keys_change_without_anybody_noticing(own_demo):
    demo = own_demo
    file = demo.server.data / "token_keys.pem"
    ada = Customer(demo)
    old, before = file.read_text(), ada.tokens.access_token
    new = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519"], check=True, capture_output=True,
        text=True).stdout

    def reload(text):
        file.write_text(text)
        log = demo.server.data.parent / "usherd.log"
        count = log.read_text().count("certificates reloaded")
        demo.server.process.send_signal(1)
        wait_until(lambda: log.read_text().count("certificates reloaded") > count, 30, "the reload")

    reload(new + old)
    after = ada.log_in().tokens.access_token
    assert before.split(".")[0] != after.split(".")[0]
    for token in (before, after):
        assert ada.call("GetProfile", token).account.account_id == ada.id
    reload("no key at all")
    assert ada.call("GetProfile", after).account.account_id == ada.id
    reload(new)
    # What is remembered of the old token lasts a second.
    wait_until(
        lambda: outcome(ada, before) == BAD_TOKEN, 20, "the end of the old key")
    assert ada.call("GetProfile", after).account.account_id == ada.id


def outcome(customer, token):
    """Asked once: each connection may be on another loop, which remembers for itself."""
    try:
        return customer.call("GetProfile", token).account.account_id
    except grpc.RpcError as error:
        told = Refusal(error)
        return told.code, told.reason


# MARK: Fields

@pytest.mark.parametrize(
    "fields, wrong",
    [({"email": email}, "email")
     for email in ("", "ada", "ada@", "@example.org", "a@b", "a b@example.org", "a@b@example.org",
                   "a@example..org", "x" * 65 + "@example.org", "a@" + "x" * 250 + ".org",
                   "a\n@example.org")]
    + [({"password": password}, "password") for password in ("", "1234567", "x" * 257)]
    + [({"phone": phone}, "phone")
       for phone in ("0471234567", "+0471234567", "+3247123456789012", "+32 471 23 45 67", "+1234x67")]
    + [({"name": name}, "name") for name in ("x" * 121, "a\tb")])
def test_a_wrong_field_is_named(door, fields, wrong):
    good = {"email": f"{new_id()}@example.org", "password": PASSWORD, "phone": "", "name": ""}
    found = refusal(door.SignUp, **(good | fields))
    assert (found.code, found.reason, found.fields) == (
        grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS", [wrong])
    assert PASSWORD not in found.message


def test_profiles_and_sessions_check_their_fields(demo, door):
    ada = Customer(demo)
    for account, paths, wrong in (
            ({}, [], "update_mask"), ({}, ["state"], "update_mask"),
            ({}, ["email"], "account.email"), ({"phone": "1"}, ["phone"], "account.phone"),
            ({"name": "x" * 121}, ["name"], "account.name")):
        found = refusal(
            ada.call, "UpdateProfile", account=api.Account(**account), update_mask=MASK(paths=paths))
        assert found.fields == [wrong]
    assert refusal(ada.call, "ChangePassword", new_password="short").fields == ["new_password"]
    assert refusal(door.LogIn, email=ada.email, password="x" * 257).fields == ["password"]
    assert refusal(door.LogIn, email="", password="x").fields == ["email"]
    assert refusal(door.RefreshSession, refresh_token="x" * 600).fields == ["refresh_token"]
    assert refused(door.RefreshSession, refresh_token="") == OVER


# MARK: The command line

def test_an_account_by_the_command_line(demo, own_folder):
    email = f"{new_id()}@example.org"
    home = CommandLine(demo, own_folder)
    home.environment["USHER_PASSWORD"] = PASSWORD
    home.environment.pop("USHER_TOKEN")
    kept = own_folder / "refresh"
    created, = home.json("account", "sign-up", email, "--name", "Ada")
    token, = home.run("account", "log-in", email, "--refresh-file", kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    home.environment["USHER_TOKEN"] = token
    assert any(email in line for line in home.run("account"))
    held, = home.json("hold", demo.fresh_show().show_id, "--best", 2)
    assert held["booking"]["customerRef"] == created["account"]["accountId"]
    heading, row = home.run("account", "bookings")
    assert held["booking"]["bookingId"] in row and heading.split()[0] == "BOOKING"
    home.environment["USHER_TOKEN"], = home.run("account", "refresh", "--refresh-file", kept)
    assert any("Grace" in line for line in home.run("account", "update", "--name", "Grace"))
    office = CommandLine(demo, own_folder)
    office.environment["USHER_TOKEN"] = demo.other_key
    number = created["account"]["accountId"]
    assert "holds released: 1" in office.run("admin", "block-account", number)
    home.run("account", "profile", code=4)
    office.run("admin", "readmit-account", number)
    home.environment["USHER_TOKEN"], = home.run("account", "log-in", email)
    home.environment["USHER_NEW_PASSWORD"] = "another password"
    home.run("account", "change-password")
    home.environment["USHER_PASSWORD"] = "another password"
    home.run("account", "close", code=64)
    home.run("account", "close", "--yes")
    home.run("account", "log-in", email, code=4)
    assert any("closed" in line for line in office.run("admin", "account", number))


# MARK: What is under way when an account ends

def test_blocking_takes_an_account_out_of_lines(demo, operator):
    ada, show = Customer(demo), demo.fresh_show()
    with demo.partner() as partner, ada.connection() as own:
        singles = hold_all(partner, show.show_id, 2)
        party = Waiter(own, show.show_id, 1).wait_position(1, 0)
        behind = Waiter(partner, show.show_id, 1).wait_position(2, 1)
        operator.SetAccountState(account_id=ada.id, state=api.ACCOUNT_STATE_BLOCKED)
        behind.wait_position(1, 0)
        assert party.wait_end().refusal.reason == "WAIT_ENDED"
        partner.release(singles[0].booking_id)
        assert behind.wait_end().offer.seats == singles[0].seats


def test_tokens_of_sessions_that_ended_read_nothing(demo, operator):
    """Reading is for whoever shows nothing too; what is shown and is no good is refused."""
    def read(customer, token=None):
        with customer.connection(token) as own:
            return next(iter(own.shows())).show_id

    left, blocked, closed = (Customer(demo) for _ in range(3))
    for each in (left, blocked, closed):
        assert read(each)
    left.call("LogOut")
    operator.SetAccountState(account_id=blocked.id, state=api.ACCOUNT_STATE_BLOCKED)
    closed.call("CloseAccount", password=PASSWORD)
    for each in (left, blocked, closed):
        assert refused(read, each) == BAD_TOKEN
    changed = Customer(demo)
    old = changed.tokens
    changed.log_in()
    assert read(changed, old.access_token)
    changed.call("ChangePassword", password=PASSWORD, new_password="another password")
    assert refused(read, changed, old.access_token) == BAD_TOKEN
    assert read(changed)
