"""Two nodes on one database whose feeds are cut, and whose database crashes: watchers and readers of
both end with the same map, and nobody is told a gap as if it were none."""

import contextlib
import os
import signal

import grpc

from partner import HELD, REPEAT, Partner, Watcher, new_id, wait_ready
from serving import Serving
from usherd import wait_until
from usher.v1 import seat_map_pb2


@contextlib.contextmanager
def beside(demo, folder, certificate):
    """A partner's connection to each of two nodes on one database."""
    files = {"certificate": certificate[0], "key": certificate[1]}
    with Serving(demo, folder / "second", **files) as second:
        with demo.partner() as one, Partner(
                second.tcp, certificate[0].read_bytes(), demo.partner_key) as other:
            wait_ready(other)
            yield one, other
    assert demo.server.faults() == []


def hold(partner, show_id, label):
    """A hold whose answer is asked for until it comes."""
    request_id = new_id()

    def attempt():
        try:
            return partner.hold(show_id, [label], request_id=request_id)
        except grpc.RpcError as error:
            assert error.code() in REPEAT, error
            return None

    return wait_until(attempt, 60, "the hold")


def read(partner, show_id, min_version):
    request = seat_map_pb2.GetSeatMapRequest(show_id=show_id, min_version=min_version)
    return partner.seat_map.GetSeatMap(request, timeout=20).version


def feed_backends(demo):
    """Processes of PostgreSQL that send the nodes their changes."""
    try:
        rows = demo.server.sql(
            "select active_pid from pg_replication_slots where active_pid is not null")
    except AssertionError:
        return []  # psql was refused: the database recovers
    return [int(row[0]) for row in rows]


def check_end(show_id, partners, watchers, last):
    for watcher in watchers:
        watcher.wait(lambda me: me.version >= last.version, 60)
    maps = {partner.map(show_id)[0] for partner in partners}
    assert maps == {last.version}
    for watcher in watchers:
        assert watcher.seats == partners[0].map(show_id)[1]
        watcher.cut()


def test_a_version_from_one_node_is_there_for_readers_of_the_other(demo, own_folder, certificate):
    with beside(demo, own_folder, certificate) as (one, other):
        show_id = demo.fresh_show().show_id
        labels = demo.labels(show_id)
        other.map(show_id)
        for number, label in enumerate(labels[:60]):
            seller, reader = (one, other) if number % 2 else (other, one)
            version = hold(seller, show_id, label).version
            assert read(reader, show_id, version) >= version


def test_a_cut_feed_is_taken_up_again(demo, own_folder, certificate):
    with beside(demo, own_folder, certificate) as (one, other):
        show_id = demo.fresh_show().show_id
        labels = demo.labels(show_id)
        watchers = [Watcher(partner, show_id).start() for partner in (one, other)]
        for watcher in watchers:
            watcher.wait(lambda me: me.seats)
        for number, label in enumerate(labels[:40]):
            if number % 8 == 0:
                for pid in wait_until(lambda: feed_backends(demo), 30, "a feed"):
                    demo.server.kill_backend(pid)
            last = hold((one, other)[number % 2], show_id, label)
        check_end(show_id, (one, other), watchers, last)
        for watcher in watchers:
            assert watcher.snapshots == 1, "the difference was told as a change"
            assert [label for label in labels[:40] if watcher.seats[label] != HELD] == []


def test_a_crash_of_the_database_is_survived_by_every_watcher(own_demo, own_folder, certificate):
    demo = own_demo
    with beside(demo, own_folder, certificate) as (one, other):
        show_id = demo.fresh_show().show_id
        labels = demo.labels(show_id)
        watchers = [Watcher(partner, show_id).start() for partner in (one, other)]
        for watcher in watchers:
            watcher.wait(lambda me: me.seats)
        for round_ in range(3):
            # PostgreSQL ends every session after one was killed, and recovers from its log.
            os.kill(wait_until(lambda: feed_backends(demo), 60, "a feed")[0], signal.SIGKILL)
            for number, label in enumerate(labels[10 * round_:10 * round_ + 10]):
                last = hold((one, other)[number % 2], show_id, label)
        check_end(show_id, (one, other), watchers, last)
        assert [watcher.snapshots for watcher in watchers] == [1, 1]
