"""Every administrative act is noted: each method that changes something, of operators and of partners who keep
theatres, leaves one entry of the audit log; what is refused, asked or repeated leaves none."""

import json
import re

import pytest
from google.protobuf import duration_pb2

from houses import manager
from partner import new_id, refusal
from test_accounts import Customer
from test_limited_keys import Place, calls, evening
from test_movies import Keeper, details
from test_operators import BLOCKED, Operator
from test_reviews import Writer
from test_sandbox import CONFIRM, Sandbox
from usher.admin.v1 import catalog_admin_pb2, operator_pb2
from usher.v1 import account_pb2, catalog_pb2, partner_pb2, sandbox_pb2


def changing(file, service):
    """The methods of a service that change something, by their names."""
    for method in file.DESCRIPTOR.services_by_name[service].methods:
        if method.GetOptions().idempotency_level != 1:
            yield method.name


class Log:
    """The audit log, as its rows."""

    def __init__(self, demo):
        self.sql = demo.server.sql

    def end(self):
        return int(self.sql("select coalesce(max(entry_id), 0) from audit_entry")[0][0])

    def since(self, end):
        return [json.loads(text) for (text,) in self.sql(
            f"select to_jsonb(a) from audit_entry a where entry_id > {end} order by entry_id")]

    def key_id(self, secret):
        return int(self.sql(f"select key_id from api_key where key_hash = sha256('{secret}')")[0][0])


@pytest.fixture
def log(sandbox):
    return Log(sandbox)


@pytest.fixture
def keeper(sandbox):
    with manager(sandbox, scopes=["manage", "sell"]) as keeper:
        yield keeper


def act(log, what, secret, method, partner_id=None, action=None):
    """Does it; checks the one entry that it leaves, with the method's name for an action if there is no
    better one."""
    end = log.end()
    answer = what()
    entries = log.since(end)
    assert len(entries) == 1, (method, entries)
    entry, = entries
    name = action or re.sub(r"(?<!^)([A-Z])", r"_\1", method).upper()
    assert entry["action"] == name and entry["actor_key_id"] == log.key_id(secret), (method, entry)
    assert isinstance(entry["detail"], dict) and entry["actor"], (method, entry)
    assert secret not in json.dumps(entry), method
    if partner_id is not None:
        assert entry["partner_id"] == partner_id, (method, entry)
    return answer


def test_every_act_of_an_operator_is_noted(sandbox, log):
    with sandbox.partner(None) as connection:
        operator, keeper = Operator(sandbox, connection.channel), Keeper(sandbox, connection.channel)
        lumen = operator.partner(f"Lumen {new_id()}").partner_id
        first, second = (operator.key(lumen)[0].key_id for _ in range(2))
        ada = Writer(sandbox, "Ada")
        movie = keeper.movie()
        review = ada.put(movie.movie.movie_id, 7, "Good.")
        done = set()

        def noted(method, what, partner_id=None, action=None):
            done.add(method)
            answer = act(log, what, sandbox.other_key, method, partner_id, action)
            secret = getattr(answer, "secret", "")
            assert not secret or secret not in str(log.since(log.end() - 1))

        noted("CreatePartner", lambda: operator.CreatePartner(name=f"Lumen {new_id()}"))
        noted("CreateApiKey", lambda: operator.CreateApiKey(
            partner_id=lumen, scopes=["read"]), lumen)
        noted("RotateApiKey", lambda: operator.RotateApiKey(key_id=first), lumen)
        noted("RevokeApiKey", lambda: operator.RevokeApiKey(key_id=second), lumen)
        noted("UpdatePartner", lambda: operator.set_state(lumen, BLOCKED), lumen)
        noted("SetAccountState", lambda: operator.SetAccountState(
            account_id=ada.id, state=account_pb2.ACCOUNT_STATE_BLOCKED))
        assert done == set(changing(operator_pb2, "OperatorService"))
        done.clear()
        noted("CreateMovie", lambda: keeper.CreateMovie(movie=details(title=new_id())))
        movie.movie.title = f"New {new_id()}"
        noted("UpdateMovie", lambda: keeper.update(movie, "movie.title"))
        noted("ModerateContent", lambda: keeper.ModerateContent(
            review_id=review.review_id, hidden=True,
            objection=catalog_admin_pb2.ModerateContentRequest.DESCRIPTOR.fields_by_name[
                "objection"].enum_type.values[1].number), action="HIDE_REVIEW")
        assert done == set(changing(catalog_admin_pb2, "CatalogAdminService"))
        # Nothing of what is asked, or refused, is an act.
        end = log.end()
        for call in (
                lambda: operator.CreatePartner(name=""), lambda: operator.UpdatePartner(),
                lambda: operator.CreateApiKey(partner_id=1 << 40, scopes=["read"]),
                lambda: operator.RotateApiKey(key_id=1 << 40),
                lambda: operator.RevokeApiKey(key_id=1 << 40),
                lambda: operator.SetAccountState(account_id=new_id(), state=3),
                lambda: keeper.CreateMovie(), lambda: keeper.UpdateMovie(),
                lambda: keeper.ModerateContent()):
            refusal(call)
        operator.ListAuditEntries()
        operator.ListApiKeys(partner_id=lumen)
        # The account is blocked, and the key over, already.
        operator.SetAccountState(account_id=ada.id, state=account_pb2.ACCOUNT_STATE_BLOCKED)
        assert log.since(end) == []
        ada.door.channel.close()


