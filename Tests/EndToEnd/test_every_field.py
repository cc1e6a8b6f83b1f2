"""Every field of every request, set to what no client should send: whatever comes, the
answer is a refusal with its reason or an ordinary answer, the node lives, and its log has no error.

Each field is tried in a request that is empty otherwise, where all that is wrong is told together, and in
one whose other fields are usual, where the database gets to see it."""

import importlib
import itertools
import pkgutil
import time

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor as Field

import usher.admin.v1
import usher.v1
from partner import Refusal, new_id
from test_accounts import Customer
from test_authorisation import DEMANDS, DEMANDS_OF
from usher.admin.v1 import operator_pb2, operator_pb2_grpc
from usher.v1 import booking_pb2, catalog_pb2, sales_pb2, sales_pb2_grpc
from usherd import Folder, Usherd

# What a client may be told of any request. Of a field that is wrong it is never that the server failed.
TOLD = {
    grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.RESOURCE_EXHAUSTED}
INTEGERS = {
    Field.TYPE_INT32: (-1, 2**31 - 1, -(2**31)), Field.TYPE_SINT32: (-1, 2**31 - 1, -(2**31)),
    Field.TYPE_INT64: (-1, 2**31, -(2**31) - 1, 2**63 - 1, -(2**63)),
    Field.TYPE_SINT64: (-1, 2**31, 2**63 - 1, -(2**63)), Field.TYPE_UINT32: (2**32 - 1,),
    Field.TYPE_UINT64: (2**64 - 1,),
    Field.TYPE_ENUM: (-1, 99, 32_767, -32_768, 65_536, 2**31 - 1, -(2**31))}
DOUBLES = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308)
TEXTS = (
    "a\0b", "x" * 60_000, "a\nb\x1b[2J\x7f", "-", "9" * 40, "\u202e'\"\\$1;%s{}", "e\u0301" * 20_000,
    "00000000-0000-0000-0000-000000000000", "-9999-99-99", "\U0001f3ad@\U0001f3ad.x")
# Sandboxes are moved by nobody else here; what ends a customer's session is asked last.
LAST = {"LogOut", "CloseAccount", "ChangePassword", "SetAccountState", "AdvanceClock", "SetFaults"}


def extremes(field):
    """Values that a field may have on the wire and nobody should send."""
    if field.type in INTEGERS:
        values = INTEGERS[field.type]
    elif field.type in (Field.TYPE_DOUBLE, Field.TYPE_FLOAT):
        values = DOUBLES
    elif field.type == Field.TYPE_STRING:
        values = TEXTS
    elif field.type == Field.TYPE_BYTES:
        values = (b"", b"\0" * 60_000)
    else:
        return
    if not field.is_repeated:
        yield from values
        return
    for value in values:
        yield [value]
    yield [""] * 5_000 if field.type == Field.TYPE_STRING else [values[0]] * 5_000
    yield [values[0]] * 2


def fields_of(kind, depth=0, seen=()):
    """Every field of a message and of those in it, as the path there."""
    for field in kind.fields:
        if field.type != Field.TYPE_MESSAGE:
            yield (field,)
        elif field.message_type.GetOptions().map_entry or field.message_type.full_name in seen:
            continue
        else:
            if field.is_repeated:
                yield (field,)
            for inner in fields_of(field.message_type, depth + 1, (*seen, kind.full_name)):
                yield (field, *inner)


def put(message, path, value):
    """Sets a field inside a message; of a repeated message on the way, the first."""
    for field in path[:-1]:
        inner = getattr(message, field.name)
        if field.is_repeated:
            if not inner:
                inner.add()
            inner = inner[0]
        else:
            inner.SetInParent()
        message = inner
    field = path[-1]
    if field.type == Field.TYPE_MESSAGE:
        for _ in range(value):
            getattr(message, field.name).add()
    elif field.is_repeated:
        del getattr(message, field.name)[:]
        getattr(message, field.name).extend(value)
    else:
        setattr(message, field.name, value)


