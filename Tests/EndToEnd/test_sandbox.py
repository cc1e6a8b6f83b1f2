"""usher.v1.SandboxService and `usher sandbox`: calls that go wrong because their partner wants it."""

import concurrent.futures
import json
import subprocess

import grpc
import pytest
from google.rpc import code_pb2

from command_line import CommandLine
from houses import manager, row, show
from partner import FREE, HELD, Watcher, new_id, refusal
from serving import Serving
from test_operators import DENIED
from test_terms import INVALID, House
from usher.admin.v1 import admin_pb2, admin_pb2_grpc
from usher.v1 import sales_pb2, sales_pb2_grpc, sandbox_pb2, sandbox_pb2_grpc, schedule_pb2
from usherd import BINARY

REFUSE, DELAY, LOSE, CUT = (
    sandbox_pb2.FAULT_KIND_REFUSE, sandbox_pb2.FAULT_KIND_DELAY,
    sandbox_pb2.FAULT_KIND_LOSE_ANSWER, sandbox_pb2.FAULT_KIND_CUT_STREAM)
HOLD = "usher.v1.BookingService/HoldSeats"
CONFIRM = "usher.v1.BookingService/ConfirmBooking"
LIVE = (grpc.StatusCode.FAILED_PRECONDITION, "NOT_A_SANDBOX")


class Sandbox:
    """SandboxService with a key."""

    def __init__(self, channel, key):
        self._stub = sandbox_pb2_grpc.SandboxServiceStub(channel)
        self._metadata = [("authorization", f"Bearer {key}")]

    def set(self, *faults):
        request = sandbox_pb2.SetFaultsRequest(faults=[sandbox_pb2.Fault(**each) for each in faults])
        return self._stub.SetFaults(request, metadata=self._metadata, timeout=20)

    def get(self):
        return self._stub.GetSandbox(
            sandbox_pb2.GetSandboxRequest(), metadata=self._metadata, timeout=20)


@pytest.fixture(scope="module")
def house(sandbox):
    with manager(sandbox, scopes=["manage", "sell", "report"]) as keeper:
        yield House(sandbox, keeper)


@pytest.fixture
def seller(sandbox, house):
    with sandbox.partner(house.keeper.key) as partner:
        yield partner


@pytest.fixture
def tester(sandbox, house, seller):
    tester = Sandbox(seller.channel, house.keeper.key)
    yield tester
    tester.set()


def fault_of(error):
    """What the answer says of the switch that it met."""
    return dict(error.trailing_metadata() or ()).get("usher-fault")


def failure(method, *arguments, **options):
    """The error of a call that must fail: its code and what it says of its switch."""
    with pytest.raises(grpc.RpcError) as caught:
        method(*arguments, **options)
    return caught.value.code(), fault_of(caught.value)


@pytest.mark.parametrize("code, reason, is_timed", [
    ("UNAVAILABLE", "DATABASE_UNAVAILABLE", True), ("RESOURCE_EXHAUSTED", "OVERLOADED", True),
    ("ABORTED", "CONFLICT", True), ("INTERNAL", "INTERNAL_ERROR", False),
    ("DEADLINE_EXCEEDED", None, False), ("OK", "DATABASE_UNAVAILABLE", True)])
def test_a_call_is_refused_as_the_platform_in_trouble_refuses(
        house, seller, tester, code, reason, is_timed):
    show_id = house.show()
    tester.set({"method": HOLD, "kind": REFUSE, "code": code_pb2.Code.Value(code), "times": 1})
    refused = refusal(seller.hold, show_id, ["A1"])
    expected = grpc.StatusCode.UNAVAILABLE if code == "OK" else grpc.StatusCode[code]
    assert (refused.code, refused.reason) == (expected, reason)
    assert (refused.retry_after is not None) == is_timed
    assert seller.map(show_id)[1]["A1"] == FREE
    assert seller.hold(show_id, ["A1"]).seats == ["A1"]
    assert not tester.get().faults


def test_an_answer_is_lost_and_what_was_done_is_found_by_its_id(house, seller, tester):
    show_id, request_id = house.show(), new_id()
    held = seller.hold(show_id, ["A1", "A2"])
    tester.set({"method": CONFIRM, "kind": LOSE, "times": 1})
    lost = failure(seller.confirm, held.booking_id, "paid once", request_id)
    assert lost == (grpc.StatusCode.UNAVAILABLE, "lose_answer")
    again = seller.confirm(held.booking_id, "paid once", request_id)
    assert again.booking_id == held.booking_id and seller.outcome(request_id).booking == again
    assert house.number(
        f"select count(*) from booking where show_id = {show_id} and state = 2") == 1
    # A refusal is an answer too.
    tester.set({"method": HOLD, "kind": LOSE, "code": code_pb2.DEADLINE_EXCEEDED, "times": 1})
    assert failure(seller.hold, show_id, ["A1"]) == (
        grpc.StatusCode.DEADLINE_EXCEEDED, "lose_answer")


