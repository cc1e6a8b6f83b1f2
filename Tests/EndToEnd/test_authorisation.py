"""Every method that the server offers × every kind of caller. What a method demands is written down
here once more, so that a slip in the server's table is a difference."""

import grpc
import pytest
from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from partner import Refusal
from serving import Serving
from test_accounts import Customer

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
                   "GetRequestOutcome", "GetBooking")
} | {
    "/usher.v1.BookingService/ListBookings": "account",
} | {
    f"/usher.v1.AccountService/{method}": "nothing"
    for method in ("SignUp", "LogIn", "RefreshSession")
} | {
    f"/usher.v1.ReviewService/{method}": "read" for method in ("ListReviews", "ListComments")
}
                   "ExchangeBooking", "BatchHoldSeats", "BatchCancelBookings", "FenceRequest",
REASONS = {"CREDENTIALS_MISSING", "CREDENTIALS_INVALID", "SCOPE_MISSING", "ACCOUNT_REQUIRED"}
GOOD = {
    "reader": {"read"}, "seller": {"sell"}, "manager": {"manage"}, "accountant": {"report"},
    "operator": {"admin"}, "both": {"sell", "admin"},
}
BAD = {
    "garbage": "Bearer usher_pk_garbage", "another scheme": "Basic dXNoZXI6dXNoZXI=",
    "nothing but a scheme": "Bearer", "longer than any key": "Bearer " + "x" * 600,
    "a token of no issuer": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "expired": "Bearer usher_pk_matrix_expired", "revoked": "Bearer usher_pk_matrix_revoked",
    "of a blocked partner": "Bearer usher_pk_matrix_blocked",
    "of a closed partner": "Bearer usher_pk_matrix_closed",
}


def add_keys(server):
    """One key of each kind, as rows: what the services make of them is another test's."""
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
        server.sql(
            "insert into api_key (key_hash, partner_id, prefix, scopes, expires_at, revoked_at)"
            f" select sha256('usher_pk_matrix_{kind}'), partner_id, 'usher_pk_matri',"
            f" '{{{','.join(scopes)}}}', {expires}, {revoked} from partner where name = '{partner}'")


@pytest.fixture(scope="module")
def keys(demo):
    add_keys(demo.server)


@pytest.fixture(scope="module", params=[False, True], ids=["reading by key", "reading is free"])
def node(request, demo, keys, tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    with Serving(
            demo, folder, cleartext=True, anonymous_reads=request.param,
            token_keys=demo.server.data / "token_keys.pem") as node:
        node.anonymous_reads = request.param
        yield node


def methods(channel):
    """Every method that the server tells of, as paths."""
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = descriptor_pool.DescriptorPool(database)
    for service in database.get_services():
        for method in pool.FindServiceByName(service).methods:
            yield service, f"/{service}/{method.name}"


def outcome(channel, path, shown):
    """ADMITTED, or how an empty request is refused. Any method can be called as a stream."""
    metadata = [] if shown is None else [("authorization", shown)]
    call = channel.stream_stream(path)(iter([b""]), metadata=metadata, timeout=30)
    try:
        next(call, None)
    except grpc.RpcError as error:
        if error.code() in (
                grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
            refused = Refusal(error)
            if refused.reason not in REASONS:
                return "ADMITTED"  # and refused by the method itself
            return refused.code, refused.reason, refused.metadata, refused.message
    finally:
        call.cancel()
    return "ADMITTED"


def expected(demand, kind, anonymous_reads):
    """What the outcome begins with."""
    if demand == "nothing":
        return "ADMITTED"
    if kind is None:
        if demand == "read" and anonymous_reads:
            return "ADMITTED"
        return grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING", {}
    if kind in BAD:
        return grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID", {}
    scopes = {"account"} if kind == "customer" else GOOD[kind]
    if demand == "read" or scopes & set(demand.split(" or ")):
        return "ADMITTED"
    if demand == "account":
        return grpc.StatusCode.PERMISSION_DENIED, "ACCOUNT_REQUIRED", {}
    scope = demand.split(" or ")[0]
    return grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING", {"scope": scope}


def test_every_method_by_every_caller(demo, node):
    customer = Customer(demo)
    shown = {None: None} | BAD | {kind: f"Bearer usher_pk_matrix_{kind}" for kind in GOOD}
    told, differences = set(), []
    with grpc.insecure_channel(node.tcp) as channel:
        offered = list(methods(channel))
        assert {service for service, _ in offered} == set(DEMANDS), "a service without a demand"
        assert len(offered) >= 48, "methods went missing"
        # The customer's own methods last: one of them ends its session.
        offered.sort(key=lambda method: (method[0] == "usher.v1.AccountService", method[1]))
        for service, path in offered:
            if service == "usher.v1.AccountService":
                customer.log_in()
            shown["customer"] = f"Bearer {customer.tokens.access_token}"
            for kind, value in shown.items():
                found = outcome(channel, path, value)
                demand = DEMANDS_OF.get(path, DEMANDS[service])
                wanted = expected(demand, kind, node.anonymous_reads)
                if found != "ADMITTED":
                    told.add(found[3])
                if (found if found == "ADMITTED" else found[:3]) != wanted:
                    differences.append((path, kind, found, wanted))
    assert differences == []
    # One sentence for those who show nothing, one for whatever is bad, one for a scope, one for keys where
    # customers belong.
    assert len(told) == 4, told
