"""Every method that the server offers × every kind of caller. What a method demands is written down
here once more, so that a slip in the server's table is a difference."""

import importlib
import json
import time

import grpc
import pytest
from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from conftest import PROTOS
from partner import Refusal
from serving import Serving
from test_accounts import PASSWORD, Customer, forger, signed, unpacked
from test_client_certificates import Papers, fingerprint
from test_operators import Operator
from usher.v1 import account_pb2
from usherd import Folder

# What each service demands; a method may differ from its service.
DEMANDS = {
    "grpc.health.v1.Health": "nothing",
    "grpc.reflection.v1.ServerReflection": "nothing",
    "grpc.reflection.v1alpha.ServerReflection": "nothing",
    "usher.v1.CatalogService": "read",
    "usher.v1.SeatMapService": "read",
    "usher.v1.BookingService": "sell",
    "usher.v1.WaitlistService": "sell or account",
    "usher.v1.PartnerService": "manage or admin",
    "usher.v1.SandboxService": "manage or admin",
    "usher.v1.SalesService": "report or admin",
    "usher.v1.AccountService": "account",
    "usher.v1.ReviewService": "account",
    "usher.v1.RecommendationService": "account",
    "usher.admin.v1.AdminService": "admin",
    "usher.admin.v1.OperatorService": "admin",
    "usher.admin.v1.CatalogAdminService": "admin",
}
# What customers may do by themselves.
DEMANDS_OF = {
    f"/usher.v1.BookingService/{method}": "sell or account"
    for method in ("HoldSeats", "SetAddOns", "ExtendHold", "ReleaseHold", "CancelBooking",
                   "ExchangeBooking", "BatchHoldSeats", "BatchCancelBookings", "FenceRequest",
                   "GetRequestOutcome", "GetBooking")
} | {
    "/usher.v1.BookingService/ListBookings": "account",
} | {
    f"/usher.v1.AccountService/{method}": "nothing"
    for method in ("SignUp", "LogIn", "RefreshSession")
} | {
    f"/usher.v1.ReviewService/{method}": "read" for method in ("ListReviews", "ListComments")
}
REASONS = {"CREDENTIALS_MISSING", "CREDENTIALS_INVALID", "SCOPE_MISSING", "ACCOUNT_REQUIRED"}
# No answer to a call that was let, whatever is wrong with its request.
FAULTS = {
    grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DATA_LOSS}
GOOD = {
    "reader": {"read"}, "seller": {"sell"}, "manager": {"manage"}, "accountant": {"report"},
    "operator": {"admin"}, "both": {"sell", "admin"},
}
BAD = {
    "garbage": "Bearer usher_pk_garbage", "another scheme": "Basic dXNoZXI6dXNoZXI=",
    "no scheme": "usher_pk_garbage", "empty": "",
    "a token of no issuer": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "expired": "Bearer usher_pk_matrix_expired", "revoked": "Bearer usher_pk_matrix_revoked",
    "of a blocked partner": "Bearer usher_pk_matrix_blocked",
    "of a closed partner": "Bearer usher_pk_matrix_closed",
}
# Certificates that are let in by the handshake and stand for no key, or for none any more.
NOBODYS = {
    "nobody's certificate": "nobody", "certificate of an expired key": "expired",
    "certificate of a revoked key": "revoked", "certificate of a blocked partner": "blocked",
}
# Tokens of customers that are no good by themselves, and those whose sessions are over.
BAD_TOKENS = {"expired token", "forged token"}
ENDED = {"token of a session that was left", "token of a blocked account", "token of a closed account"}