def test_a_call_begins_later_or_not_at_all(house, seller, tester):
    show_id = house.show()
    tester.set({"method": HOLD, "kind": DELAY, "delay": {"seconds": 60}, "times": 1})
    request_id = new_id()
    late = failure(
        seller.hold, show_id, ["A1"], request_id=request_id,
        call=lambda method, request: method(request, timeout=0.5))
    assert late[0] == grpc.StatusCode.DEADLINE_EXCEEDED
    assert seller.map(show_id)[1]["A1"] == FREE
    tester.set({"kind": DELAY, "delay": {"nanos": 1_000_000}})
    told = {}

    def call(method, request):
        answer, under_way = method.with_call(request, timeout=20)
        told["fault"] = fault_of(under_way)
        return answer
    assert seller.hold(show_id, ["A1"], request_id=request_id, call=call).seats == ["A1"]
    assert told["fault"] == "delay"


def test_streams_are_cut_after_so_many_messages(house, seller, tester):
    show_id = house.show()
    watch = "usher.v1.SeatMapService/WatchSeatMap"
    tester.set(*({"method": watch, "kind": CUT, "after_messages": count, "times": 1}
                 for count in (1, 3)), {"method": watch, "kind": LOSE, "times": 1})
    # Of a stream whose messages are everybody's: at once after the map, or after two changes.
    first = Watcher(seller, show_id).start()
    assert first.wait_end().code() == grpc.StatusCode.UNAVAILABLE
    assert first.snapshots == 1 and fault_of(first.error) == "cut_stream"
    second = Watcher(seller, show_id).start()
    second.wait(lambda me: me.version)
    for seat in ("A1", "A2"):
        seller.hold(show_id, [seat])
    assert second.wait_end().code() == grpc.StatusCode.UNAVAILABLE
    assert (second.seats["A1"], second.seats["A2"]) == (HELD, HELD)
    lost = Watcher(seller, show_id).start()
    assert lost.wait_end().code() == grpc.StatusCode.UNAVAILABLE
    assert (lost.version, fault_of(lost.error)) == (0, "lose_answer")
    # Whoever comes back with its version misses nothing.
    seller.hold(show_id, ["A3"])
    second.start().wait_states({"A3": HELD})
    assert second.resumed_exactly == 1
    second.cut()


def test_streams_with_messages_of_their_own_are_cut_too(sandbox, house, seller, tester):
    show_id = house.show()
    held = seller.hold(show_id, ["A1"])
    seller.confirm(held.booking_id)
    tester.set(
        {"method": "usher.v1.SalesService/WatchSales", "kind": CUT, "after_messages": 1},
        {"method": "usher.v1.PartnerService/UploadSchedule", "kind": LOSE, "times": 1})
    stream = sales_pb2_grpc.SalesServiceStub(seller.channel).WatchSales(
        sales_pb2.WatchSalesRequest(after_position=0), timeout=60)
    told = [next(stream)]
    with pytest.raises(grpc.RpcError) as cut:
        told += list(stream)
    assert (cut.value.code(), fault_of(cut.value)) == (grpc.StatusCode.UNAVAILABLE, "cut_stream")
    assert len(told) == 1
    # An upload whose answer is lost is in the database; the same rows again change nothing.
    house.keeper.room(house.theatre_id, "Screen of the upload")
    house.keeper.layout(
        house.number("select max(auditorium_id) from auditorium"), row("A", 0, 4))
    rows = show("lost", "2031-05-01T20:00", auditorium="Screen of the upload")
    assert failure(house.keeper.rows, house.theatre_id, rows) == (
        grpc.StatusCode.UNAVAILABLE, "lose_answer")
    result, = house.keeper.rows(house.theatre_id, rows)
    assert result.outcome == schedule_pb2.ROW_OUTCOME_UNCHANGED


def test_switches_are_counted_exactly_whichever_node_is_called(
        sandbox, house, seller, tester, tmp_path):
    show_id = house.show()
    data = sandbox.server.data
    node = Serving(
        sandbox, tmp_path / "second", certificate=data / "server.pem", key=data / "server.key")
    with node, sandbox.partner_at(node.tcp, house.keeper.key) as other:
        tester.set(
            {"method": "usher.v1.SeatMapService/GetSeatMap", "kind": REFUSE, "times": 17},
            {"kind": REFUSE, "code": code_pb2.ABORTED, "times": 6})
        listed = tester.get().faults
        assert [(each.method, each.times) for each in listed] == [
            ("usher.v1.SeatMapService/GetSeatMap", 17), ("", 6)]

        def read(client):
            try:
                client.map(show_id)
                return "OK"
            except grpc.RpcError as error:
                return error.code().name
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            told = list(pool.map(read, [seller, other] * 20))
        assert {code: told.count(code) for code in set(told)} == {
            "UNAVAILABLE": 17, "ABORTED": 6, "OK": 17}
        assert not tester.get().faults


