"""Rules of the sale beyond hold and confirm: extending, split groups, single seats left alone."""

import collections

import grpc

import partner as partners
from partner import FREE, booking_pb2, new_id, refusal

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


def rows(partner, show_id):
    """Runs of adjacent seats, as labels, longest first."""
    layout = partner.catalog.GetShow(partners.catalog_pb2.GetShowRequest(show_id=show_id)).layout
    lines = collections.defaultdict(list)
    for seat in sorted(layout.seats, key=lambda seat: (seat.y, seat.x)):
        line = lines[seat.y]
        if not line or line[-1][-1].x + 1 != seat.x:
            line.append([])
        line[-1].append(seat)
    runs = [[seat.label for seat in run] for line in lines.values() for run in line]
    return sorted(runs, key=len, reverse=True)


def test_a_hold_is_extended_once(demo, partner):
    show = demo.fresh_show()
    held = partner.hold(show.show_id, best=(2, ""))
    assert not held.extended
    request_id = new_id()
    longer = partner.extend(held.booking_id, request_id=request_id)
    assert longer.extended and longer.version == held.version + 1
    assert held.expires_in_ms + 240_000 < longer.expires_in_ms <= 600_000
    again = partner.extend(held.booking_id, request_id=request_id)
    assert (again.version, again.extended) == (longer.version, True)
    refused = refusal(partner.extend, held.booking_id)
    assert (refused.code, refused.reason) == (PRECONDITION, "EXTENDED_BEFORE")
    assert partner.get(held.booking_id).extended
    assert partner.confirm(held.booking_id).state == booking_pb2.BOOKING_STATE_CONFIRMED


def test_a_group_may_be_split_when_it_must(demo, partner):
    show = demo.fresh_show(seat_count=60)
    # Runs of two are all that is left.
    for number, run in enumerate(rows(partner, show.show_id)):
        for seat in run[2::3]:
            partner.hold(show.show_id, [seat], customer=f"{number} {seat}")
    assert refusal(partner.hold, show.show_id, best=(4, "")).reason == "NO_ADJACENT_SEATS"
    free = {seat for seat, state in partner.map(show.show_id)[1].items() if state == FREE}
    split = partner.hold(show.show_id, best=(4, "", True))
    assert len(split.seats) == 4 and set(split.seats) <= free


def test_no_single_seat_is_left_alone(demo, partner):
    show = demo.fresh_show()
    run = rows(partner, show.show_id)[0]
    assert len(run) >= 5
    rule = f"update theatre set orphan_rule = %d where theatre_id = {show.theatre_id}"
    demo.server.sql(rule % 2)
    try:
        refused = refusal(partner.hold, show.show_id, run[1:3])
        assert (refused.code, refused.reason) == (PRECONDITION, "STRANDS_SEATS")
        assert refused.lost_seats == [run[0]]
        assert partner.map(show.show_id)[1][run[1]] == FREE
        assert partner.hold(show.show_id, run[:2]).seats
    finally:
        demo.server.sql(rule % 0)