def test_every_act_of_a_partner_is_noted(sandbox, log, keeper):
    place = Place(sandbox, keeper)
    wanted = set(changing(partner_pb2, "PartnerService"))
    done = set()
    with manager(sandbox) as stranger:
        for method, kind, fields in calls(place):
            request = fields(getattr(place, kind))
            end = log.end()
            refusal(getattr(stranger, method), **request)
            assert log.since(end) == [], f"{method} of a stranger"
            if method not in wanted:
                getattr(keeper, method)(**request)
                assert log.since(end) == [], f"{method} changes nothing"
                continue
            act(log, lambda: getattr(keeper, method)(**request), keeper.key, method,
                keeper.partner_id)
            done.add(method)
            if "request_id" in request:
                end = log.end()
                getattr(keeper, method)(**request)
                assert log.since(end) == [], f"{method} repeated"
    movie = catalog_pb2.Movie(title=f"Ice {new_id()}", duration_minutes=90)
    act(log, lambda: keeper.CreateMovie(movie=movie), keeper.key, "CreateMovie", keeper.partner_id)
    made = act(log, keeper.theatre, keeper.key, "CreateTheatre", keeper.partner_id)
    act(log, lambda: keeper.CloseTheatre(theatre_id=made.theatre_id), keeper.key, "CloseTheatre",
        keeper.partner_id)
    programme = evening(sandbox, "sat-1", auditorium="Screen 3")
    act(log, lambda: keeper.rows(place.theatre, programme), keeper.key, "UploadSchedule",
        keeper.partner_id)
    assert done | {"CreateMovie", "CreateTheatre", "CloseTheatre", "UploadSchedule"} == wanted
    # What is only tried is no act.
    end = log.end()
    keeper.ImportLayout(
        auditorium_id=place.auditorium, dry_run=True,
        layout={"seats": [{"label": "Z1", "row": "Z", "tier": "STALLS"}]})
    assert log.since(end) == []


def test_every_act_in_a_sandbox_is_noted(sandbox, log, keeper):
    with sandbox.partner(None) as connection:
        tester = Sandbox(connection.channel, keeper.key)
        fault = {"method": CONFIRM, "kind": sandbox_pb2.FAULT_KIND_LOSE_ANSWER}
        act(log, lambda: tester.set(fault), keeper.key, "SetFaults", keeper.partner_id)
        act(log, tester.set, keeper.key, "SetFaults", keeper.partner_id)
        request = sandbox_pb2.AdvanceClockRequest(
            by=duration_pb2.Duration(seconds=60), request_id=new_id())

        def advance():
            return tester._stub.AdvanceClock(request, metadata=tester._metadata, timeout=60)

        act(log, advance, keeper.key, "AdvanceClock", keeper.partner_id)
        end = log.end()
        advance()
        refusal(tester.set, {"kind": 99})
        tester.get()
        assert log.since(end) == []
    assert set(changing(sandbox_pb2, "SandboxService")) == {"SetFaults", "AdvanceClock"}


def test_who_is_told_nothing_by_name(sandbox, log):
    """An account is told by its id alone."""
    ada = Customer(sandbox, name="Ada of the log", phone="+32471234567")
    with sandbox.partner(None) as connection:
        operator = Operator(sandbox, connection.channel)
        end = log.end()
        operator.SetAccountState(account_id=ada.id, state=account_pb2.ACCOUNT_STATE_BLOCKED)
    entry, = log.since(end)
    assert entry["account_id"] == ada.id
    for personal in (ada.email, ada.email.lower(), "Ada of the log", "+32471234567"):
        assert personal not in json.dumps(entry)
