"""A customer of a crowd: holds seats, one booking or several in a batch, pays, gives back, exchanges,
and waits in line when there are none. What is drawn, is drawn from its own dice.

A request whose outcome is unknown is repeated under its request_id until there is an answer.
"""

import asyncio
import time

import grpc

from history import Call
from partner import (
    FREE,
    HELD,
    REPEAT,
    Refusal,
    booking_pb2,
    common_pb2,
    new_id,
    seat_map_pb2,
    waitlist_pb2,
)

# Whoever waits looks in elsewhere now and then.
STREAM_SECONDS = 8


class Refused(Exception):
    """A server said no: `calls` are the records of the attempt, `told` is the refusal."""

    def __init__(self, calls, told):
        super().__init__(told.message)
        self.calls, self.told = calls, told


class Customer:
    """One customer. `server` is where its calls go at present."""

    def __init__(self, crowd, number, dice):
        self.crowd, self.number, self.dice = crowd, number, dice
        self.server = number % len(crowd.servers)
        self.name = f"customer {number}"
        self.reason = ""  # of the latest refusal

    async def shop(self):
        """Tries until it has bought, or until nothing is free or can become free."""
        free = list(self.crowd.labels)
        for _ in range(self.crowd.turns):
            held = await self.hold(free) if free else []
            if not held and (not free or self.reason == "RESERVED_FOR_WAITLIST"):
                held = await self.wait()
                if not held:
                    return
            if held and await self.settle(held):
                return
            free = await self.look()
            if free is None:
                return

    # Holds.

    def wish(self, free, count):
        """A request to hold so many of the free seats, or, seldom, the best."""
        request = booking_pb2.HoldSeatsRequest(
            show_id=self.crowd.show_id, customer_ref=self.name, request_id=new_id())
        if self.dice.random() < 0.2:
            request.best_available.count = count
        else:
            request.seats.extend(self.dice.sample(free, min(count, len(free))))
        return request

    async def hold(self, free):
        """The bookings, none when refused."""
        if len(free) >= 8 and self.dice.random() < 0.1:
            return await self.hold_several(free)
        request = self.wish(free, self.dice.randint(1, 4))
        wanted = tuple(request.seats) or request.best_available.count
        return await self.change("hold", "HoldSeats", request, wanted)

    async def hold_several(self, free):
        """Two holds in one call."""
        holds = [self.wish(free, self.dice.randint(1, 4)) for _ in range(2)]
        request = booking_pb2.BatchHoldSeatsRequest(holds=holds, atomic=self.dice.random() < 0.5)
        wanted = [tuple(hold.seats) or hold.best_available.count for hold in holds]
        return await self.change_several(
            "hold", "BatchHoldSeats", request, [hold.request_id for hold in holds], wanted,
            lambda result: result.booking)

    # Payment and after.

    async def settle(self, held):
        """Pays and keeps it, or gives it back before or after. True when something is kept."""
        await asyncio.sleep(self.dice.uniform(0, self.crowd.think_seconds))
        fate = self.dice.random()
        if fate < 0.15:
            for booking in held:
                await self.change("release", "ReleaseHold", booking_pb2.ReleaseHoldRequest(
                    booking_id=booking.booking_id, request_id=new_id()))
            return False
        sold = []
        for booking in held:
            sold += await self.change(
                "confirm", "ConfirmBooking", booking_pb2.ConfirmBookingRequest(
                    booking_id=booking.booking_id, payment_reference="paid", request_id=new_id()))
        self.crowd.sold += sum(len(booking.seats) for booking in sold)
        if fate < 0.25:
            await self.cancel(sold)
            return False
        if sold and fate < 0.35:
            await self.exchange(sold[0])
        return bool(sold)

    async def cancel(self, sold):
        cancellations = [
            booking_pb2.CancelBookingRequest(booking_id=booking.booking_id, request_id=new_id())
            for booking in sold]
        if len(sold) == 1:
            await self.change("cancel", "CancelBooking", cancellations[0])
        elif sold:
            await self.change_several(
                "cancel", "BatchCancelBookings",
                booking_pb2.BatchCancelBookingsRequest(
                    cancellations=cancellations, atomic=self.dice.random() < 0.5),
                [each.request_id for each in cancellations], [()] * len(sold),
                lambda result: result.cancelled.booking)
        self.crowd.sold -= sum(len(booking.seats) for booking in sold)

    async def exchange(self, booking):
        """For other seats, of which some may be the same."""
        request = booking_pb2.ExchangeBookingRequest(
            booking_id=booking.booking_id, show_id=self.crowd.show_id, request_id=new_id())
        if self.dice.random() < 0.5:
            request.best_available.count = len(booking.seats)
        else:
            others = self.dice.sample(self.crowd.labels, 1)
            request.seats.extend(sorted({*booking.seats[1:], *others}))
        wanted = tuple(request.seats) or request.best_available.count
        await self.change("exchange", "ExchangeBooking", request, wanted)

    # Asking.

    async def change(self, kind, method, request, wanted=()):
        """The booking in a list, or none when refused."""
        def record(node):
            return [Call(kind, request.request_id, node, time.monotonic(), wanted=wanted)]
        try:
            calls, answer = await self.crowd.ask(self, "selling", method, request, record)
        except Refused as refused:
            self.note_refusal(refused.calls[0], refused.told)
            return []
        note_booking(calls[0], answer.booking)
        return [answer.booking]

    async def change_several(self, kind, method, request, request_ids, wanted, booking_of):
        """The bookings of those items that were done."""
        def record(node):
            begin = time.monotonic()
            return [Call(kind, request_id, node, begin, wanted=wish)
                    for request_id, wish in zip(request_ids, wanted)]
        while True:
            try:
                calls, answer = await self.crowd.ask(self, "selling", method, request, record)
            except Refused as refused:
                self.note_refused_together(refused)
                return []
            results = zip(calls, answer.results, strict=True)
            done = [self.note_result(call, result, booking_of) for call, result in results]
            if all(call.outcome != "unknown" for call in calls):
                return [booking for booking in done if booking is not None]
            await self.crowd.move_on(self)

    def note_result(self, call, result, booking_of):
        """The booking of an item, None when it was refused or its outcome is unknown."""
        if result.WhichOneof("outcome") != "error":
            note_booking(call, booking_of(result))
            return booking_of(result)
        told = Refusal.of(result.error)
        call.end = time.monotonic()
        if told.code not in REPEAT:
            self.note_refusal(call, told)
        return None

    def note_refused_together(self, refused):
        """The refusal names the item at fault; the others were not done either."""
        for item, call in enumerate(refused.calls):
            if str(item) == refused.told.metadata["item"]:
                self.note_refusal(call, refused.told)
                call.beside = tuple(before.wanted for before in refused.calls[:item])
            else:
                call.outcome, call.reason = "refused", "TOGETHER"

    def note_refusal(self, call, told):
        self.reason = told.reason or str(told.code)
        self.crowd.reasons[self.reason] = self.crowd.reasons.get(self.reason, 0) + 1
        call.end, call.outcome, call.reason = time.monotonic(), "refused", self.reason
        if told.reason == "SEATS_UNAVAILABLE":
            states = [common_pb2.SeatState.Value(f"SEAT_STATE_{name}")
                      for name in told.metadata["states"].split(",")]
            call.seats = dict(zip(told.lost_seats, states, strict=True))
            call.version = int(told.metadata["version"])

    async def look(self):
        """The free seats, none while some are held, None when all are sold."""
        request = seat_map_pb2.GetSeatMapRequest(show_id=self.crowd.show_id)

        def record(node):
            return [Call("map", "", node, time.monotonic())]
        calls, answer = await self.crowd.ask(self, "maps", "GetSeatMap", request, record)
        call = calls[0]
        call.end, call.outcome, call.version = time.monotonic(), "ok", answer.version
        call.seats = {seat.label: seat.state for seat in answer.seats}
        free = [label for label, state in call.seats.items() if state == FREE]
        return free if free or HELD in call.seats.values() else None

    # The line.

    async def wait(self):
        """What was offered after some time in line, in a list; none when it is hopeless or the
        customer has left."""
        count = self.dice.randint(1, 4)
        request = waitlist_pb2.JoinWaitlistRequest(
            show_id=self.crowd.show_id, count=count, customer_ref=self.name, request_id=new_id())
        self.crowd.waiting += 1
        try:
            while True:
                server = self.crowd.servers[self.server]
                call = Call(
                    "join", request.request_id, server.name, time.monotonic(), wanted=count)
                self.crowd.history.calls.append(call)
                join = server.method("lines", "JoinWaitlist", self.number)
                is_told = await self.follow(join, request, call)
                if is_told or call.positions and self.dice.random() < 0.05 and (
                        await self.leave(request, call)):
                    return [call.booking] if call.outcome == "ok" else []
                await self.crowd.move_on(self)
        finally:
            self.crowd.waiting -= 1

    async def follow(self, join, request, call):
        """Follows one stream to its end; false when that tells nothing."""
        stream = join(
            request, metadata=self.crowd.metadata, timeout=self.dice.uniform(1, STREAM_SECONDS))
        try:
            async for event in stream:
                if event.WhichOneof("event") == "position":
                    call.positions.append((time.monotonic(), event.position.position))
                else:
                    note_booking(call, event.offer.booking)
                    return True
        except grpc.RpcError as error:
            call.end = time.monotonic()
            if error.code() not in REPEAT:
                self.note_refusal(call, Refusal(error))
                return True
        return False

    async def leave(self, request, call):
        """False when it was too late: there is an offer, which the next stream tells."""
        leaving = waitlist_pb2.LeaveWaitlistRequest(
            show_id=request.show_id, request_id=request.request_id)
        _, answer = await self.crowd.ask(
            self, "lines", "LeaveWaitlist", leaving, lambda node: [])
        if not answer.booking_id:
            call.outcome, call.reason = "refused", "LEFT"
        return not answer.booking_id


def note_booking(call, booking):
    call.end, call.outcome, call.booking = time.monotonic(), "ok", booking
    call.booking_id, call.version = booking.booking_id, booking.version
    call.seats = tuple(booking.seats)
