"""usher.admin.v1: who may look, and that what it shows is what there is."""

import contextlib
import json
import subprocess

import grpc
import pytest

from partner import booking_pb2, booking_pb2_grpc, refusal, seat_map_pb2, seat_map_pb2_grpc
from serving import HEALTH_WATCH, SERVING, Serving, check
from usher.admin.v1 import admin_pb2, admin_pb2_grpc
from usherd import BINARY, wait_until

OWN_POOL = [("grpc.use_local_subchannel_pool", 1)]


class Admin:
    def __init__(self, channel, key):
        self._stub = admin_pb2_grpc.AdminServiceStub(channel)
        self._call = {"timeout": 20}
        if key is not None:
            self._call["metadata"] = [("authorization", f"Bearer {key}")]

    def node(self):
        return self._stub.GetNode(admin_pb2.GetNodeRequest(), **self._call)

    def sum(self, figure):
        return sum(getattr(loop, figure) for loop in self.node().loops)

    def page(self, **fields):
        return self._stub.ListConnections(admin_pb2.ListConnectionsRequest(**fields), **self._call)

    def methods(self):
        answer = self._stub.ListMethods(admin_pb2.ListMethodsRequest(), **self._call)
        return {method.name: method for method in answer.methods}


@pytest.fixture
def node(demo, own_folder):
    with Serving(
            demo, own_folder / "serving", cleartext=True, loops=2, anonymous_reads=True) as node:
        yield node


@pytest.fixture
def admin(demo, node):
    with grpc.insecure_channel(node.tcp, options=OWN_POOL) as channel:
        yield Admin(channel, demo.other_key)