class Usual:
    """What the fields of requests usually have, by their names."""

    def __init__(self, demo, customer):
        one = lambda statement: demo.server.sql(statement)[0][0]
        self.ids = {
            "city_id": one("select min(city_id) from city"),
            "theatre_id": one("select min(theatre_id) from theatre"),
            "auditorium_id": one("select min(auditorium_id) from auditorium"),
            "movie_id": one("select min(movie_id) from movie"),
            "show_id": one("select min(show_id) from show where lower(during) > now()"),
            "show_ids": one("select min(show_id) from show where lower(during) > now()"),
            "partner_id": one("select partner_id from partner where name = 'Fields'"),
        }
        self.texts = {
            "account_id": customer.id, "email": "nobody@example.org", "password": "no good password",
            "new_password": "another good password", "first_day": "2027-03-01",
            "last_day": "2027-03-02", "date": "2027-03-01", "currency_code": "EUR",
            "country_code": "AQ", "time_zone": "Antarctica/Troll", "language": "en",
            "local_start": "2027-03-28T19:30", "scopes": "read", "tier": "STALLS",
            "method": "usher.v1.BookingService/HoldSeats", "certificate": "",
            "customer_ref": "", "page_token": "", "refresh_token": "x", "phone": "",
            "ticket_code": "TKT-7F3K9QXM2A", "poster_url": "https://example.org/p.png",
            "trailer_url": "", "gallery_urls": "https://example.org/p.png", "update_mask": ""}

    def fill(self, message):
        """Gives every field what it usually has."""
        kind = message.DESCRIPTOR
        if kind.full_name == "google.protobuf.FieldMask":
            return message
        if kind.full_name in ("google.protobuf.Duration", "google.protobuf.Timestamp"):
            message.seconds = 60 if kind.name == "Duration" else 1_800_000_000
            return message
        for field in kind.fields:
            # Of several that exclude each other, none.
            if field.containing_oneof and len(field.containing_oneof.fields) > 1:
                continue
            if field.type == Field.TYPE_MESSAGE:
                if kind.file.package.startswith("usher") and field.message_type != kind:
                    inner = getattr(message, field.name)
                    self.fill(inner.add() if field.is_repeated else inner)
                    if not field.is_repeated:
                        inner.SetInParent()
                continue
            value = self.value(field)
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        return message

    def value(self, field):
        name = field.name
        if field.type == Field.TYPE_STRING:
            if name.endswith("_id") and name not in self.texts:
                return new_id()
            return self.texts.get(name, "F1" if name in ("seats", "seat", "label") else "Ice")
        if field.type == Field.TYPE_BOOL:
            return False
        if field.type in (Field.TYPE_DOUBLE, Field.TYPE_FLOAT):
            return 1.0
        if field.type == Field.TYPE_BYTES:
            return b""
        if field.type == Field.TYPE_ENUM:
            return 1
        return int(self.ids.get(name, 0 if name in ("page_size", "partner_id") else 1))


@pytest.fixture(scope="module")
def town():
    """A demo of these tests' own: what they do to it, nobody should meet."""
    from conftest import Demo

    with Folder() as folder:
        with Usherd(folder / "demo", flags=["--sandbox"], anonymous_per_second=0) as server:
            server.sql(
                "with p as (insert into partner (name) values ('Fields') returning partner_id)"
                " insert into api_key (key_hash, partner_id, prefix, scopes, selling_per_second,"
                " reporting_per_second) select sha256('usher_pk_fields'), partner_id,"
                " 'usher_pk_field', '{read,sell,manage,report,admin}', 1000000, 1000000 from p")
            yield Demo(server)
            assert server.is_running, f"usherd ended during the tests\n{server.log()}"
            assert server.faults() == []


def methods():
    """Every method of ours, those that end something last."""
    found = []
    for package in (usher.v1, usher.admin.v1):
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.endswith("_pb2"):
                continue
            file = importlib.import_module(f"{package.__name__}.{module.name}").DESCRIPTOR
            for service in file.services_by_name.values():
                found += service.methods
    assert len(found) > 80
    return sorted(found, key=lambda method: (method.name in LAST, method.full_name))


class Caller:
    """Calls with a credential that each method takes, many at a time."""

    def __init__(self, demo, channel):
        self.channel, self.demo = channel, demo
        # A customer makes twenty calls a second.
        self.customers = itertools.cycle([Customer(demo) for _ in range(6)])
        self.under_way, self.faults, self.count = [], [], 0

    def metadata(self, path, service):
        if "account" in DEMANDS_OF.get(path, DEMANDS[service]).split(" or "):
            if DEMANDS_OF.get(path, DEMANDS[service]) == "account":
                return [("authorization", f"Bearer {next(self.customers).tokens.access_token}")]
        return [("authorization", "Bearer usher_pk_fields")]

    def call(self, method, what, request):
        service = method.containing_service.full_name
        path = f"/{service}/{method.name}"
        self.count += 1
        if method.client_streaming or method.server_streaming:
            return self.begin(path, f"{method.name} {what}", request, self.metadata(path, service))
        call = self.channel.unary_unary(path).future(
            request, metadata=self.metadata(path, service), timeout=60)
        self.under_way.append((f"{method.name} {what}", call))
        if len(self.under_way) >= 100:
            self.settle(50)

    def begin(self, path, what, request, metadata):
        """A stream, as far as its first message. One that has nothing to say is good."""
        call = self.channel.stream_stream(path)(iter([request]), metadata=metadata, timeout=1)
        try:
            next(call, None)
        except grpc.RpcError as error:
            fault = self.fault(error) if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED else None
            if fault:
                self.faults.append((what, fault))
        finally:
            call.cancel()

    def settle(self, keep=0):
        while len(self.under_way) > keep:
            what, call = self.under_way.pop(0)
            error = call.exception()
            if error is not None:
                fault = self.fault(error)
                if fault:
                    self.faults.append((what, fault))

    @staticmethod
    def fault(error):
        """What is wrong with a refusal; None if nothing is."""
        told = Refusal(error)
        if told.code not in TOLD:
            return f"{told.code}: {told.message}"
        # What is too large for the transport is refused before any service sees it.
        if told.reason is None and told.code != grpc.StatusCode.RESOURCE_EXHAUSTED:
            return f"no reason: {told.code} {told.message}"
        if told.reason in ("INVALID_FIELDS", "PAGE_TOKEN_INVALID") and not told.fields:
            return f"no field: {told.message}"
        return None


