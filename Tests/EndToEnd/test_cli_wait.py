"""`usher wait` and `usher exchange` against a real server: places, the ticket, the offer, the ways out."""

import json
import re

import pytest
from command_line import CommandLine
from partner import booking_pb2, new_id, wait_ready
from test_waitlist import Waiter, hold_all
from usherd import wait_until


@pytest.fixture
def cli(demo, tmp_path):
    return CommandLine(demo, tmp_path)


def test_a_person_waits_is_served_swaps_and_pays(demo, partner, cli):
    show_id = demo.fresh_show().show_id
    singles = hold_all(partner, show_id, 4)
    first = Waiter(partner, show_id, 1).wait_position(1, 0)
    waiting = cli.start("wait", show_id, "--seats", 2)
    waiting.wait_line("place 2   1 seat wanted before you")
    partner.release(singles[0].booking_id)
    first.wait_end()
    waiting.wait_line("place 1   next in line")
    partner.release(singles[1].booking_id)
    partner.release(singles[2].booking_id)
    text = "\n".join(waiting.end())
    seats = sorted(hold.seats[0] for hold in singles[1:3])
    booking_id = re.search(r"^Booking (\S+), show", text, re.M)[1]
    offer = partner.get(booking_id)
    assert offer.state == booking_pb2.BOOKING_STATE_HELD and sorted(offer.seats) == seats
    assert f"usher confirm {booking_id} --payment REFERENCE" in text
    assert re.search(r"Total +\d+\.\d\d [A-Z]{3}\n", text)
    # Another seat comes free: it is taken instead of one of the two.
    partner.release(singles[3].booking_id)
    swapped, = cli.json("exchange", booking_id, show_id, seats[0], singles[3].seats[0])
    new = swapped["booking"]
    assert new["state"] == "BOOKING_STATE_HELD" and new["supersedes"] == booking_id
    assert sorted(new["seats"]) == sorted([seats[0], singles[3].seats[0]])
    sold, = cli.json("confirm", new["bookingId"], "--payment", "paid")
    assert sold["booking"]["state"] == "BOOKING_STATE_CONFIRMED"
    assert demo.server.faults() == []


def test_ctrl_c_leaves_the_line_at_once(demo, partner, cli):
    show_id = demo.fresh_show().show_id
    singles = hold_all(partner, show_id, 1)
    ticket = new_id()
    waiting = cli.start("wait", show_id, "--seats", 1, "--request-id", ticket)
    waiting.wait_line("place 1   next in line")
    second = Waiter(partner, show_id, 1).wait_position(2, 1)
    waiting.interrupt().end(130)
    assert f"interrupted; no longer in the line for show {show_id}" in waiting.remarks
    second.wait_position(1, 0)
    # The ticket is used up.
    again, = [json.loads(line) for line in cli.start(
        "wait", show_id, "--seats", 1, "--request-id", ticket, "--json").errors(1)]
    assert again["error"]["reason"] == "WAIT_ENDED"
    partner.release(singles[0].booking_id)
    assert second.wait_end().offer.seats == singles[0].seats


def test_a_restart_of_the_server_keeps_the_place(own_demo, tmp_path):
    demo, cli = own_demo, CommandLine(own_demo, tmp_path)
    show_id = demo.fresh_show().show_id
    with demo.partner() as partner:
        singles = hold_all(partner, show_id, 2)
        waiting = cli.start("wait", show_id, "--seats", 2, "--json")
        wait_until(lambda: len(waiting.lines) == 1, 30, "a place")
        demo.server.kill()
        wait_until(lambda: "coming back with the ticket" in waiting.remarks, 30, "the remark")
    demo.server.start()
    with demo.partner() as partner:
        wait_ready(partner)
        wait_until(lambda: len(waiting.lines) == 2, 60, "the place again")
        for hold in singles:
            partner.release(hold.booking_id)
    events = [json.loads(line) for line in waiting.end()]
    assert events[0] == events[1] == {"position": {"position": 1}}
    offered = events[-1]["offer"]["booking"]
    assert sorted(offered["seats"]) == sorted(hold.seats[0] for hold in singles)
    rows = demo.server.sql(f"select state from waitlist_entry where show_id = {show_id}")
    assert rows == [("2",)]
