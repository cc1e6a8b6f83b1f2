"""The judge of histories against planted lies: a sound history passes, each lie is named."""

import dataclasses

import pytest

from history import FREE, HELD, SOLD, Booking, Call, Entry, Facts, History, Seen, judge

LABELS = ("A1", "A2", "A3", "A4")
MAP_AT_5 = {"A1": SOLD, "A2": SOLD, "A3": HELD, "A4": FREE}


def hold(request, begin, seats, booking, version, node="a", **changes):
    call = Call("hold", request, node, begin, begin + 1, tuple(seats), "ok", booking, tuple(seats),
                version)
    return dataclasses.replace(call, **changes)


def change(kind, request, begin, seats, booking, version, node="a"):
    return Call(kind, request, node, begin, begin + 1, (), "ok", booking, tuple(seats), version)


def refused(request, begin, lost, version, node="a"):
    return Call("hold", request, node, begin, begin + 1, tuple(lost), "refused", "", lost, version,
                "SEATS_UNAVAILABLE")


def told(version, **seats):
    return Seen("change", version, version - 1, seats)


class Story:
    """Two nodes: one sells A1 and A2, the other holds A3, releases it, and it is held again; an
    answer is lost and asked for again; somebody is refused."""

    def __init__(self):
        self.history = history = History()
        history.calls = [
            hold("r1", 0, ["A1", "A2"], "b1", 2),
            refused("r2", 2, {"A1": HELD, "A2": HELD}, 2),
            Call("hold", "r3", "a", 2, 3, ("A3",)),
            hold("r3", 4, ["A3"], "b2", 3, node="b"),
            change("confirm", "r4", 6, ["A1", "A2"], "b1", 4),
            change("release", "r5", 8, ["A3"], "b2", 5, node="b"),
            hold("r6", 8.5, ["A3"], "b3", 5, node="b"),
            Call("hold", "r7", "b", 9, 10, ("A4",)),
            Call("map", "", "b", 10, 11, outcome="ok", seats=MAP_AT_5, version=5),
        ]
        free = Seen("snapshot", 1, 0, dict.fromkeys(LABELS, FREE))
        first = [free, told(2, A1=HELD, A2=HELD), told(3, A3=HELD)]
        rest = [told(4, A1=SOLD, A2=SOLD), told(5, A3=HELD)]
        history.streams = {
            "one": [*first, *rest],
            "cut": [*first, Seen("bookmark", 3), Seen("snapshot", 5, 0, dict(MAP_AT_5))],
        }
        self.facts = Facts(
            5,
            {"A1": (SOLD, "b1"), "A2": (SOLD, "b1"), "A3": (HELD, "b3"), "A4": (FREE, "")},
            {
                "b1": Booking(2, frozenset(["A1", "A2"]), "r1", 4),
                "b2": Booking(3, frozenset(["A3"]), "r3", 5),
                "b3": Booking(1, frozenset(["A3"]), "r6", 5),
            },
            {
                "r1": Entry("held", "b1", 2), "r3": Entry("held", "b2", 3),
                "r4": Entry("confirmed", "b1", 4), "r5": Entry("released", "b2", 5),
                "r6": Entry("held", "b3", 5),
            },
        )

    def rules(self, stale_seconds=0.0):
        return {rule for rule, _ in judge(self.history, self.facts, stale_seconds).faults}

    def call(self, request_id):
        return [call for call in self.history.calls if call.request_id == request_id][-1]


def test_a_sound_story_passes():
    story = Story()
    verdict = judge(story.history, story.facts)
    assert verdict.faults == []
    assert verdict.counts["unknown for ever, not done"] == 1


def plant(rule):
    """Registers a lie under the name by which it must be found."""
    def add(function):
        LIES.append(pytest.param(rule, function, id=function.__name__))
        return function
    return add


LIES = []


@plant("acknowledged_lost")
def a_confirmation_is_lost(story):
    del story.facts.log["r4"]


@plant("acknowledged_lost")
def a_booking_is_lost(story):
    del story.facts.bookings["b2"]


@plant("acknowledged_differs")
def the_log_has_another_version(story):
    story.facts.log["r4"].version = 3


@plant("partial")
def a_booking_has_fewer_seats_than_answered(story):
    story.facts.bookings["b1"].seats = frozenset(["A1"])


@plant("partial")
def an_answer_has_fewer_seats_than_wanted(story):
    story.call("r6").wanted = ("A3", "A4")


@plant("partial")
def the_server_chose_too_few(story):
    story.call("r6").wanted = 2


@plant("answers_differ")
def a_repeated_call_gets_another_booking(story):
    story.history.calls.append(hold("r3", 5, ["A3"], "b9", 3))


@plant("answers_differ")
def a_granted_call_is_refused_later(story):
    story.history.calls.append(refused("r3", 5, {"A3": HELD}, 3))


@plant("refused_but_done")
def a_refused_hold_was_made(story):
    story.history.calls = [call for call in story.history.calls if call.request_id != "r3"]
    story.history.calls.append(refused("r3", 4, {"A1": HELD}, 3))


@plant("refused_but_done")
def a_refused_confirmation_was_made_after_all(story):
    call = story.call("r4")
    call.outcome, call.reason = "refused", "HOLD_EXPIRED"
    story.history.calls.append(Call("confirm", "r4", "b", 5, 5.5))


@plant("done_unasked")
def somebody_unknown_booked(story):
    story.facts.log["r8"] = Entry("held", "b8", 5)