def test_a_switch_lasts_as_long_as_it_says(house, seller, tester):
    show_id = house.show()
    tester.set({"method": HOLD, "kind": REFUSE, "lasts": {"seconds": 3600}})
    left = tester.get().faults[0].lasts.ToTimedelta().total_seconds()
    assert 3000 < left <= 3600
    for _ in range(2):
        assert failure(seller.hold, show_id, ["A1"])[1] == "refuse"
    house.demo.server.sql("update sandbox_fault set ends_at = clock_timestamp()")
    assert seller.hold(show_id, ["A1"]).seats == ["A1"]
    assert not tester.get().faults


def test_nobody_elses_calls_go_wrong(sandbox, house, seller, tester):
    show_id = house.show()
    tester.set({"kind": REFUSE})
    with sandbox.partner() as other, sandbox.partner(None) as anybody:
        other.release(other.hold(show_id, ["A1"]).booking_id)
        assert anybody.map(show_id)[1]["A1"] == FREE
    assert failure(seller.map, show_id)[1] == "refuse"
    # The way out is always open.
    assert len(tester.get().faults) == 1
    tester.set()
    assert seller.map(show_id)[1]["A1"] == FREE


@pytest.mark.parametrize("fault, field", [
    ({}, "kind"), ({"kind": 9}, "kind"),
    ({"kind": REFUSE, "method": "HoldSeats"}, "method"),
    ({"kind": REFUSE, "method": "usher.v1.SandboxService/SetFaults"}, "method"),
    ({"kind": REFUSE, "code": code_pb2.NOT_FOUND}, "code"),
    ({"kind": REFUSE, "code": 77}, "code"),
    ({"kind": LOSE, "code": code_pb2.ABORTED}, "code"),
    ({"kind": DELAY, "delay": {"seconds": 1}, "code": code_pb2.INTERNAL}, "code"),
    ({"kind": DELAY}, "delay"), ({"kind": REFUSE, "delay": {"seconds": 1}}, "delay"),
    ({"kind": DELAY, "delay": {"seconds": 61}}, "delay"),
    ({"kind": DELAY, "delay": {"seconds": -1}}, "delay"),
    ({"kind": CUT}, "after_messages"), ({"kind": LOSE, "after_messages": 1}, "after_messages"),
    ({"kind": CUT, "after_messages": -1}, "after_messages"),
    ({"kind": REFUSE, "times": -1}, "times"), ({"kind": REFUSE, "times": 1_000_001}, "times"),
    ({"kind": REFUSE, "lasts": {"seconds": 86_401}}, "lasts"),
    ({"kind": REFUSE, "lasts": {}}, "lasts")])
def test_wrong_switches_are_named(tester, fault, field):
    refused = refusal(tester.set, {"kind": REFUSE, "method": HOLD}, fault)
    assert (refused.code, refused.reason) == INVALID
    assert refused.fields[0] == f"faults[1].{field}"
    assert not tester.get().faults


def test_no_more_switches_than_anybody_needs(tester):
    assert refusal(tester.set, *[{"kind": REFUSE}] * 101).fields == ["faults"]


def test_what_is_broken_is_on_record(house, tester):
    tester.set({"kind": REFUSE, "method": HOLD}, {"kind": DELAY, "delay": {"seconds": 1}})
    act = house.keeper.operator.acts(house.keeper.partner_id)[0]
    assert act.action == "SET_FAULTS" and act.actor_key_id > 0
    assert json.loads(act.detail) == {"methods": [HOLD, ""]}


def test_a_key_for_some_theatres_sets_nothing(sandbox, house):
    secret = house.keeper.operator.CreateApiKey(
        partner_id=house.keeper.partner_id, scopes=["manage"],
        theatre_ids=[house.theatre_id]).secret
    with sandbox.partner(None) as connection:
        narrow = Sandbox(connection.channel, secret)
        for call in (narrow.get, narrow.set):
            denied = refusal(call)
            assert (denied.code, denied.reason) == DENIED


def test_a_live_platform_is_no_sandbox(demo, partner):
    live = Sandbox(partner.channel, demo.partner_key)
    for call in (live.get, live.set):
        refused = refusal(call, *([{"kind": REFUSE}] if call == live.set else []))
        assert (refused.code, refused.reason) == LIVE
    assert demo.server.sql("select count(*) from sandbox_fault") == [("0",)]
    assert partner.map(demo.fresh_show().show_id)


