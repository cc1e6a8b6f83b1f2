"""A partner's client on stock grpcio: channel, credentials, calls, refusals taken apart.

The generated stubs are on the module path when this is imported (see conftest.py).
"""

import threading
import time
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from usherd import wait_until
from usher.v1 import (
    booking_pb2,
    booking_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    common_pb2,
    seat_map_pb2,
    seat_map_pb2_grpc,
    waitlist_pb2,
    waitlist_pb2_grpc,
)

FREE, HELD, SOLD = (
    common_pb2.SEAT_STATE_AVAILABLE,
    common_pb2.SEAT_STATE_HELD,
    common_pb2.SEAT_STATE_SOLD,
)
CALL_SECONDS = 20

# Codes after which a call is repeated with the same request_id.
REPEAT = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}


def new_id():
    return str(uuid.uuid4())


class Refusal:
    """A failed call with its details; checks that they are what every refusal must have."""

    def __init__(self, error):
        self._read(error.code(), error.details(), rpc_status.from_call(error))

    @classmethod
    def of(cls, status):
        """The refusal in a google.rpc.Status, as items of a batch have it."""
        codes = {code.value[0]: code for code in grpc.StatusCode}
        refusal = cls.__new__(cls)
        refusal._read(codes[status.code], status.message, status)
        return refusal

    def _read(self, code, message, status):
        self.code, self.message = code, message
        self.kinds = [detail.type_url.rsplit("/", 1)[1] for detail in status.details] if status else []
        self.reason, self.metadata, self.fields, self.retry_after = None, {}, [], None
        for detail in status.details if status else []:
            info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            retry = error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                assert info.domain == "usher"
                self.reason, self.metadata = info.reason, dict(info.metadata)
            elif detail.Unpack(request):
                self.fields = [violation.field for violation in request.field_violations]
            elif detail.Unpack(retry):
                self.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
        assert len(set(self.kinds)) == len(self.kinds), "a detail type came twice"

    @property
    def lost_seats(self):
        return self.metadata["seats"].split(",")


def refusal(call, *arguments, **options):
    """Calls and returns the refusal; fails when the call succeeds."""
    try:
        answer = call(*arguments, **options)
    except grpc.RpcError as error:
        return Refusal(error)
    raise AssertionError(f"not refused: {answer}")


class Bearer(grpc.AuthMetadataPlugin):
    def __init__(self, key):
        self.key = key

    def __call__(self, context, callback):
        callback((("authorization", f"Bearer {self.key}"),), None)


