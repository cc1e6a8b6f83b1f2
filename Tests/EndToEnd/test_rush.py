"""200 clients, 60 seats: exactly 60 sold, undisturbed, with sessions killed, with the node killed."""

import random
import time

import pytest

from rush import Rush


@pytest.fixture
def studio(own_demo):
    show = own_demo.fresh_show(seat_count=60)
    return own_demo, show


def test_sixty_seats_are_sold_once(studio):
    demo, show = studio
    rush = Rush(demo, show, seed=1)
    rush.start()
    rush.join()
    rush.check()
    assert rush.outcomes["told"] >= 140


def test_sixty_seats_are_sold_once_while_database_sessions_die(studio):
    demo, show = studio
    dice = random.Random(2)
    rush = Rush(demo, show, seed=2, think_seconds=1)
    rush.start()
    killed = 0
    while any(thread.is_alive() for thread in rush.threads) and killed < 40:
        for pid in dice.sample(demo.server.backends(), 1):
            demo.server.kill_backend(pid)
            killed += 1
        time.sleep(0.05)
    rush.join()
    rush.check()
    assert killed >= 3


def test_sixty_seats_are_sold_once_while_every_selling_session_dies_at_once(studio):
    demo, show = studio
    rush = Rush(demo, show, seed=3, think_seconds=1)
    rush.start()
    while rush.sold_count < 10:
        assert any(thread.is_alive() for thread in rush.threads)
        time.sleep(0.005)
    for pid in demo.server.backends():
        demo.server.kill_backend(pid)
    rush.join()
    rush.check()


@pytest.mark.parametrize("seed", [4, 5])
def test_sixty_seats_are_sold_once_while_the_node_is_killed(studio, seed):
    demo, show = studio
    rush = Rush(demo, show, seed=seed, think_seconds=1)
    rush.start()
    while rush.sold_count < 12:
        assert any(thread.is_alive() for thread in rush.threads)
        time.sleep(0.005)
    demo.server.kill()
    before = dict(rush.acknowledged)
    assert len(before) >= 1 and sum(map(len, before.values())) < 60, "killed too late"
    demo.server.start()
    rush.join()
    rush.check()
    assert before.items() <= rush.acknowledged.items()
    assert rush.repeats > 0
