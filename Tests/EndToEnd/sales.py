"""A partner's record of sales, made from WatchSales alone: events, what is sold, and the digest of it.

Knows nothing of the server but what the schema says.
"""

import hashlib
import threading
import time

import grpc

from usher.v1 import sales_pb2, sales_pb2_grpc

CONFIRMED, CANCELLED, EXCHANGED_AWAY, EXCHANGED_FOR = (
    sales_pb2.SALE_EVENT_KIND_CONFIRMED,
    sales_pb2.SALE_EVENT_KIND_CANCELLED,
    sales_pb2.SALE_EVENT_KIND_EXCHANGED_AWAY,
    sales_pb2.SALE_EVENT_KIND_EXCHANGED_FOR,
)
TAKES_SEATS = {CONFIRMED, EXCHANGED_FOR}


def watch(partner, after=0, **fields):
    stub = sales_pb2_grpc.SalesServiceStub(partner.channel)
    return stub.WatchSales(sales_pb2.WatchSalesRequest(after_position=after, **fields))


def digest(partner, show_id):
    stub = sales_pb2_grpc.SalesServiceStub(partner.channel)
    return stub.GetShowDigest(sales_pb2.GetShowDigestRequest(show_id=show_id), timeout=20)


def ticket(partner, code):
    stub = sales_pb2_grpc.SalesServiceStub(partner.channel)
    request = sales_pb2.GetBookingByTicketCodeRequest(ticket_code=code)
    return stub.GetBookingByTicketCode(request, timeout=20)


def list_bookings(partner, show_id, **fields):
    stub = sales_pb2_grpc.SalesServiceStub(partner.channel)
    request = sales_pb2.ListShowBookingsRequest(show_id=show_id, **fields)
    return stub.ListShowBookings(request, timeout=20)


class Record:
    """What a partner keeps: the position it has dealt with, and all events up to it."""

    def __init__(self, position=0):
        self.position = position
        self.transactions = {}
        self.has_heard = False

    def apply(self, message):
        self.has_heard = True
        kind = message.WhichOneof("event")
        event = getattr(message, kind)
        assert event.position >= self.position, "went back in time"
        if kind == "transaction":
            assert event.position > self.position, "told twice on one stream"
            assert event.events, "a transaction of nothing"
            self.transactions[event.position] = event
        self.position = event.position

    @property
    def events(self):
        """In the order of their positions."""
        return [event for _, transaction in sorted(self.transactions.items())
                for event in transaction.events]

    def of(self, booking_id):
        return [event for event in self.events if event.booking_id == booking_id]

    def sold_seats(self, show_id, up_to_version=None):
        """{seat number: booking id} as of a version of the show; checks that the story holds."""
        sold = {}
        for event in self.events:
            if event.show_id != show_id or (up_to_version and event.show_version > up_to_version):
                continue
            for seat in event.seats:
                if event.kind in TAKES_SEATS:
                    assert seat.seat_number not in sold, f"{seat.label} sold twice"
                    sold[seat.seat_number] = event.booking_id
                else:
                    assert sold.pop(seat.seat_number, None) == event.booking_id, seat.label
        return sold

    def sold_hash(self, show_id, version):
        """As GetShowDigestResponse.sold_hash is described."""
        lines = "".join(
            f"{number}\tSOLD\t{booking_id}\n"
            for number, booking_id in sorted(self.sold_seats(show_id, version).items()))
        return hashlib.sha256(lines.encode("ascii")).hexdigest()

    def check_order(self):
        """Of one show, later positions have greater versions."""
        reached = {}
        for position, transaction in sorted(self.transactions.items()):
            for show_id in {event.show_id for event in transaction.events}:
                versions = {event.show_version for event in transaction.events
                            if event.show_id == show_id}
                assert len(versions) == 1, "one transaction, several versions of a show"
                version = versions.pop()
                assert version > reached.get(show_id, 0), f"show {show_id} at {position}"
                reached[show_id] = version


class Follower:
    """Follows sales on a thread, into a record. Ends with its call."""

    def __init__(self, partner, record=None, **fields):
        self.record = record or Record()
        self.fault = self.error = None
        self._condition = threading.Condition()
        self._call = watch(partner, self.record.position, **fields)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self):
        try:
            for message in self._call:
                with self._condition:
                    self.record.apply(message)
                    self._condition.notify_all()
        except grpc.RpcError as error:
            self.error = error
        except AssertionError as fault:
            self.fault = fault

    def wait(self, condition, seconds=30, what="the sale"):
        """Waits until condition(record) holds."""
        end = time.monotonic() + seconds
        with self._condition:
            while not condition(self.record):
                assert self.fault is None, self.fault
                assert self.error is None, f"the stream ended: {self.error}"
                assert time.monotonic() < end, f"{what} did not come in {seconds} s"
                self._condition.wait(0.1)
        return self.record

    def wait_end(self, seconds=30):
        self._thread.join(seconds)
        assert not self._thread.is_alive() and self.fault is None, self.fault
        return self.error

    def cut(self):
        self._call.cancel()
        self.wait_end()
        return self.record

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._call.cancel()
        self._thread.join(30)


def follow_until(partner, condition, record=None, **fields):
    """The record once a condition holds."""
    with Follower(partner, record, **fields) as follower:
        return follower.wait(condition)


def newest_position(partner):
    """A position behind which all that is sold from now on is told."""
    return follow_until(partner, lambda record: record.has_heard, only_new=True).position
