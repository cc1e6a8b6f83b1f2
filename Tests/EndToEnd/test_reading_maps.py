"""Maps that are read come from the node's memory, and never show less than the node has told."""

import contextlib
import os
import signal

import grpc

from partner import HELD, SOLD, booking_pb2, new_id, refusal
from usherd import wait_until
from usher.v1 import seat_map_pb2


def test_a_map_read_after_an_answer_has_what_was_answered(demo):
    """On every connection, so on every loop of the node."""
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(demo.partner()) for _ in range(6)]
        for reader in readers:
            reader.map(show.show_id)
        booked = None
        for number, label in enumerate(labels[:40]):
            booked = readers[number % 6].hold(show.show_id, [label])
            for reader in readers:
                version, seats = reader.map(show.show_id)
                assert version >= booked.version
                assert seats[label] == HELD
        sold = readers[0].confirm(booked.booking_id)
        for reader in readers:
            version, seats = reader.map(show.show_id)
            assert version >= sold.version and seats[labels[39]] == SOLD
        assert refusal(readers[0].hold, show.show_id, labels[:1]).reason == "SEATS_UNAVAILABLE"


def test_maps_are_answered_from_memory_and_given_up_honestly(own_demo):
    """With PostgreSQL stopped in its tracks nothing else could answer; and not for long."""
    show = own_demo.fresh_show()
    with own_demo.partner() as partner:
        # What was read before the node's feed began is not kept.
        wait_until(lambda: is_kept(own_demo, partner, show.show_id), 60, "the map in memory")
        version, seats = partner.map(show.show_id)
        with frozen(postgres_processes(own_demo.server)):
            assert partner.map(show.show_id) == (version, seats)
            # Who wants to buy meanwhile is told in its time, and no more than that nobody knows.
            request_id = new_id()
            wanted = booking_pb2.HoldSeatsRequest(
                show_id=show.show_id, seats=sorted(seats)[-1:], request_id=request_id)
            code = refusal(partner.booking.HoldSeats, wanted, timeout=1).code
            assert code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)
            wait_until(lambda: is_refused(partner, show.show_id), 20, "an honest refusal")
        wait_until(lambda: not is_refused(partner, show.show_id), 20, "the map")
        first, again = (partner.booking.HoldSeats(wanted, timeout=20).booking for _ in range(2))
        assert first.booking_id == again.booking_id == partner.outcome(request_id).booking.booking_id
        held = partner.hold(show.show_id, sorted(seats)[:1])
        assert partner.map(show.show_id)[0] >= held.version


def test_an_older_map_than_the_caller_knows_is_not_returned(demo, partner):
    show = demo.fresh_show()
    version, _ = partner.map(show.show_id)
    # Behind the node's back and without a word: only the database knows.
    demo.server.sql(f"update show set version = {version + 7} where show_id = {show.show_id}")
    request = seat_map_pb2.GetSeatMapRequest(show_id=show.show_id, min_version=version + 7)
    assert partner.seat_map.GetSeatMap(request, timeout=20).version == version + 7
    # Nobody made these versions, and whoever counts them would say so; nobody uses the show again.
    demo.server.sql(f"update show set version = {version} where show_id = {show.show_id}")
    request.min_version = -1
    refused = refusal(partner.seat_map.GetSeatMap, request, timeout=20)
    assert (refused.code, refused.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["min_version"])


def is_kept(demo, partner, show_id):
    partner.map(show_id)
    with frozen(postgres_processes(demo.server)):
        return not is_refused(partner, show_id)


def is_refused(partner, show_id):
    request = seat_map_pb2.GetSeatMapRequest(show_id=show_id)
    try:
        partner.seat_map.GetSeatMap(request, timeout=2)
    except grpc.RpcError as error:
        assert error.code() in (
            grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED), error
        return True
    return False


def postgres_processes(server):
    """The demo's PostgreSQL: the postmaster and everything it has started."""
    postmaster = int((server.data / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    with open(f"/proc/{postmaster}/task/{postmaster}/children") as file:
        return [postmaster, *map(int, file.read().split())]


@contextlib.contextmanager
def frozen(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