def add_keys(server):
    """One key of each kind, by its secret and by a certificate, as rows: what the services make of them is
    another test's."""
    rows = [(kind, "Matrix", scopes, "null", "null") for kind, scopes in GOOD.items()]
    rows += [
        ("expired", "Matrix", {"sell", "admin"}, "now() - interval '1 second'", "null"),
        ("revoked", "Matrix", {"sell", "admin"}, "null", "now()"),
        ("blocked", "Matrix, blocked", {"sell", "admin"}, "null", "null"),
        ("closed", "Matrix, closed", {"sell", "admin"}, "null", "null"),
    ]
    server.sql(
        "insert into partner (name, state) values ('Matrix', 1), ('Matrix, closed', 2),"
        " ('Matrix, blocked', 3)")
    for kind, partner, scopes, expires, revoked in rows:
        for key_hash, name in (
                (f"sha256('usher_pk_matrix_{kind}')", ""), ("null", f"uri:urn:matrix:{kind}")):
            server.sql(
                "insert into api_key"
                " (key_hash, certificate, partner_id, prefix, scopes, expires_at, revoked_at)"
                f" select {key_hash}, '{name}', partner_id, 'usher_pk_matri',"
                f" '{{{','.join(scopes)}}}', {expires}, {revoked}"
                f" from partner where name = '{partner}'")


@pytest.fixture(scope="module")
def keys(demo):
    add_keys(demo.server)


@pytest.fixture(scope="module")
def papers():
    with Folder() as folder:
        papers = Papers(folder)
        papers.tills = {
            kind: papers.till(kind, f"URI:urn:matrix:{kind}")
            for kind in [*GOOD, *NOBODYS.values()]}
        yield papers


