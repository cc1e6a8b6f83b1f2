"""A crowd after the seats of one show, on asyncio: everything it is told is recorded.

Who they are and what they want is in `customers.py`. Here they are let in, sent from server to server
when one does not answer, and watched. When anything goes wrong, or time is up, all of it ends at once.
"""

import asyncio
import random
import time

import grpc

import partner as partners
from customers import Customer, Refused
from history import Seen
from partner import REPEAT, Refusal, seat_map_pb2

# Streams of a connection that the server allows, and some to spare.
CLIENTS_PER_CHANNEL = 80
CALL_SECONDS = 5


class Stuck(Exception):
    """The crowd did not end in time."""


class Server:
    """Somewhere to send calls to: a node by name, or a proxy without one."""

    def __init__(self, town, address, name, channel_count):
        self.name = name
        credentials = grpc.ssl_channel_credentials(town.clients.authority)
        options = [
            ("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 100),
            # How long a connection may take to be made, too.
            ("grpc.min_reconnect_backoff_ms", 5000), ("grpc.max_reconnect_backoff_ms", 500),
        ]
        # The last is the watchers'.
        self.channels = [
            grpc.aio.secure_channel(address, credentials, options)
            for _ in range(channel_count + 1)]
        self.selling = [partners.booking_pb2_grpc.BookingServiceStub(c) for c in self.channels]
        self.maps = [partners.seat_map_pb2_grpc.SeatMapServiceStub(c) for c in self.channels]
        self.lines = [partners.waitlist_pb2_grpc.WaitlistServiceStub(c) for c in self.channels]

    def method(self, service, name, number):
        """A method on the connection of a customer."""
        stubs = getattr(self, service)
        return getattr(stubs[number % (len(stubs) - 1)], name)

    async def close(self):
        for channel in self.channels:
            await channel.close()


class Crowd:
    """Customers and watchers of one show. `servers` are (address, name or None)."""

    def __init__(self, town, show, servers, history, *, clients, watchers, seed, seconds,
                 think_seconds=0.2, turns=6):
        self.town, self.show_id, self.history = town, show.show_id, history
        self.labels = town.labels(show.show_id)
        self.addresses = servers
        self.client_count, self.watcher_count = clients, watchers
        self.seed, self.seconds = seed, seconds
        self.think_seconds, self.turns = think_seconds, turns
        self.metadata = (("authorization", f"Bearer {town.clients.partner_key}"),)
        self.sold = self.waiting = self.repeats = self.answered = self.ended = 0
        self.reasons = {}

    @property
    def is_over(self):
        return self.ended == self.client_count

    async def run(self, disturb=None):
        """Runs to the end. `disturb(crowd)` is a coroutine that breaks things meanwhile."""
        channels = -(-self.client_count // (CLIENTS_PER_CHANNEL * len(self.addresses)))
        self.servers = [
            Server(self.town, address, name, channels) for address, name in self.addresses]
        try:
            async with asyncio.timeout(self.seconds):
                await self.play(disturb)
        except TimeoutError:
            raise Stuck(
                f"in {self.seconds} s: {self.sold} seats sold, {self.waiting} customers in line,"
                f" {self.client_count - self.ended} not done, refused: {self.reasons}") from None
        finally:
            for server in self.servers:
                await server.close()

    async def play(self, disturb):
        async with asyncio.TaskGroup() as watching:
            watchers = [
                watching.create_task(self.watch(number)) for number in range(self.watcher_count)]
            await self.until(lambda: len(self.history.streams) == self.watcher_count)
            async with asyncio.TaskGroup() as group:
                for number in range(self.client_count):
                    group.create_task(self.serve(number))
                if disturb:
                    group.create_task(disturb(self))
            await self.finish()
            for watcher in watchers:
                watcher.cancel()

    async def serve(self, number):
        dice = random.Random(self.seed * 100_000 + number)
        await Customer(self, number, dice).shop()
        self.ended += 1

    @staticmethod
    async def until(condition):
        while not condition():
            await asyncio.sleep(0.01)

    async def finish(self):
        """Every watcher reaches the version that the database ends with."""
        await asyncio.to_thread(self.town.postgres.wait_ready)
        rows = self.town.sql(f"select version from show where show_id = {self.show_id}")
        final = int(rows[0][0])
        await self.until(lambda: all(
            events[-1].version >= final for events in self.history.streams.values()))

    # Asking.

    async def ask(self, me, service, method, request, record):
        """Repeats the very same request until a server has said yes or no, and goes on with that one.
        `record(node)` makes the records of one attempt. Returns these and the answer."""
        while True:
            server = self.servers[me.server]
            calls = record(server.name)
            self.history.calls += calls
            send = server.method(service, method, me.number)
            try:
                answer = await send(request, timeout=CALL_SECONDS, metadata=self.metadata)
                self.answered += 1
                return calls, answer
            except grpc.RpcError as error:
                for call in calls:
                    call.end = time.monotonic()
                if error.code() not in REPEAT:
                    raise Refused(calls, Refusal(error)) from None
            await self.move_on(me)

    async def move_on(self, me):
        """To the next server."""
        self.repeats += 1
        me.server = (me.server + 1) % len(self.servers)
        await asyncio.sleep(0.05)

    # Watchers.

    async def watch(self, number):
        events, place = [], number % len(self.servers)
        while True:
            stream = self.servers[place].maps[-1].WatchSeatMap(
                seat_map_pb2.WatchSeatMapRequest(
                    show_id=self.show_id, after_version=events[-1].version if events else 0),
                metadata=self.metadata)
            try:
                async for event in stream:
                    events.append(self.seen(event))
                    self.history.streams[number] = events
            except grpc.RpcError as error:
                if error.code() not in REPEAT:
                    raise
            place = (place + 1) % len(self.servers)
            await asyncio.sleep(0.05)

    @staticmethod
    def seen(event):
        kind = event.WhichOneof("event")
        told = getattr(event, kind)
        if kind == "bookmark":
            return Seen(kind, told.version)
        seats = {seat.label: seat.state for seat in told.seats}
        previous = told.previous_version if kind == "change" else 0
        return Seen(kind, told.version, previous, seats)
