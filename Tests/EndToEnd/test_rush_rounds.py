"""The rush under fire in short: a round of each kind with 150 clients on two nodes."""

import rush_rounds


def test_nothing_is_lost_while_backends_nodes_and_the_primary_are_killed():
    told = []
    played = rush_rounds.play(clients=150, rounds=1, nodes=2, seed=7, tell=told.append, seconds=90)
    assert [verdict.faults for _, verdict in played] == [[]] * len(rush_rounds.KINDS), told
    assert told[-1].startswith(
        "0 double sales, 0 lost acknowledged bookings, 0 partial bookings, 0 gaps,"
        " 0 breaches of the line, 0 other faults in 3 rounds")
    for one, verdict in played:
        assert one.killed >= 2 and one.crowd.repeats > 0, told
        assert verdict.counts["confirm ok"] > 20, told
    assert any(verdict.counts["served in line"] for _, verdict in played), told
