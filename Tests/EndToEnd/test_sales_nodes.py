"""The stream of sales while a crowd sells on two nodes, one of which is killed, and its follower comes
back again and again, now here, now there."""

import collections
import random
import threading

import grpc

from nodes import Town
from partner import REPEAT
from sales import (
    CANCELLED, CONFIRMED, EXCHANGED_AWAY, EXCHANGED_FOR, Follower, Record, digest, follow_until)

SELLERS, SHOWS, CONNECTIONS = 8, 4, 9


class Seller(threading.Thread):
    """Sells on one node, and counts what must be told of it."""

    def __init__(self, number, partner, show_ids, enough):
        super().__init__(daemon=True)
        self.dice = random.Random(number)
        self.partner, self.show_ids, self.enough = partner, show_ids, enough
        self.expected = collections.Counter()
        self.fault = None

    def run(self):
        try:
            while not self.enough.is_set():
                self.turn()
        except Exception as fault:  # told by the test, not lost with the thread
            self.fault = fault

    @staticmethod
    def persist(method, request):
        """Repeats a request until it is answered: so whatever happened is known."""
        while True:
            try:
                return method(request, timeout=20, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() not in REPEAT:
                    raise

    def turn(self):
        here, there = self.dice.sample(self.show_ids, 2)
        sale = {"call": self.persist}
        held = self.partner.hold(here, best=(2, "", True), **sale)
        sold = self.partner.confirm(held.booking_id, **sale)
        self.expected[CONFIRMED, sold.booking_id] += 1
        what = self.dice.random()
        if what < 0.8:
            self.partner.cancel_seats(sold.booking_id, sold.seats[:1], **sale)
            self.expected[CANCELLED, sold.booking_id] += 1
        if what < 0.7:
            self.partner.cancel(sold.booking_id, **sale)
            self.expected[CANCELLED, sold.booking_id] += 1
        if what > 0.8:
            new = self.partner.exchange(sold.booking_id, there, best=1, **sale).booking
            self.expected[EXCHANGED_AWAY, sold.booking_id] += 1
            self.expected[EXCHANGED_FOR, new.booking_id] += 1
            self.partner.cancel(new.booking_id, **sale)
            self.expected[CANCELLED, new.booking_id] += 1


def test_every_sale_of_two_nodes_is_told_once(own_folder):
    with Town(own_folder, 2) as town:
        shows = town.clients.fresh_shows()
        currency = shows[0].prices[0].price.currency_code
        show_ids = [show.show_id for show in shows
                    if show.prices[0].price.currency_code == currency][:SHOWS]
        clients = [town.partner(node) for node in town.nodes]
        enough = threading.Event()
        sellers = [
            Seller(number, clients[number % 2], show_ids, enough) for number in range(SELLERS)]
        for seller in sellers:
            seller.start()
        record = Record()
        for connection in range(CONNECTIONS):
            reached = len(record.transactions)
            with town.partner(town.nodes[connection % 2]) as partner:
                with Follower(partner, record) as follower:
                    follower.wait(
                        lambda record: follower.error or len(record.transactions) >= reached + 4)
            if connection == CONNECTIONS // 2:
                town.nodes[1].kill()
                town.nodes[1].start()
        enough.set()
        for seller in sellers:
            seller.join(60)
        assert not any(seller.is_alive() for seller in sellers)
        assert [seller.fault for seller in sellers if seller.fault] == []
        expected = sum((seller.expected for seller in sellers), collections.Counter())
        for node in town.nodes:
            with town.partner(node) as partner:
                record = follow_until(
                    partner, lambda record: len(record.events) >= expected.total(), record)
                again = follow_until(
                    partner, lambda record: len(record.events) >= expected.total())
                assert again.transactions == record.transactions
                for show_id in show_ids:
                    found = digest(partner, show_id)
                    assert found.sold_hash == record.sold_hash(show_id, found.version)
        told = collections.Counter((event.kind, event.booking_id) for event in record.events)
        assert told == expected
        record.check_order()
        assert sorted(again.transactions) == list(range(1, len(again.transactions) + 1))
        for client in clients:
            client.channel.close()
        assert town.faults() == []
