"""usher.admin.v1.OperatorService and `usher admin`: partners, keys and the log of who did what."""

import json
import subprocess

import grpc
import pytest
from google.protobuf import duration_pb2, field_mask_pb2

from command_line import CommandLine
from partner import HELD, SOLD, new_id, refusal
from usher.admin.v1 import operator_pb2 as api
from usher.admin.v1 import operator_pb2_grpc
from usher.v1 import booking_pb2
from usherd import BINARY

ACTIVE, BLOCKED = api.PARTNER_STATE_ACTIVE, api.PARTNER_STATE_BLOCKED
DENIED = (grpc.StatusCode.PERMISSION_DENIED, "THEATRE_NOT_GRANTED")
BAD_KEY = (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")


class Operator:
    def __init__(self, demo, channel):
        self._stub = operator_pb2_grpc.OperatorServiceStub(channel)
        self._metadata = [("authorization", f"Bearer {demo.other_key}")]

    def __getattr__(self, method):
        request = getattr(api, f"{method}Request")
        call = getattr(self._stub, method)
        return lambda **fields: call(request(**fields), metadata=self._metadata, timeout=20)

    def partner(self, name):
        return self.CreatePartner(name=name).partner

    def key(self, partner_id, **fields):
        """A key to sell, and its secret."""
        answer = self.CreateApiKey(partner_id=partner_id, scopes=["sell"], **fields)
        return answer.api_key, answer.secret

    def set_state(self, partner_id, state):
        return self.UpdatePartner(
            partner=api.Partner(partner_id=partner_id, state=state),
            update_mask=field_mask_pb2.FieldMask(paths=["state"])).partner

    def acts(self, partner_id):
        return list(self.ListAuditEntries(partner_id=partner_id).entries)


@pytest.fixture
def operator(demo):
    with demo.partner(None) as connection:
        yield Operator(demo, connection.channel)


@pytest.fixture
def lumen(operator):
    """A partner of the test's own."""
    return operator.partner(f"Lumen {new_id()}").partner_id


def refused(call, *arguments, **options):
    found = refusal(call, *arguments, **options)
    return found.code, found.reason


def test_from_no_partner_to_a_sale_and_out_again(demo, operator, lumen):
    key, secret = operator.key(lumen, label="till")
    assert secret.startswith(key.prefix) and len(secret) > 50
    show = demo.fresh_show()
    with demo.partner(secret) as partner:
        held = partner.hold(show.show_id, best=(2, ""))
        partner.confirm(held.booking_id)
        # A key that was used a moment ago: what the server remembers of it must go too.
        ended = operator.RevokeApiKey(key_id=key.key_id).api_key
        assert ended.HasField("revoked_at")
        assert refused(partner.get, held.booking_id) == BAD_KEY
    other, second = operator.key(lumen)
    with demo.partner(second) as partner:
        assert partner.get(held.booking_id).booking_id == held.booking_id
        assert operator.set_state(lumen, BLOCKED).state == BLOCKED
        assert refused(partner.get, held.booking_id) == BAD_KEY
        assert operator.set_state(lumen, ACTIVE).state == ACTIVE
        assert partner.get(held.booking_id).booking_id == held.booking_id
    assert [act.action for act in reversed(operator.acts(lumen))] == [
        "CREATE_PARTNER", "CREATE_API_KEY", "REVOKE_API_KEY", "CREATE_API_KEY", "UPDATE_PARTNER",
        "UPDATE_PARTNER"]
    for act in operator.acts(lumen):
        assert demo.other_key.startswith(act.actor.split()[0]) and act.actor_key_id > 0
        assert secret not in act.detail and second not in act.detail
        json.loads(act.detail)
    listed = operator.ListApiKeys(partner_id=lumen).api_keys
    assert [each.key_id for each in listed] == [key.key_id, other.key_id]


def test_acts_are_found_by_who_did_what_when(operator, lumen):
    key, _ = operator.key(lumen)
    operator.RevokeApiKey(key_id=key.key_id)
    made, given, ended = reversed(operator.acts(lumen))

    def found(**fields):
        return list(operator.ListAuditEntries(partner_id=lumen, **fields).entries)

    assert found(action="CREATE_API_KEY") == [given]
    assert found(actor_key_id=made.actor_key_id) == [ended, given, made]
    assert found(actor_key_id=1 << 40) == [] == found(account_id=new_id())
    assert found(**{"from": given.at}) == [ended, given] and found(until=given.at) == [made]
    page = operator.ListAuditEntries(partner_id=lumen, action="CREATE_PARTNER", page_size=1)
    assert list(page.entries) == [made]
    for wrong, field in (({"account_id": "ada"}, "account_id"), ({"action": "create"}, "action"),
                         ({"actor_key_id": -1}, "actor_key_id"), ({"partner_id": -1}, "partner_id"),
                         ({"until": {"seconds": -1}}, "until")):
        assert refusal(operator.ListAuditEntries, **wrong).fields == [field]


def test_a_key_is_replaced_without_a_gap(demo, operator, lumen):
    key, secret = operator.key(lumen)
    answer = operator.RotateApiKey(key_id=key.key_id, overlap=duration_pb2.Duration(seconds=600))
    for each in (secret, answer.secret):
        with demo.partner(each) as partner:
            assert refused(partner.get, new_id())[0] == grpc.StatusCode.NOT_FOUND
    assert refused(operator.RotateApiKey, key_id=key.key_id) == (
        grpc.StatusCode.FAILED_PRECONDITION, "API_KEY_OVER")
    last = operator.RotateApiKey(key_id=answer.api_key.key_id)
    with demo.partner(answer.secret) as old, demo.partner(last.secret) as new:
        assert refused(old.get, new_id()) == BAD_KEY
        assert refused(new.get, new_id())[0] == grpc.StatusCode.NOT_FOUND


def test_a_key_for_one_theatre_reaches_no_other(demo, operator, lumen):
    here = demo.fresh_show()
    elsewhere = next(show for show in demo.fresh_shows() if show.theatre_id != here.theatre_id)
    demo.fresh_shows().remove(elsewhere)
    _, everywhere = operator.key(lumen)
    _, limited = operator.key(lumen, theatre_ids=[here.theatre_id])
    no_show, nothing = 1 << 40, new_id()
    with demo.partner(everywhere) as chain, demo.partner(limited) as till:
        own = till.hold(here.show_id, best=(1, ""))
        foreign = chain.hold(elsewhere.show_id, best=(2, ""), request_id=nothing)
        # What is not the key's is not told apart from what is not there.
        hold = booking_pb2.HoldSeatsRequest
        for show in (elsewhere.show_id, no_show):
            assert refused(till.hold, show, best=(1, "")) == DENIED
            wanted = [hold(show_id=show, seats=["A1"], request_id=new_id())]
            for atomic in (True, False):
                request = booking_pb2.BatchHoldSeatsRequest(holds=wanted, atomic=atomic)
                if atomic:
                    assert refused(till.booking.BatchHoldSeats, request) == DENIED
                else:
                    result = till.booking.BatchHoldSeats(request).results[0]
                    assert result.error.code == grpc.StatusCode.PERMISSION_DENIED.value[0]
            assert refused(till.exchange, own.booking_id, show, best=1) == DENIED
            assert refused(lambda: next(till.join(show, 1))) == DENIED
        messages = set()
        for booking in (foreign.booking_id, foreign.booking_id[:-12] + "0" * 12):
            for call in (till.get, till.confirm, till.extend, till.release, till.cancel):
                found = refusal(call, booking)
                assert (found.code, found.reason) == DENIED
                messages.add((found.message, str(found.metadata)))
            assert refused(till.exchange, booking, here.show_id, best=1) == DENIED
            request = booking_pb2.BatchCancelBookingsRequest(
                cancellations=[booking_pb2.CancelBookingRequest(
                    booking_id=booking, request_id=new_id())], atomic=True)
            assert refused(till.booking.BatchCancelBookings, request) == DENIED
        assert len(messages) == 1
        # Whether another till of the partner made the request or nobody is the same to this one.
        assert refused(till.outcome, nothing) == refused(till.outcome, new_id()) == (
            grpc.StatusCode.NOT_FOUND, "REQUEST_NOT_FOUND")
        # Reading is for everybody; and nothing of the above had an effect.
        states = till.map(elsewhere.show_id)[1]
        assert sorted(foreign.seats) == sorted(
            label for label, state in states.items() if state == HELD)
        till.confirm(own.booking_id)
        assert till.map(here.show_id)[1][own.seats[0]] == SOLD
        chain.release(foreign.booking_id)


MASK = field_mask_pb2.FieldMask
SPAN = duration_pb2.Duration


@pytest.mark.parametrize(
    "method, fields, wrong",
    [
        ("CreatePartner", {"name": ""}, "name"),
        ("CreatePartner", {"name": "x" * 121}, "name"),
        ("CreatePartner", {"name": "a\nb"}, "name"),
        ("ListPartners", {"page_size": -1}, "page_size"),
        ("UpdatePartner", {"partner": api.Partner(partner_id=1)}, "update_mask"),
        ("UpdatePartner",
         {"partner": api.Partner(partner_id=1), "update_mask": MASK(paths=["partner_id"])},
         "update_mask"),
        ("UpdatePartner",
         {"partner": api.Partner(partner_id=1), "update_mask": MASK(paths=["state"])},
         "partner.state"),
        ("UpdatePartner",
         {"partner": api.Partner(partner_id=1, state=77), "update_mask": MASK(paths=["state"])},
         "partner.state"),
        ("UpdatePartner",
         {"partner": api.Partner(partner_id=1), "update_mask": MASK(paths=["name"])},
         "partner.name"),
        ("CreateApiKey", {"partner_id": 1}, "scopes"),
        ("CreateApiKey", {"partner_id": 1, "scopes": ["everything"]}, "scopes"),
        ("CreateApiKey", {"partner_id": 1, "scopes": ["sell", "sell"]}, "scopes"),
        ("CreateApiKey", {"partner_id": 1, "scopes": ["sell"], "label": "x" * 81}, "label"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "theatre_ids": [1, 1]}, "theatre_ids"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "theatre_ids": [1 << 40]}, "theatre_ids"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "theatre_ids": range(1, 1002)}, "theatre_ids"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "lifetime": SPAN(seconds=-1)}, "lifetime"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "lifetime": SPAN(nanos=999_999_999)}, "lifetime"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "lifetime": SPAN(seconds=(1 << 63) - 1)},
         "lifetime"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "certificate": "cn:till"}, "certificate"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "certificate": "uri:"}, "certificate"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "certificate": "dns:two words"}, "certificate"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "certificate": "dns:" + "x" * 501}, "certificate"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "certificate": "sha256:" + "f" * 63}, "certificate"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "certificate": "sha256:" + "g" * 64}, "certificate"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["admin"], "theatre_ids": [1]}, "theatre_ids"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "selling_per_second": -1}, "selling_per_second"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "selling_per_second": 1_000_001},
         "selling_per_second"),
        ("CreateApiKey",
         {"partner_id": 1, "scopes": ["sell"], "reporting_per_second": -1},
         "reporting_per_second"),
        ("ListApiKeys", {"page_size": -1}, "page_size"),
        ("RotateApiKey", {"key_id": 1, "overlap": SPAN(seconds=-1)}, "overlap"),
        ("RotateApiKey", {"key_id": 1, "overlap": SPAN(seconds=30 * 86_400 + 1)}, "overlap"),
        ("ListAuditEntries", {"page_size": -1}, "page_size"),
    ])