def test_only_operators_look(demo, node):
    with grpc.insecure_channel(node.tcp) as channel:
        for call in (Admin.node, Admin.page, Admin.methods):
            nobody = refusal(call, Admin(channel, None))
            assert (nobody.code, nobody.reason) == (
                grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING")
            partner = refusal(call, Admin(channel, demo.partner_key))
            assert (partner.code, partner.reason) == (
                grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")


def test_figures_rise_with_what_is_open_and_fall_with_it(demo, node, admin):
    show = demo.fresh_show().show_id
    before = admin.node()
    assert sum(loop.call_count for loop in before.loops) == 1  # the question itself
    with contextlib.ExitStack() as open_channels:
        watches = []
        for _ in range(5):
            channel = open_channels.enter_context(
                grpc.insecure_channel(node.tcp, options=OWN_POOL))
            for _ in range(4):
                watch = channel.unary_stream(HEALTH_WATCH)(b"", timeout=120)
                assert next(watch) == SERVING
                watches.append(watch)
            seats = seat_map_pb2_grpc.SeatMapServiceStub(channel).WatchSeatMap(
                seat_map_pb2.WatchSeatMapRequest(show_id=show), timeout=120)
            assert next(seats).snapshot.show_id == show
            watches.append(seats)
        assert admin.sum("connection_count") == 6
        assert admin.sum("stream_count") == admin.sum("call_count") == 26
        assert admin.sum("subscriber_count") == 5
        assert 1 <= admin.sum("show_count") <= 2
        # Watches of health have a task each; those of seats need none.
        assert admin.sum("task_count") >= 20
        assert admin.node().descriptor_count >= before.descriptor_count + 5

        watches[0].cancel()
        watches[4].cancel()
        wait_until(lambda: admin.sum("stream_count") == 24, 20, "two streams less")
        wait_until(lambda: admin.sum("subscriber_count") == 4, 20, "a watcher less")
    wait_until(lambda: admin.sum("connection_count") == 1, 20, "the end of the connections")
    for figure in ("stream_count", "call_count", "subscriber_count", "task_count"):
        told = sum(getattr(loop, figure) for loop in before.loops)
        wait_until(lambda: admin.sum(figure) <= told, 20, f"{figure} as before")
    after = admin.node()
    wait_until(
        lambda: admin.node().descriptor_count <= before.descriptor_count, 20, "descriptors")
    assert after.resident_bytes > 1 << 20 and after.uptime_ms > before.uptime_ms


def test_pools_and_lanes_are_shown(admin):
    node = admin.node()
    assert [loop.name for loop in node.loops] == ["loop-0", "loop-1"]
    names = [pool.name for pool in node.pools]
    assert names == ["reads loop-0", "reads loop-1", "lanes 0", "lanes 1", "sweeper", "sales"]
    assert not any(pool.is_down for pool in node.pools)
    assert all(pool.idle_count + pool.lent_count + pool.opening_count > 0 for pool in node.pools)
    assert [worker.loop for worker in node.lane_workers] == ["loop-0", "loop-1"]
    # A node that has just started may still be opening connections for its own first queries.
    wait_until(
        lambda: not any(
            waits.waiting_count for waits in [*admin.node().pools, *admin.node().lane_workers]),
        20, "the lines to be empty")
    wait_until(
        lambda: not any(worker.is_serving for worker in admin.node().lane_workers), 20, "idle lanes")


def test_connections_are_listed_in_pages(demo, own_folder):
    data = demo.server.data
    path = own_folder / "usherd.sock"
    with Serving(
            demo, own_folder / "serving", listen=f"127.0.0.1:0,unix:{path}",
            certificate=data / "server.pem", key=data / "server.key") as node, \
            contextlib.ExitStack() as open_channels:
        local = open_channels.enter_context(grpc.insecure_channel(f"unix:{path}"))
        admin = Admin(local, demo.other_key)
        for _ in range(4):
            channel = open_channels.enter_context(grpc.secure_channel(
                node.tcp, grpc.ssl_channel_credentials(demo.authority), options=OWN_POOL))
            check(channel)
        whole = admin.page()
        assert len(whole.connections) == 5 and whole.next_page_token == ""
        paged, token = [], ""
        while True:
            page = admin.page(page_size=2, page_token=token)
            assert len(page.connections) <= 2
            paged += page.connections
            token = page.next_page_token
            if not token:
                break
        numbers = [connection.connection_id for connection in paged]
        assert numbers == sorted(set(numbers)) == [c.connection_id for c in whole.connections]
        unix = [connection for connection in paged if connection.peer == "unix:"]
        tcp = [connection for connection in paged if connection.peer.startswith("127.0.0.1:")]
        assert (len(unix), len(tcp)) == (1, 4)
        assert unix[0].tls == "" and unix[0].call_count == unix[0].stream_count == 1
        assert all(connection.tls.startswith("TLSv1.3 TLS_") for connection in tcp)
        assert not any(connection.is_draining for connection in paged)
        for fields in ({"page_size": -1}, {"page_token": "x"}, {"page_token": "-4"}):
            assert refusal(admin.page, **fields).code == grpc.StatusCode.INVALID_ARGUMENT


def test_calls_are_counted_by_method_and_code(demo, node, admin):
    with grpc.insecure_channel(node.tcp, options=OWN_POOL) as channel:
        for _ in range(7):
            check(channel)
        stub = booking_pb2_grpc.BookingServiceStub(channel)
        wanted = booking_pb2.GetBookingRequest(booking_id="00000000-0000-7000-8000-000000000000")
        key = [("authorization", f"Bearer {demo.partner_key}")]
        for _ in range(3):
            assert refusal(stub.GetBooking, wanted, metadata=key, timeout=20).code == (
                grpc.StatusCode.NOT_FOUND)
        for _ in range(2):
            assert refusal(stub.GetBooking, wanted, timeout=20).code == (
                grpc.StatusCode.UNAUTHENTICATED)
        watch = channel.unary_stream(HEALTH_WATCH)(b"", timeout=60)
        assert next(watch) == SERVING
        # What does not exist must not become a row: anyone can invent names.
        with pytest.raises(grpc.RpcError):
            channel.unary_unary("/usher.v1.BookingService/Invented")(b"", timeout=20)

        counted = admin.methods()
        assert set(counted) == {
            "grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch",
            "usher.admin.v1.AdminService/ListMethods", "usher.v1.BookingService/GetBooking"}
        health = counted["grpc.health.v1.Health/Check"]
        assert health.started_count == 7 and outcomes(health) == {"OK": 7}
        booking = counted["usher.v1.BookingService/GetBooking"]
        assert outcomes(booking) == {"NOT_FOUND": 3, "UNAUTHENTICATED": 2}
        for method in (health, booking):
            assert sum(bucket.count for bucket in method.buckets) == method.started_count
            assert method.duration_us > 0
            bounds = [bucket.bound_us for bucket in method.buckets]
            assert bounds[:-1] == sorted(bounds[:-1]) and bounds[-1] == 0
        watching = counted["grpc.health.v1.Health/Watch"]
        assert watching.started_count == 1 and outcomes(watching) == {}
        watch.cancel()
        wait_until(
            lambda: outcomes(admin.methods()["grpc.health.v1.Health/Watch"]) == {"CANCELLED": 1},
            20, "the end of the watch")


def test_the_command_line_shows_it_all(demo, own_folder):
    path = own_folder / "usherd.sock"

    def usher(key, *arguments):
        return subprocess.run(
            [BINARY.parent / "usher", "admin", *arguments, "--server", f"unix:{path}"],
            capture_output=True, text=True, timeout=60,
            env={"HOME": "/nonexistent", "USHER_TOKEN": key})

    with Serving(demo, own_folder / "serving", listen=f"unix:{path}", loops=2):
        node = usher(demo.other_key)
        assert node.returncode == 0, node.stderr
        for words in (["LOOP", "CONNECTIONS"], ["loop-1"], ["POOL", "IDLE"], ["sweeper"],
                      ["LANES", "ON"]):
            assert any(line.split()[:len(words)] == words for line in node.stdout.splitlines()), (
                node.stdout)
        told = json.loads(usher(demo.other_key, "node", "-o", "json").stdout)
        assert sum(int(loop.get("callCount", 0)) for loop in told["loops"]) == 1
        listed = usher(demo.other_key, "connections")
        assert [line.split()[2] for line in listed.stdout.splitlines()] == ["PEER", "unix:"]
        methods = usher(demo.other_key, "methods")
        row = next(line.split() for line in methods.stdout.splitlines() if "GetNode" in line)
        assert row[1:3] == ["2", "0"] and row[4:] == ["OK", "2"]
        refused = usher(demo.partner_key)
        assert refused.returncode == 4 and "not allowed" in refused.stderr


def outcomes(method):
    return {outcome.code: outcome.count for outcome in method.outcomes}