def migrate(server, database, *arguments):
    """`usherd migrate` on a database of a demo's cluster: exit code, output, complaint."""
    socket = server.data / "postgres" / "data"
    ended = subprocess.run(
        [BINARY, "migrate", "--database", f"host={socket} port=5432 user=usher dbname={database}",
         *arguments], capture_output=True, text=True, timeout=120)
    return ended.returncode, ended.stdout, ended.stderr


def test_a_database_becomes_a_sandbox_before_it_has_shows_or_never(demo, sandbox):
    code, _, told = migrate(demo.server, "usher", "--sandbox")
    assert code == 69 and "has shows already" in told
    assert demo.server.sql("select make_sandbox()") == [("f",)]
    # What is one stays one.
    assert migrate(sandbox.server, "usher", "--sandbox")[0] == 0
    sandbox.server.sql("create database fresh")
    for _ in range(2):
        code, told, _ = migrate(sandbox.server, "fresh", "--sandbox")
        assert code == 0 and told.endswith("sandbox\n")
    sandbox.server.sql("drop database fresh")


def test_a_node_says_what_it_serves(demo, sandbox):
    for server, expected in ((demo, False), (sandbox, True)):
        with server.partner(None) as connection:
            node = admin_pb2_grpc.AdminServiceStub(connection.channel).GetNode(
                admin_pb2.GetNodeRequest(),
                metadata=[("authorization", f"Bearer {server.other_key}")])
        assert node.is_sandbox == expected
        log = (server.server.data.parent / "usherd.log").read_text(errors="replace")
        assert ("is a sandbox" in log) == expected


def test_the_command_line_breaks_and_mends(demo, sandbox, house, seller, tester, tmp_path):
    cli = CommandLine(sandbox, tmp_path)
    cli.environment["USHER_TOKEN"] = house.keeper.key
    assert cli.run("sandbox")[1:] == ["Nothing goes wrong by itself."]
    cli.run(
        "sandbox", "fault", "booking.HoldSeats", "--refuse", "--code", "resource-exhausted",
        "--times", 1, "--for", "1h")
    fault, = tester.get().faults
    assert (fault.method, fault.kind, fault.code, fault.times) == (
        HOLD, REFUSE, code_pb2.RESOURCE_EXHAUSTED, 1)
    lines = cli.run("sandbox")
    assert lines[2].split()[:2] == ["METHOD", "FAULT"] and HOLD in lines[3]
    assert refusal(seller.hold, house.show(), ["A1"]).reason == "OVERLOADED"
    for arguments, kind in [
            (["--delay", "2s"], DELAY), (["seatMap.WatchSeatMap", "--cut-after", 3], CUT),
            ([CONFIRM, "--lose-answer"], LOSE)]:
        cli.run("sandbox", "fault", *arguments)
        assert [each.kind for each in tester.get().faults] == [kind]
        assert len(cli.run("sandbox")) == 4
    assert cli.run(
        "sandbox", "fault", "booking.HoldSeats", "--refuse", "--code", "aborted", "--times", 1,
        "--also", "booking.ConfirmBooking --lose-answer --times 2", "--also", "--delay 5ms",
    )[0] == "3 switches are set."
    assert [(each.method, each.kind, each.times) for each in tester.get().faults] == [
        (HOLD, REFUSE, 1), (CONFIRM, LOSE, 2), ("", DELAY, 0)]
    assert refusal(seller.hold, house.show(), ["A1"]).reason == "CONFLICT"
    assert len(cli.run("sandbox")) == 5
    # What is in doubt is cleared up by the command that is told.
    cli.run("sandbox", "fault", "partner.CreateOffer", "--lose-answer", "--code", "internal",
            "--times", 1)
    offer = ["partner", "offer", "create", "Doubt", "--percent", 5, "--theatre", house.theatre_id]
    told = cli.start(*offer).errors(1)
    again = told[-1].split("next: usher ")[1].split()
    assert again[:-2] == [str(word) for word in offer] and again[-2] == "--request-id"
    assert cli.run(*again)[0].startswith("Offer ")
    assert house.number("select count(*) from offer where title = 'Doubt'") == 1
    cli.run("sandbox", "fault", "--clear")
    assert not tester.get().faults
    for wrong in (["fault"], ["fault", "--refuse", "--lose-answer"],
                  ["fault", "--clear", "--times", 1], ["fault", "nothing", "--refuse"],
                  ["fault", "--clear", "--also", "--refuse"], ["fault", "--also", "--refuse"],
                  ["fault", "--refuse", "--also", "nothing --refuse"],
                  ["fault", "--refuse", "--also", "--refuse --lose-answer"],
                  ["fault", "--refuse", "--also", "--delay 1s --code aborted"]):
        cli.start("sandbox", *wrong).end(64)
    live = CommandLine(demo, tmp_path).start("sandbox").errors(1)
    assert any("NOT_A_SANDBOX" in line for line in live)