def test_a_wrong_field_is_named(operator, method, fields, wrong):
    found = refusal(getattr(operator, method), **fields)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert found.fields == [wrong]


def test_what_is_not_there_and_what_is_taken(operator, lumen):
    name = operator.GetPartner(partner_id=lumen).partner.name
    for call in (
            lambda: operator.GetPartner(partner_id=1 << 40),
            lambda: operator.set_state(1 << 40, BLOCKED),
            lambda: operator.key(1 << 40)):
        assert refused(call) == (grpc.StatusCode.NOT_FOUND, "PARTNER_NOT_FOUND")
    for method in ("RotateApiKey", "RevokeApiKey"):
        assert refused(getattr(operator, method), key_id=1 << 40) == (
            grpc.StatusCode.NOT_FOUND, "API_KEY_NOT_FOUND")
    other = operator.partner(f"Other {new_id()}")
    other.name = name
    for call in (
            lambda: operator.partner(name),
            lambda: operator.UpdatePartner(partner=other, update_mask=MASK(paths=["name"]))):
        assert refused(call) == (grpc.StatusCode.ALREADY_EXISTS, "PARTNER_NAME_TAKEN")
    for method in ("ListPartners", "ListApiKeys", "ListAuditEntries"):
        assert refused(getattr(operator, method), page_token="zz") == (
            grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


def test_a_partner_by_the_command_line_alone(demo, own_folder):
    """From the host's first key to a sale, and what is said of it."""
    socket = demo.server.data / "postgres" / "data"
    made = subprocess.run(
        [BINARY, "create-key", "Operations", "--database",
         f"host={socket} port=5432 user=usher dbname=usher"],
        capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    assert demo.server.sql(
        "select actor_key_id is null, actor like 'the host%', action from audit_entry"
        " join partner using (partner_id) where name = 'Operations' order by entry_id"
    ) == [("t", "t", "CREATE_PARTNER"), ("t", "t", "CREATE_API_KEY")]
    office = CommandLine(demo, own_folder)
    office.environment["USHER_TOKEN"] = made.stdout.strip()
    name = f"Bijou {new_id()}"
    number = office.json("admin", "create-partner", name)[0]["partner"]["partnerId"]
    assert any(name in line for line in office.run("admin", "partners", "--limit", 0))
    secret, = office.run("admin", "create-key", number, "--scope", "sell", "--days", 30)
    till = CommandLine(demo, own_folder)
    till.environment["USHER_TOKEN"] = secret
    held, = till.json("hold", demo.fresh_show().show_id, "--best", 2)
    till.run("confirm", held["booking"]["bookingId"], "--payment", "paid")
    heading, row = office.run("admin", "keys", "--partner", number)
    assert secret[:14] in row and secret not in row and heading.split()[2] == "KEY"
    key = row.split()[0]
    successor, = office.run("admin", "rotate-key", key)
    till.run("booking", held["booking"]["bookingId"], code=4)
    till.environment["USHER_TOKEN"] = successor
    till.run("booking", held["booking"]["bookingId"])
    office.run("admin", "update-partner", number, "--state", "blocked")
    till.run("booking", held["booking"]["bookingId"], code=4)
    acts = office.json("admin", "audit", "--partner", number)
    assert [act["action"] for act in acts] == [
        "UPDATE_PARTNER", "ROTATE_API_KEY", "CREATE_API_KEY", "CREATE_PARTNER"]
    office.run("admin", "revoke-key", key)
    assert "revoked" in office.run("admin", "keys", "--partner", number)[1]
    # A partner's own key does nothing of all this.
    clerk = CommandLine(demo, own_folder)
    clerk.run("admin", "partners", code=4)
