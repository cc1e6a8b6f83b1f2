"""The judge of waiting lists against planted lies: a sound line passes, each lie is named. And no rule
of the judges is without a lie that breaks it."""

import pathlib
import re

import pytest

import test_history
from history import FREE, HELD, SOLD, Booking, Call, Entry, Facts, History, judge
from line import Wait
from test_history import change, hold, told


def join(request, begin, positions, offer="", seats=(), version=0, node="a"):
    call = Call("join", request, node, begin, begin + 1, 1, "ok" if offer else "unknown", offer,
                tuple(seats), version)
    call.end, call.positions = 8 if offer else begin + 1, positions
    return call


class Line:
    """Somebody holds both seats, three come to wait, one leaves; both seats come back and are offered.
    One offer is bought and exchanged for the same seat; the other is given back and held by a passer-by."""

    def __init__(self):
        left = join("j3", 4, [(4.5, 3)])
        left.outcome, left.reason = "refused", "LEFT"
        self.history = History()
        self.history.calls = [
            hold("r1", 0, ["A1", "A2"], "b1", 2), join("j1", 2, [(2.5, 1)]), left,
            join("j1", 5, [(5.5, 1)], "o1", ["A1"], 3, node="b"),
            join("j2", 3, [(3.5, 2), (7.9, 1)], "o2", ["A2"], 3),
            change("release", "r2", 7, ["A1", "A2"], "b1", 3, node="b"),
            change("confirm", "r3", 9, ["A1"], "o1", 4),
            Call("exchange", "r5", "a", 10, 10.5, ("A1",), "ok", "b3", ("A1",), 5),
            change("release", "r7", 11, ["A2"], "o2", 6), hold("r6", 12, ["A2"], "b4", 7),
        ]
        commits = {
            2: {"A1": HELD, "A2": HELD}, 3: {"A1": HELD, "A2": HELD}, 4: {"A1": SOLD},
            5: {"A1": SOLD}, 6: {"A2": FREE}, 7: {"A2": HELD}}
        first = test_history.Seen("snapshot", 1, 0, {"A1": FREE, "A2": FREE})
        self.history.streams = {
            "one": [first] + [told(version, **seats) for version, seats in commits.items()]}
        self.facts = Facts(
            7, {"A1": (SOLD, "b3"), "A2": (HELD, "b4")},
            {
                "b1": Booking(3, frozenset(["A1", "A2"]), "r1", 3),
                "o1": Booking(6, frozenset(["A1"]), "o1", 5),
                "o2": Booking(3, frozenset(["A2"]), "o2", 6),
                "b3": Booking(2, frozenset(["A1"]), "r5", 5),
                "b4": Booking(1, frozenset(["A2"]), "r6", 7),
            },
            {
                "r1": Entry("held", "b1", 2, 10, "t1"), "r2": Entry("released", "b1", 3, 15, "t5"),
                "r3": Entry("confirmed", "o1", 4, 16, "t6"),
                "r5": Entry("exchanged", "b3", 5, 17, "t7"),
                "r7": Entry("released", "o2", 6, 18, "t8"), "r6": Entry("held", "b4", 7, 19, "t9"),
            },
            {
                "j1": Wait(1, 1, "o1", 2, 5, 11, 15.001, "t5", 3),
                "j2": Wait(2, 1, "o2", 2, 5, 12, 15.001, "t5", 3),
                "j3": Wait(3, 1, "o3", 3, 4, 13, 14, "t4"),
            },
            commits)

    def rules(self):
        return {rule for rule, _ in judge(self.history, self.facts).faults}

    def call(self, request_id):
        return [call for call in self.history.calls if call.request_id == request_id][-1]


LIES = []


def plant(rule):
    """Registers a lie under the name by which it must be found."""
    def add(function):
        LIES.append(pytest.param(rule, function, id=function.__name__))
        return function
    return add


def test_a_sound_line_passes():
    line = Line()
    verdict = judge(line.history, line.facts)
    assert verdict.faults == []
    assert verdict.counts["served in line"] == 2


@plant("place_lost")
def a_place_that_was_told_is_gone(line):
    del line.facts.waits["j3"]


@plant("place_lost")
def a_party_that_came_back_is_told_that_it_was_lost(line):
    call = line.call("j2")
    call.outcome, call.reason = "refused", "WAIT_ENDED"


