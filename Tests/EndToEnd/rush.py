"""Many clients fighting for the seats of one show, whatever happens to the server meanwhile.

Every client wants one booking and repeats each call under one request_id until it has an answer.
"""

import collections
import random
import threading
import time

import grpc

import partner as partners
from partner import FREE, HELD, REPEAT, Refusal

CLIENTS = 200
SECONDS = 150


class Stuck(Exception):
    """The rush did not end in time."""


class Rush:
    def __init__(self, demo, show, seed, think_seconds=0.0):
        """A customer thinks up to think_seconds between hold and payment."""
        self.demo = demo
        self.show = show
        self.think_seconds = think_seconds
        self.end = time.monotonic() + SECONDS
        self.lock = threading.Lock()
        self.acknowledged = {}  # booking id → labels, once confirmed
        self.outcomes = collections.Counter()
        self.repeats = 0
        self.faults = []
        self.labels = demo.labels(show.show_id)
        self.barrier = threading.Barrier(CLIENTS)
        self.threads = [
            threading.Thread(target=self._client, args=(random.Random(seed * 1000 + number), number))
            for number in range(CLIENTS)
        ]

    def start(self):
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join(max(1, self.end - time.monotonic() + 30))
        assert not any(thread.is_alive() for thread in self.threads), "clients hang"
        assert self.faults == [], "\n".join(map(str, self.faults[:5]))

    @property
    def sold_count(self):
        with self.lock:
            return sum(map(len, self.acknowledged.values()))

    def _answer(self, method, request):
        """Repeats the very same request until the server has said yes or no."""
        while True:
            try:
                return method(request, timeout=5)
            except grpc.RpcError as error:
                if error.code() not in REPEAT:
                    raise
            with self.lock:
                self.repeats += 1
            if time.monotonic() > self.end:
                raise Stuck(f"no answer to {request}")
            time.sleep(0.05)

    def _client(self, dice, number):
        try:
            with self.demo.partner() as client:
                self.barrier.wait(60)
                outcome = self._buy(client, dice, f"customer {number}")
            with self.lock:
                self.outcomes[outcome] += 1
        except Exception as fault:  # noqa: BLE001  (told by join)
            with self.lock:
                self.faults.append(f"client {number}: {fault!r}")

    def _buy(self, client, dice, customer):
        """Tries until it has bought, or until nothing is free or can become free."""
        free = list(self.labels)
        was_told = False
        while True:
            wanted = dice.sample(free, min(dice.randint(1, 4), len(free)))
            try:
                held = client.hold(
                    self.show.show_id, wanted, customer=customer, call=self._answer)
            except grpc.RpcError as error:
                self._check_loss(Refusal(error), wanted)
                was_told = True
            else:
                assert sorted(held.seats) == sorted(wanted), "a booking in parts"
                time.sleep(dice.uniform(0, self.think_seconds))
                self._confirm(client, held, wanted)
                return "bought"
            free, pending = self._look(client, dice)
            if not free and not pending:
                assert was_told
                return "told"

    @staticmethod
    def _check_loss(refused, wanted):
        assert refused.code == grpc.StatusCode.FAILED_PRECONDITION, (
            refused.code, refused.message, refused.reason)
        assert refused.reason == "SEATS_UNAVAILABLE", refused.reason
        lost = refused.lost_seats
        assert lost and set(lost) <= set(wanted) and len(set(lost)) == len(lost)

    def _confirm(self, client, held, wanted):
        sold = client.confirm(held.booking_id, call=self._answer)
        assert sold.state == partners.booking_pb2.BOOKING_STATE_CONFIRMED
        assert sorted(sold.seats) == sorted(wanted)
        with self.lock:
            self.acknowledged[sold.booking_id] = sorted(sold.seats)

    def _look(self, client, dice):
        """The free seats, waiting while there are none but some may come back."""
        while True:
            _, states = client.map(self.show.show_id, call=self._answer)
            free = [label for label, state in states.items() if state == FREE]
            pending = any(state == HELD for state in states.values())
            if free or not pending:
                return free, pending
            if time.monotonic() > self.end:
                raise Stuck("held seats are never sold")
            time.sleep(dice.uniform(0.05, 0.2))

    def check(self):
        """Sold out exactly once, whole, and remembered."""
        demo, show_id = self.demo, self.show.show_id
        seats = [label for labels in self.acknowledged.values() for label in labels]
        assert sorted(seats) == self.labels, "sold twice, or not sold"
        assert self.outcomes["bought"] == len(self.acknowledged)
        assert self.outcomes["bought"] + self.outcomes["told"] == CLIENTS
        with demo.partner() as client:
            for booking_id, labels in self.acknowledged.items():
                booking = client.get(booking_id, call=self._answer)
                assert booking.state == partners.booking_pb2.BOOKING_STATE_CONFIRMED
                assert sorted(booking.seats) == labels
        rows = demo.server.sql(
            f"select count(*), count(distinct booking_id) from show_seat"
            f" where show_id = {show_id} and state = 3"
        )
        assert rows == [(str(len(self.labels)), str(len(self.acknowledged)))]
        rows = demo.server.sql(
            f"select sum(cardinality(seat_nos)) from booking where show_id = {show_id}"
            " and state = 2"
        )
        assert rows == [(str(len(self.labels)),)]
        assert demo.server.faults() == []