def show(value):
    return f"{value!r:.60}"


def test_no_value_of_a_field_is_a_fault_of_the_server(town):
    customer = Customer(town)
    usual = Usual(town, customer)
    began = time.monotonic()
    with town.partner(None) as connection:
        caller = Caller(town, connection.channel)
        for method in methods():
            if method.name == "LogOut":
                continue
            kind = message_factory.GetMessageClass(method.input_type)
            for path in fields_of(method.input_type):
                name = ".".join(field.name for field in path)
                values = (
                    [1, 2, 500] if path[-1].type == Field.TYPE_MESSAGE else extremes(path[-1]))
                for value in values:
                    empty = kind()
                    put(empty, path, value)
                    caller.call(method, f"{name} = {show(value)}", empty.SerializeToString())
                    full = usual.fill(kind())
                    put(full, path, value)
                    caller.call(method, f"{name} = {show(value)}, usual", full.SerializeToString())
            assert town.server.is_running, f"{method.name} ended usherd\n{town.server.log()}"
        caller.settle()
    seconds = time.monotonic() - began
    print(f"{caller.count} calls in {seconds:.1f} s")
    assert caller.faults == []
    log = (town.server.data.parent / "usherd.log").read_text(errors="replace")
    assert [line for line in log.splitlines() if " error " in line.lower()] == []
    assert caller.count > 5_000


def lists(town, customer):
    """Lists of more than a page of one, each as its call with a request, and whose credential it takes."""
    house = [("authorization", "Bearer usher_pk_fields")]
    own = [("authorization", f"Bearer {customer.tokens.access_token}")]
    show_id = int(town.server.sql(
        "select min(show_id) from show where lower(during) > now() + interval '1 day'")[0][0])
    with customer.connection() as buyer:
        for _ in range(2):
            buyer.hold(show_id, best=(1, ""))
    with town.partner() as partner:
        for _ in range(2):
            partner.confirm(partner.hold(show_id, best=(1, "")).booking_id)
    reader = town.partner(None)
    catalog, operators = reader.catalog, operator_pb2_grpc.OperatorServiceStub(reader.channel)
    partner_id = int(town.server.sql("select max(partner_id) from api_key")[0][0])
    for _ in range(2):
        operators.CreateApiKey(operator_pb2.CreateApiKeyRequest(
            partner_id=partner_id, scopes=["read"]), metadata=house)
    return [
        (catalog.ListTheatres, catalog_pb2.ListTheatresRequest(), house),
        (catalog.FindTheatres, catalog_pb2.FindTheatresRequest(latitude=1, longitude=1), house),
        (catalog.ListMovies, catalog_pb2.ListMoviesRequest(), house),
        (catalog.ListShows, catalog_pb2.ListShowsRequest(), house),
        (reader.booking.ListBookings, booking_pb2.ListBookingsRequest(), own),
        (sales_pb2_grpc.SalesServiceStub(reader.channel).ListShowBookings,
         sales_pb2.ListShowBookingsRequest(show_id=show_id), house),
        (operators.ListPartners, operator_pb2.ListPartnersRequest(), house),
        (operators.ListApiKeys, operator_pb2.ListApiKeysRequest(partner_id=partner_id), house),
        (operators.ListAuditEntries, operator_pb2.ListAuditEntriesRequest(), house),
    ]


def test_a_forged_page_token_is_no_fault_of_the_server(town):
    """A token says the list it is for in a way that anybody can copy; its key and id are whatever comes."""
    keys = ["", "x", "1e400", "nan", "9" * 19, "9" * 30, str(-(2**63)), str(2**63 - 1), "a b", "1 EUR",
            "-infinity", "\u00e9" * 50, "00000000-0000-0000-0000-000000000000"]
    ids = ["0" * 16, "f" * 16, "7" + "f" * 15, "8" + "0" * 15]
    for call, request, metadata in lists(town, Customer(town)):
        request.page_size = 1
        token = call(request, metadata=metadata, timeout=20).next_page_token
        assert token, f"one page of {request!r}"
        for key, number in itertools.product(keys, ids):
            request.page_token = token[:16] + number + key.encode().hex()
            try:
                # A customer makes twenty calls a second.
                time.sleep(0.06 if "." in metadata[0][1] else 0)
                call(request, metadata=metadata, timeout=20)
            except grpc.RpcError as error:
                told = Refusal(error)
                assert (told.code, told.reason, told.fields) == (
                    grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID", ["page_token"]), (
                    f"{type(request).__name__} {key!r} {number}: {told.code} {told.message}")