@plant("position_rose")
def a_party_is_sent_back(line):
    line.call("j1").positions = [(5.5, 2)]


@plant("answers_differ")
def two_offers_are_told(line):
    line.history.calls.append(join("j1", 8.5, [], "o2", ["A2"], 3))


@plant("acknowledged_lost")
def an_offer_is_not_in_the_list(line):
    line.facts.waits["j1"].state = 5


@plant("acknowledged_differs")
def an_offer_is_older_than_its_seats(line):
    line.call("j1").version = 2


@plant("partial")
def an_offer_has_too_few_seats(line):
    line.call("j2").wanted = line.facts.waits["j2"].count = 2


@plant("partial")
def the_booking_of_an_offer_has_too_many_seats(line):
    line.facts.bookings["o2"].seats = frozenset(["A1", "A2"])


@plant("refused_but_done")
def who_was_turned_away_waits_on(line):
    wait = line.facts.waits["j3"]
    wait.state, wait.ended, wait.ended_version = 1, None, None


@plant("done_unasked")
def somebody_unknown_waits(line):
    line.facts.waits["j4"] = Wait(4, 1, "o4", 3, 6, 16, 17, "t7")


@plant("offer_differs")
def an_offer_is_nobodys(line):
    line.facts.bookings["o9"] = Booking(3, frozenset(["A2"]), "o9", 6)


@plant("offer_differs")
def a_party_was_served_nothing(line):
    del line.facts.bookings["o2"]


@plant("offer_differs")
def two_parties_have_one_offer(line):
    line.facts.waits["j2"].booking_id = "o1"


@plant("offer_unannounced")
def an_offer_was_never_announced(line):
    line.facts.waits["j2"].version = None


@plant("arrival_gap")
def an_arrival_is_missing(line):
    line.facts.waits["j3"].arrival = 4


@plant("arrival_order")
def who_came_later_is_before(line):
    waits = line.facts.waits
    waits["j2"].arrival, waits["j3"].arrival = 3, 2


@plant("overtaken")
def the_second_is_served_before_the_first(line):
    line.facts.waits["j1"].ended_version = 6


@plant("overtaken")
def the_third_is_served_while_two_wait(line):
    line.facts.waits["j3"].state = 2


@plant("line_jumped")
def a_passer_by_holds_while_somebody_waits(line):
    line.facts.log["r6"].at = 14.5


@plant("line_jumped")
def an_exchange_gets_past_somebody_who_waits_still(line):
    wait = line.facts.waits["j3"]
    wait.state, wait.ended, wait.ended_version = 1, None, None


@plant("sold_twice")
def a_seat_is_exchanged_for_one_that_is_not_free(line):
    line.facts.bookings["b3"].seats = frozenset(["A2"])


@plant("partial")
def an_exchange_gets_fewer_seats(line):
    line.call("r5").wanted = ("A1", "A2")


@plant("version_gap")
def a_version_was_never_announced(line):
    del line.facts.commits[5]
    del line.history.streams["one"][4]


@plant("watchers_differ")
def a_watcher_is_told_other_than_was_announced(line):
    line.history.streams["one"][1].seats = {"A1": HELD}


@pytest.mark.parametrize("rule, lie", LIES)
def test_each_lie_is_named(rule, lie):
    line = Line()
    lie(line)
    assert rule in line.rules()


def test_who_left_in_the_transaction_of_a_hold_was_not_passed():
    line = Line()
    line.facts.log["r6"].at, line.facts.log["r6"].transaction = 13.999, "t4"
    line.facts.waits["j1"].ended = line.facts.waits["j2"].ended = 13.5
    assert "line_jumped" not in line.rules()


def test_a_watcher_may_be_told_the_difference_of_two_maps():
    """The offers of version 3 gave held seats to others, who hold them still."""
    line = Line()
    line.history.streams["one"][2].seats = {}
    assert line.rules() == set()


def test_every_rule_has_its_lie():
    folder = pathlib.Path(__file__).parent
    text = (folder / "history.py").read_text() + (folder / "line.py").read_text()
    rules = set(re.findall(r'fault\(\s*"(\w+)"', text)) | set(
        re.findall(r'"(\w+_stale)"', text))
    planted = {lie.values[0] for lie in LIES + test_history.LIES}
    assert rules == planted