@plant("done_unasked")
def a_booking_is_not_in_the_log(story):
    story.facts.bookings["b8"] = Booking(3, frozenset(["A4"]), "r8", 5)


@plant("done_twice")
def an_unknown_outcome_was_counted_twice(story):
    story.facts.bookings["b8"] = Booking(3, frozenset(["A4"]), "r3", 5)


@plant("sold_twice")
def a_seat_has_two_owners(story):
    story.facts.log["r7"] = Entry("held", "b7", 5)
    story.facts.bookings["b7"] = Booking(3, frozenset(["A1"]), "r7", 5)


@plant("sold_twice")
def a_seat_is_held_before_it_is_free(story):
    story.facts.log["r5"].version = 6


@plant("seat_differs")
def a_seat_is_anothers_in_the_end(story):
    story.facts.seats["A3"] = (HELD, "b2")


@plant("seat_differs")
def a_seat_is_free_in_the_end(story):
    story.facts.seats["A1"] = (FREE, "")


@plant("order_broken")
def a_later_call_has_an_earlier_version(story):
    story.history.calls.append(hold("r9", 20, ["A1", "A2"], "b1", 2))
    story.facts.log["r9"] = Entry("held", "b1", 2)


@plant("refusal_untrue")
def a_free_seat_is_refused(story):
    story.call("r2").wanted = ("A4",)
    story.call("r2").seats = {"A4": HELD}


@plant("refusal_untrue")
def a_held_seat_is_called_sold(story):
    story.call("r2").seats = {"A1": SOLD}


@plant("refusal_untrue")
def a_sold_seat_is_told_as_it_was_a_version_before(story):
    story.history.calls.append(refused("r8", 12, {"A1": HELD}, 4))


@plant("refusal_untrue")
def a_seat_is_told_as_it_is_a_version_later(story):
    story.history.calls.append(refused("r8", 6.5, {"A1": SOLD}, 3))


@plant("refusal_untrue")
def a_refusal_names_seats_that_were_not_wanted(story):
    story.call("r2").wanted = ("A2",)


@plant("refusal_stale")
def a_seat_is_refused_long_after_it_was_released(story):
    story.history.calls.append(refused("r8", 12, {"A3": HELD}, 3, node="b"))


@plant("map_stale")
def a_node_shows_an_older_map_than_it_answered(story):
    story.history.calls[-1].version = 4
    story.history.calls[-1].seats = MAP_AT_5


@plant("map_untrue")
def a_map_is_invented(story):
    story.history.calls[-1].seats = MAP_AT_5 | {"A4": HELD}


@plant("version_ahead")
def a_map_is_ahead_of_the_show(story):
    story.history.calls[-1].version = 6


@plant("watcher_gap")
def a_watcher_misses_a_version(story):
    del story.history.streams["one"][2]


@plant("watcher_gap")
def a_bookmark_is_ahead(story):
    story.history.streams["cut"][3].version = 4


@plant("watcher_gap")
def a_stream_begins_without_a_snapshot(story):
    del story.history.streams["cut"][0]


@plant("watcher_order")
def a_watcher_goes_back(story):
    story.history.streams["cut"][-1].version = 2


@plant("watcher_order")
def a_version_comes_twice(story):
    story.history.streams["one"].insert(2, story.history.streams["one"][1])


@plant("watchers_differ")
def two_watchers_see_different_changes(story):
    story.history.streams["cut"][1] = told(2, A1=HELD)


@plant("watcher_map_differs")
def a_snapshot_is_wrong(story):
    story.history.streams["cut"][-1].seats["A4"] = SOLD


@plant("watcher_end_differs")
def a_watcher_stops_early(story):
    del story.history.streams["cut"][-1]


@plant("version_gap")
def nobody_sees_a_version(story):
    story.facts.version = 6


@plant("version_ahead")
def a_version_is_never_committed(story):
    story.history.streams["one"].append(told(6, A4=HELD))


@plant("version_unexplained")
def a_version_changes_nothing_in_the_rows(story):
    story.history.streams["one"].append(told(6, A4=HELD))
    story.facts.version = 6
    story.facts.seats["A4"] = (HELD, "")


@plant("stream_differs")
def a_sale_is_shown_as_a_hold(story):
    story.history.streams["one"][3] = told(4, A1=HELD, A2=SOLD)


@pytest.mark.parametrize("rule, lie", LIES)
def test_each_lie_is_named(rule, lie):
    story = Story()
    lie(story)
    assert rule in story.rules()


@pytest.mark.parametrize("beside", [("A4",), 1])
def test_what_one_before_would_have_taken_is_on_no_map(beside):
    story = Story()
    story.history.calls.append(refused("r8", 12, {"A4": HELD}, 5))
    assert story.rules() == {"refusal_untrue"}
    story.history.calls[-1].beside = (("A3",),)
    assert story.rules() == {"refusal_untrue"}
    story.history.calls[-1].beside = (beside,)
    assert story.rules() == set()


def test_another_nodes_news_may_take_a_while_but_ones_own_may_not():
    story = Story()
    story.history.calls.append(refused("r8", 12, {"A1": SOLD}, 4, node="a"))
    # Version 5 is node b's and was answered at 9: a node may learn of it a little later.
    assert story.rules(stale_seconds=4) == set()
    assert story.rules(stale_seconds=2) == {"refusal_stale"}
    story.history.calls[-1].node = "b"
    assert story.rules(stale_seconds=4) == {"refusal_stale"}