@pytest.fixture(scope="module", params=[False, True], ids=["reading by key", "reading is free"])
def node(request, demo, keys, papers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    with Serving(
            demo, folder, certificate=papers.server[0], key=papers.server[1], client_auth="request",
            client_ca=papers.authority.certificate, anonymous_reads=request.param,
            token_keys=demo.server.data / "token_keys.pem") as node:
        node.anonymous_reads = request.param
        yield node


@pytest.fixture(scope="module")
def tokens(demo):
    """Tokens that are good no more, or never were; by kind."""
    customers = {kind: Customer(demo) for kind in ENDED}
    left, blocked, closed = (customers[kind] for kind in (
        "token of a session that was left", "token of a blocked account",
        "token of a closed account"))
    left.call("LogOut")
    with demo.partner(None) as connection:
        Operator(demo, connection.channel).SetAccountState(
            account_id=blocked.id, state=account_pb2.ACCOUNT_STATE_BLOCKED)
    closed.call("CloseAccount", password=PASSWORD)
    good, now = Customer(demo), int(time.time())
    header, payload = unpacked(good.tokens.access_token)
    with Folder() as folder:
        made = {
            "expired token": signed(
                folder, demo.server.data / "token_keys.pem", header,
                payload | {"iat": now - 1_000, "exp": now - 100}),
            "forged token": signed(folder, forger(folder), header, payload)}
    return made | {kind: customer.tokens.access_token for kind, customer in customers.items()}


def methods(channel):
    """Every method that the server tells of, as paths."""
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = descriptor_pool.DescriptorPool(database)
    for service in database.get_services():
        for method in pool.FindServiceByName(service).methods:
            yield service, f"/{service}/{method.name}"


def declared():
    """Every method of the schema, as paths."""
    for file in (PROTOS / "usher").rglob("*.proto"):
        name = str(file.relative_to(PROTOS).with_suffix("")).replace("/", ".")
        for service in importlib.import_module(f"{name}_pb2").DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield f"/{service.full_name}/{method.name}"


def outcome(channel, path, shown):
    """ADMITTED, or how an empty request is refused. Any method can be called as a stream."""
    metadata = [] if shown is None else [("authorization", shown)]
    while True:
        call = channel.stream_stream(path)(iter([b""]), metadata=metadata, timeout=30)
        try:
            next(call, None)
        except grpc.RpcError as error:
            refused = Refusal(error)
            if refused.reason == "RATE_LIMITED":
                # Neither: it is not looked at yet.
                time.sleep(refused.retry_after)
                continue
            if refused.reason in REASONS or refused.code in FAULTS:
                return refused.code, refused.reason, refused.metadata, refused.message
            # Admitted, and refused by the method itself.
        finally:
            call.cancel()
        return "ADMITTED"


def expected(demand, kind, anonymous_reads):
    """What the outcome begins with; one of several."""
    invalid = grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID"
    if demand == "nothing":
        return ["ADMITTED"]
    if kind in (None, *NOBODYS) and demand == "read" and anonymous_reads:
        return ["ADMITTED"]
    if kind is None:
        return [(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING")]
    if kind in NOBODYS or kind in BAD or kind in BAD_TOKENS:
        return [invalid]
    is_customer = kind == "customer" or kind in ENDED
    scopes = {"account"} if is_customer else GOOD[kind.removesuffix("'s certificate")]
    if demand == "read" or scopes & set(demand.split(" or ")):
        return [invalid if kind in ENDED else "ADMITTED"]
    reason = "ACCOUNT_REQUIRED" if demand == "account" else "SCOPE_MISSING"
    refused = grpc.StatusCode.PERMISSION_DENIED, reason
    # What no customer may do need not be told by the session first.
    return [refused, invalid] if kind in ENDED else [refused]


def details(demand, found, kind, papers):
    """What a refusal says beside its reason."""
    if found[1] == "SCOPE_MISSING":
        return {"scope": demand.split(" or ")[0]}
    if kind in NOBODYS:
        return {"sha256": fingerprint(papers.tills[NOBODYS[kind]][0])}
    return {}


class Callers:
    """Each kind of caller as a channel and what it says in `authorization`."""

    def __init__(self, demo, node, papers, tokens):
        self.customer = Customer(demo)
        plain = papers.channel(node)
        self.kinds = {None: (plain, None)}
        self.kinds |= {kind: (plain, shown) for kind, shown in BAD.items()}
        self.kinds |= {kind: (plain, f"Bearer usher_pk_matrix_{kind}") for kind in GOOD}
        self.kinds |= {kind: (plain, f"Bearer {token}") for kind, token in tokens.items()}
        certificates = {f"{kind}'s certificate": kind for kind in GOOD} | NOBODYS
        self.kinds |= {
            kind: (papers.channel(node, papers.tills[name]), None)
            for kind, name in certificates.items()}
        self.plain = plain

    def log_in(self):
        self.customer.log_in()

    def __iter__(self):
        token = self.customer.tokens.access_token
        yield from (self.kinds | {"customer": (self.plain, f"Bearer {token}")}).items()

    def close(self):
        for channel in {id(channel): channel for channel, _ in self.kinds.values()}.values():
            channel.close()


def test_every_method_by_every_caller(demo, node, papers, tokens):
    callers = Callers(demo, node, papers, tokens)
    told, differences = set(), []
    offered = list(methods(callers.plain))
    assert {service for service, _ in offered} == set(DEMANDS), "a service without a demand"
    ours = {path for _, path in offered if path.startswith("/usher.")}
    assert ours == set(declared()), "methods that are only offered, or only declared"
    # The customer's own methods last: one of them ends its session.
    offered.sort(key=lambda method: (method[0] == "usher.v1.AccountService", method[1]))
    for service, path in offered:
        if service == "usher.v1.AccountService":
            callers.log_in()
        demand = DEMANDS_OF.get(path, DEMANDS[service])
        for kind, (channel, shown) in callers:
            found = outcome(channel, path, shown)
            wanted = expected(demand, kind, node.anonymous_reads)
            if found == "ADMITTED":
                is_right = found in wanted
            else:
                told.add(found[3])
                is_right = found[:2] in wanted and found[2] == details(demand, found, kind, papers)
            if not is_right:
                differences.append((path, kind, found, wanted))
    callers.close()
    assert differences == [], json.dumps(differences, default=str, indent=1)
    # One sentence for those who show nothing, one for whatever is bad, one for a certificate that stands for
    # nothing, one for a scope, one for keys where customers belong.
    assert len(told) == 5, told
