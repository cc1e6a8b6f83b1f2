"""A subscriber that is cut and resumes ends with the same map as one that never was."""

import random
import threading

import grpc
import h2.settings
import pytest

import partner as partners
from partner import FREE, HELD, SOLD, Watcher, seat_map_pb2
from raw_wire import RawClient, envelope

CHANGES = 1000
SELLERS = 8


class Sellers:
    """Changes seats of one show at random until there were enough changes."""

    def __init__(self, demo, show_id, seed):
        self.demo, self.show_id = demo, show_id
        self.labels = demo.labels(show_id)
        self.lock = threading.Lock()
        self.done = 0
        self.faults = []
        self.threads = [
            threading.Thread(target=self._run, args=(random.Random(seed + number),))
            for number in range(SELLERS)
        ]

    def start(self):
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self.threads)
        assert self.faults == []

    @property
    def is_running(self):
        return any(thread.is_alive() for thread in self.threads)

    def _count(self):
        with self.lock:
            self.done += 1
            return self.done >= CHANGES

    def _run(self, dice):
        held, sold = [], []
        try:
            with self.demo.partner() as client:
                while True:
                    if self._change(client, dice, held, sold) and self._count():
                        return
                    if self.done >= CHANGES:
                        return
        except Exception as fault:  # noqa: BLE001  (told by join)
            self.faults.append(repr(fault))

    def _change(self, client, dice, held, sold):
        choice = dice.random()
        if held and choice < 0.25:
            client.release(held.pop(dice.randrange(len(held))))
        elif held and choice < 0.5:
            booking = held.pop(dice.randrange(len(held)))
            client.confirm(booking)
            sold.append(booking)
        elif sold and choice < 0.7:
            client.cancel(sold.pop(dice.randrange(len(sold))))
        else:
            wanted = dice.sample(self.labels, dice.randint(1, 5))
            try:
                held.append(client.hold(self.show_id, wanted).booking_id)
            except grpc.RpcError as error:
                refused = partners.Refusal(error)
                assert refused.reason == "SEATS_UNAVAILABLE", refused.reason
                if held:
                    client.release(held.pop())
                    return True
                return False
        return True


@pytest.mark.parametrize("seed", [11, 12])
def test_a_cut_watcher_ends_with_the_same_map(demo, partner, seed):
    show = demo.fresh_show()
    dice = random.Random(seed)
    steady = Watcher(partner, show.show_id).start()
    with demo.partner(None) as other:
        cut = Watcher(other, show.show_id).start()
        steady.wait(lambda me: me.seats)
        cut.wait(lambda me: me.seats)
        sellers = Sellers(demo, show.show_id, seed * 100)
        sellers.start()
        cuts = 0
        while sellers.is_running:
            goal = cut.version + dice.randint(1, 60)
            cut.wait(lambda me: me.version >= goal or not sellers.is_running, 60)
            cut.cut()
            cuts += 1
            gap = steady.version + dice.randint(0, 30)
            steady.wait(lambda me: me.version >= gap or not sellers.is_running, 60)
            cut.start()
        sellers.join()
        version, seats = partner.map(show.show_id)
        # Changes that arrive together share a transaction, and so a version.
        assert sellers.done >= CHANGES and version > CHANGES / SELLERS
        for watcher in (steady, cut):
            watcher.wait(lambda me: me.version >= version)
            assert watcher.version == version
            assert watcher.seats == seats
        assert cuts >= 5
        assert cut.resumed_exactly >= 1 and steady.snapshots == 1
        assert {FREE, HELD, SOLD} >= set(seats.values())
        for watcher in (steady, cut):
            watcher.cut()


def test_a_watcher_resumes_over_a_restart_of_the_node(own_demo):
    show = own_demo.fresh_show()
    labels = own_demo.labels(show.show_id)
    with own_demo.partner() as partner:
        watcher = Watcher(partner, show.show_id).start()
        first = partner.hold(show.show_id, labels[:2])
        watcher.wait_states({label: HELD for label in labels[:2]})
        own_demo.server.kill()
        error = watcher.wait_end()
        assert error.code() == grpc.StatusCode.UNAVAILABLE
        own_demo.server.start()
        partners.wait_ready(partner)
        partner.confirm(first.booking_id)
        watcher.start()
        watcher.wait_states({label: SOLD for label in labels[:2]})
        second = partner.hold(show.show_id, labels[2:3])
        watcher.wait(lambda me: me.version == second.version)
        assert watcher.seats == partner.map(show.show_id)[1]
        watcher.cut()


def test_who_missed_nothing_is_told_so_at_once(demo, partner):
    show = demo.fresh_show()
    held = partner.hold(show.show_id, best=(1, ""))
    for event in partner.watch(show.show_id, after_version=held.version):
        assert event.bookmark.version == held.version
        break


def test_an_impossible_version_gets_a_snapshot_that_says_so(demo, partner):
    show = demo.fresh_show()
    version, _ = partner.map(show.show_id)
    for event in partner.watch(show.show_id, after_version=version + 1000):
        assert event.snapshot.resume_impossible
        assert event.snapshot.version == version
        break


def messages(data):
    """The events in what came on a stream."""
    while data:
        end = 5 + int.from_bytes(data[1:5], "big")
        if len(data) < end:
            return
        yield seat_map_pb2.WatchSeatMapResponse.FromString(data[5:end])
        data = data[end:]


def test_who_does_not_read_is_told_the_latest_state_of_each_seat(demo, partner):
    """A peer whose window is shut while more happens than is kept for it one by one."""
    show_id = demo.fresh_show().show_id
    label, other = demo.labels(show_id)[:2]
    first = partner.hold(show_id, [other]).version
    with RawClient(demo) as client:
        client.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
        stream = client.open("/usher.v1.SeatMapService/WatchSeatMap")
        request = seat_map_pb2.WatchSeatMapRequest(show_id=show_id, after_version=first)
        client.h2.send_data(stream, envelope(request.SerializeToString()), end_stream=True)
        client.flush()
        answer = client.answers[stream]
        while not answer.headers:
            client.read()
        for _ in range(60):
            last = partner.release(partner.hold(show_id, [label]).booking_id)
        assert answer.data == b""
        client.h2.increment_flow_control_window(1 << 20, stream)
        client.flush()
        known, seats, changes = first, {}, 0
        while known < last.version:
            client.read()
            known, changes = first, 0
            for event in messages(answer.data):
                if event.WhichOneof("event") == "bookmark":
                    assert event.bookmark.version == known
                    continue
                assert event.change.previous_version == known
                known, changes = event.change.version, changes + 1
                seats |= {seat.label: seat.state for seat in event.change.seats}
        assert seats == {label: FREE}
        # One, or a few that were under way already.
        assert changes < 60 < last.version - first


def test_a_negative_version_is_refused(demo, partner):
    show = demo.fresh_show()
    stream = partner.watch(show.show_id, after_version=-1)
    refused = partners.refusal(next, stream)
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT
    assert refused.fields == ["after_version"]


def test_an_unknown_show_cannot_be_watched(partner):
    refused = partners.refusal(next, partner.watch(999_999_999))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "SHOW_NOT_FOUND")
