"""`usher bench` with small loads: what it reports is what the database has."""

import collections

import pytest
from command_line import CommandLine
from usherd import wait_until

STATES = {"1": "held", "2": "confirmed", "3": "released"}


@pytest.fixture
def cli(demo, tmp_path):
    return CommandLine(demo, tmp_path)


def bench(cli, *arguments, code=0):
    # The number of turns ends it, however slow the machine is.
    report, = cli.json("bench", *arguments, "--seconds", 300, code=code)
    report["calls"] = {call["call"]: call for call in report["calls"]}
    report["errors"] = {(error["call"], error["reason"]): error["count"] for error in report["errors"]}
    for call in report["calls"].values():
        assert 0 < call["p50Ms"] <= call["p90Ms"] <= call["p99Ms"] <= call["maxMs"]
        assert call["perSecond"] == pytest.approx(call["count"] / report["seconds"], rel=0.02)
    return report


def count(report, call):
    return report["calls"].get(call, {"count": 0})["count"]


def version(demo, show_id):
    return int(demo.server.sql(f"select version from show where show_id = {show_id}")[0][0])


def bookings(demo, *show_ids):
    """Bookings by state, and the seats that are held or sold."""
    shows = ",".join(map(str, show_ids))
    states = collections.Counter(
        STATES[row[0]] for row in demo.server.sql(
            f"select state from booking where show_id in ({shows})"))
    seats = demo.server.sql(
        f"select count(*) filter (where state = 2), count(*) filter (where state = 3)"
        f" from show_seat where show_id in ({shows})")[0]
    return states, tuple(map(int, seats))


def test_a_rush_sells_a_show_out(demo, cli):
    show_id = demo.fresh_show(60).show_id
    report = bench(cli, "rush", show_id, "--turns", 80, "--in-flight", 8, "--connections", 2)
    states, (held, sold) = bookings(demo, show_id)
    assert report["turns"] == 80 == count(report, "hold") + report["errors"][
        "hold", "NO_ADJACENT_SEATS"]
    assert count(report, "hold") == count(report, "confirm") == report["left"]["sold"]
    assert states == {"confirmed": count(report, "hold")} and sold == 2 * count(report, "hold")
    assert held == 0 and report["left"] == {"sold": sold // 2, "held": 0, "unknown": 0}
    assert sold > 40
    paid = demo.server.sql(
        f"select count(*) from booking where show_id = {show_id}"
        " and payment_reference = 'usher-bench'")
    assert paid == [(str(sold // 2),)]
    # Nothing succeeds any more: the command fails as the call does, and reports all the same.
    empty = bench(cli, "rush", show_id, "--turns", 3, code=3)
    assert empty["calls"] == {} and empty["errors"] == {("hold", "NO_ADJACENT_SEATS"): 3}


def test_a_mixed_load_gives_back_what_it_does_not_sell(demo, cli):
    shows = [demo.fresh_show().show_id for _ in range(2)]
    report = bench(cli, "mixed", *shows, "--turns", 300, "--seats", 1)
    assert report["turns"] == 300 and report["errors"] == {}
    assert count(report, "seat map") + count(report, "show") + count(report, "hold") == 300
    states, (held, sold) = bookings(demo, *shows)
    assert states["confirmed"] == sold == count(report, "confirm") == report["left"]["sold"]
    assert states["released"] == count(report, "release") and held == 0
    assert states["held"] == report["left"]["held"] == 0


def test_every_watcher_sees_every_change(demo, cli):
    show_id = demo.fresh_show().show_id
    report = bench(cli, "watch", show_id, "--watchers", 120, "--turns", 10)
    assert report["errors"] == {} and report["left"] == {"sold": 0, "held": 0, "unknown": 0}
    assert count(report, "hold") == count(report, "release") == 10
    assert count(report, "change seen") == 120 * 20
    assert version(demo, show_id) == 21


def test_parties_are_served_in_line(demo, cli):
    show_id = demo.fresh_show(60).show_id
    report = bench(cli, "wait", show_id, "--turns", 40, "--in-flight", 10)
    assert report["errors"] == {} and report["left"] == {"sold": 0, "held": 0, "unknown": 0}
    assert report["turns"] == count(report, "join") == 40
    assert 0 < count(report, "offer") <= 40
    served = demo.server.sql(f"select state, count(*) from waitlist_entry where show_id = {show_id}"
                             " group by state")
    assert served == [("2", "40")]
    states, seats = bookings(demo, show_id)
    assert states["held"] == 0 and seats == (0, 0)
    # Every party's offer, and what made the show full.
    assert count(report, "release") == 41 and states["released"] > 41
    assert demo.server.faults() == []


@pytest.mark.parametrize("load", [["rush"], ["mixed"], ["watch", "--watchers", 3], ["wait"]])
def test_time_ends_a_load(demo, cli, load):
    """Long before its turns are over."""
    name, *more = load
    show_id = demo.fresh_show(60).show_id
    report, = cli.json("bench", name, show_id, *more, "--turns", 10_000_000, "--seconds", 0.5)
    assert report["bench"] == name and 0 < report["turns"] < 10_000_000
    assert report["seconds"] >= 0.5 and report["left"]["held"] == report["left"]["unknown"] == 0


def test_ctrl_c_ends_a_load_with_its_report(demo, cli):
    show_id = demo.fresh_show(60).show_id
    load = cli.start("bench", "wait", show_id, "--turns", 10_000_000, "--seconds", 600, "--json")
    waiting = f"select count(*) > 50 from waitlist_entry where show_id = {show_id}"
    wait_until(lambda: demo.server.sql(waiting) == [("t",)], 30, "parties in line")
    load.interrupt()
    line, = load.end(130)
    assert '"bench":"wait"' in line and '"left":{"sold":0,"held":0,"unknown":0}' in line
    assert "interrupted; the report is of the time until then" in load.remarks
    states, seats = bookings(demo, show_id)
    assert states["held"] == 0 and seats == (0, 0)
    assert demo.server.sql(
        f"select count(*) from waitlist_entry where show_id = {show_id} and state = 1") == [("0",)]


def test_what_a_crash_left_in_doubt_is_told(own_demo, tmp_path):
    cli = CommandLine(own_demo, tmp_path)
    show_id = own_demo.fresh_show().show_id
    load = cli.start("bench", "watch", show_id, "--watchers", 1, "--turns", 1_000_000,
                     "--seconds", 600, "--json")
    wait_until(lambda: version(own_demo, show_id) > 20, 30, "a load")
    own_demo.server.kill()
    own_demo.server.start()
    before = version(own_demo, show_id)
    wait_until(lambda: version(own_demo, show_id) > before + 10, 60, "the load to go on")
    load.interrupt()
    line, = load.end(130)
    # Whatever was held when the server went is known by its request, and was given back.
    assert '"reason":"UNAVAILABLE"' in line and '"left":{"sold":0,"held":0,"unknown":0}' in line
    states, seats = bookings(own_demo, show_id)
    assert states["held"] == 0 and seats == (0, 0)