class Partner:
    """One connection of one partner."""

    def __init__(self, address, authority, key=None, certificate=(None, None)):
        """`certificate`: the client's own, chain and key."""
        credentials = grpc.ssl_channel_credentials(
            root_certificates=authority, private_key=certificate[1],
            certificate_chain=certificate[0])
        if key is not None:
            credentials = grpc.composite_channel_credentials(
                credentials, grpc.metadata_call_credentials(Bearer(key))
            )
        self.channel = grpc.secure_channel(
            address,
            credentials,
            options=[
                ("grpc.use_local_subchannel_pool", 1),
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.min_reconnect_backoff_ms", 5000),
                ("grpc.max_reconnect_backoff_ms", 1000),
            ],
        )
        self.catalog = catalog_pb2_grpc.CatalogServiceStub(self.channel)
        self.seat_map = seat_map_pb2_grpc.SeatMapServiceStub(self.channel)
        self.booking = booking_pb2_grpc.BookingServiceStub(self.channel)
        self.waitlist = waitlist_pb2_grpc.WaitlistServiceStub(self.channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    # Selling: each call once, raising grpc.RpcError when refused.

    def hold(self, show_id, seats=(), best=None, customer="", request_id=None, call=None):
        request = booking_pb2.HoldSeatsRequest(
            show_id=show_id, seats=seats, customer_ref=customer, request_id=request_id or new_id()
        )
        if best is not None:
            count, tier, *split = best
            request.best_available.CopyFrom(
                booking_pb2.BestAvailable(count=count, tier=tier, allow_split=bool(split)))
        return (call or self._once)(self.booking.HoldSeats, request).booking

    def confirm(self, booking_id, payment="pay-1", request_id=None, call=None):
        request = booking_pb2.ConfirmBookingRequest(
            booking_id=booking_id, payment_reference=payment, request_id=request_id or new_id()
        )
        return (call or self._once)(self.booking.ConfirmBooking, request).booking

    def extend(self, booking_id, request_id=None, call=None):
        request = booking_pb2.ExtendHoldRequest(
            booking_id=booking_id, request_id=request_id or new_id()
        )
        return (call or self._once)(self.booking.ExtendHold, request).booking

    def release(self, booking_id, request_id=None, call=None):
        request = booking_pb2.ReleaseHoldRequest(
            booking_id=booking_id, request_id=request_id or new_id()
        )
        return (call or self._once)(self.booking.ReleaseHold, request).booking

    def cancel(self, booking_id, request_id=None, call=None):
        return self.cancel_seats(booking_id, (), request_id, call).booking

    def cancel_seats(self, booking_id, seats, request_id=None, call=None):
        request = booking_pb2.CancelBookingRequest(
            booking_id=booking_id, request_id=request_id or new_id(), seats=seats
        )
        return (call or self._once)(self.booking.CancelBooking, request)

    def exchange(self, booking_id, show_id, seats=(), best=None, request_id=None, call=None):
        request = booking_pb2.ExchangeBookingRequest(
            booking_id=booking_id, show_id=show_id, seats=seats, request_id=request_id or new_id()
        )
        if best is not None:
            request.best_available.CopyFrom(booking_pb2.BestAvailable(count=best))
        return (call or self._once)(self.booking.ExchangeBooking, request)

    def fence(self, request_id, call=None):
        request = booking_pb2.FenceRequestRequest(request_id=request_id)
        return (call or self._once)(self.booking.FenceRequest, request).outcome

    def outcome(self, request_id, call=None):
        request = booking_pb2.GetRequestOutcomeRequest(request_id=request_id)
        return (call or self._once)(self.booking.GetRequestOutcome, request).outcome

    def get(self, booking_id, call=None):
        request = booking_pb2.GetBookingRequest(booking_id=booking_id)
        return (call or self._once)(self.booking.GetBooking, request).booking

    def join(self, show_id, count, tier="", customer="", request_id=None):
        return self.waitlist.JoinWaitlist(
            waitlist_pb2.JoinWaitlistRequest(
                show_id=show_id, count=count, tier=tier, customer_ref=customer,
                request_id=request_id or new_id()))

    def leave(self, show_id, request_id):
        request = waitlist_pb2.LeaveWaitlistRequest(show_id=show_id, request_id=request_id)
        return self._once(self.waitlist.LeaveWaitlist, request).booking_id

    @staticmethod
    def _once(method, request):
        return method(request, timeout=CALL_SECONDS)

    # Reading.

    def map(self, show_id, call=None):
        """The map as (version, {label: state})."""
        request = seat_map_pb2.GetSeatMapRequest(show_id=show_id)
        answer = (call or self._once)(self.seat_map.GetSeatMap, request)
        return answer.version, {seat.label: seat.state for seat in answer.seats}

    def watch(self, show_id, after_version=0):
        return self.seat_map.WatchSeatMap(
            seat_map_pb2.WatchSeatMapRequest(show_id=show_id, after_version=after_version)
        )

    def watch_shows(self, **which):
        return self.seat_map.WatchShows(seat_map_pb2.WatchShowsRequest(**which))

    def shows(self, **filters):
        """Every show, over all pages."""
        token = ""
        while True:
            page = self.catalog.ListShows(
                catalog_pb2.ListShowsRequest(page_size=200, page_token=token, **filters),
                timeout=CALL_SECONDS,
            )
            yield from page.shows
            token = page.next_page_token
            if not token:
                return


class Watcher:
    """Follows a show on its own thread and keeps the map; proves that it missed nothing."""

    def __init__(self, partner, show_id):
        self.partner = partner
        self.show_id = show_id
        self.seats = {}
        self.version = 0
        self.resumed_exactly = 0
        self.snapshots = 0
        self.fault = None
        self.error = None
        self._condition = threading.Condition()
        self._call = None
        self._thread = None

    def start(self):
        """Connects, or connects again from the version reached."""
        self.error = None
        self._call = self.partner.watch(self.show_id, after_version=self.version)
        self._thread = threading.Thread(target=self._follow, args=(self._call,), daemon=True)
        self._thread.start()
        return self

    def cut(self):
        self._call.cancel()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _follow(self, call):
        is_first = True
        try:
            for event in call:
                with self._condition:
                    self._apply(event, is_first)
                    is_first = False
                    self._condition.notify_all()
        except grpc.RpcError as error:
            with self._condition:
                self.error = error
                self._condition.notify_all()
        except AssertionError as fault:
            with self._condition:
                self.fault = fault
                self._condition.notify_all()

    def _apply(self, event, is_first):
        kind = event.WhichOneof("event")
        if kind == "snapshot":
            self.snapshots += 1
            assert event.snapshot.version >= self.version, "went back in time"
            self.seats = {seat.label: seat.state for seat in event.snapshot.seats}
            self.version = event.snapshot.version
        elif kind == "change":
            change = event.change
            assert change.previous_version == self.version, "a gap in the versions"
            assert change.version > self.version
            if is_first:
                self.resumed_exactly += 1
            for seat in change.seats:
                assert seat.label in self.seats
                self.seats[seat.label] = seat.state
            self.version = change.version
        else:
            assert event.bookmark.version == self.version, "a bookmark ahead of the changes"

    def wait(self, condition, seconds=30, what="the event"):
        """Waits until condition(self) holds; it may also become true without an event."""
        end = time.monotonic() + seconds
        with self._condition:
            while not condition(self):
                assert self.fault is None, self.fault
                assert self.error is None, f"the stream ended: {self.error}"
                assert time.monotonic() < end, (
                    f"{what} did not come in {seconds} s; at version {self.version}")
                self._condition.wait(0.1)
            assert self.fault is None, self.fault

    def wait_states(self, states, seconds=30):
        """Waits until the map holds these states."""
        self.wait(
            lambda me: all(me.seats.get(label) == state for label, state in states.items()),
            seconds, f"{states}",
        )

    def wait_end(self, seconds=60):
        with self._condition:
            assert self._condition.wait_for(lambda: self.error or self.fault, seconds)
            assert self.fault is None, self.fault
            return self.error


def wait_ready(client, seconds=30):
    """Waits until the channel is connected again."""
    grpc.channel_ready_future(client.channel).result(seconds)


def wait_for_state(client, booking_id, state, seconds=5):
    wait_until(lambda: client.get(booking_id).state == state, seconds, "the booking's state")
