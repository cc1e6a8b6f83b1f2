"""Many shows on one stream: counts that agree with the maps, whatever happens meanwhile."""

import collections

import grpc
import pytest

from partner import FREE, HELD, SOLD, refusal
from usherd import wait_until


class Counts:
    """What a stream over many shows has told."""

    def __init__(self, stream):
        self.stream = stream
        self.shows = {}
        self.removed = set()
        self.snapshots = 0
        self.bookmarks = 0

    def read(self):
        event = next(self.stream)
        kind = event.WhichOneof("event")
        if kind == "snapshot":
            self.snapshots += 1
            self.shows = {show.show_id: show for show in event.snapshot.shows}
            return
        assert self.snapshots > 0, "the snapshot comes first"
        if kind == "bookmark":
            self.bookmarks += 1
            return
        for show in event.change.shows:
            known = self.shows.get(show.show_id)
            assert known is None or show.version > known.version, "told twice, or backwards"
            self.shows[show.show_id] = show
        for show_id in event.change.removed_show_ids:
            self.shows.pop(show_id, None)
            self.removed.add(show_id)

    def read_until(self, condition):
        while not condition(self):
            self.read()

    def of(self, show_id):
        show = self.shows[show_id]
        return show.version, {
            FREE: show.available_count, HELD: show.held_count, SOLD: show.sold_count}


def counted(partner, show_id):
    version, seats = partner.map(show_id)
    states = collections.Counter(seats.values())
    return version, {state: states[state] for state in (FREE, HELD, SOLD)}


def test_counts_follow_what_is_sold(demo, partner):
    shows = [demo.fresh_show() for _ in range(3)]
    ids = [show.show_id for show in shows]
    counts = Counts(partner.watch_shows(show_ids=ids))
    counts.read()
    assert sorted(counts.shows) == sorted(ids)
    for show_id in ids:
        assert counts.of(show_id) == counted(partner, show_id)
    held = partner.hold(ids[0], best=(4, ""))
    sold = partner.confirm(partner.hold(ids[2], best=(2, "")).booking_id)
    counts.read_until(
        lambda me: me.of(ids[0])[0] >= held.version and me.of(ids[2])[0] >= sold.version)
    for show_id in ids:
        assert counts.of(show_id) == counted(partner, show_id)
    assert counts.of(ids[0])[1][HELD] == 4 and counts.of(ids[2])[1][SOLD] == 2
    assert counts.snapshots == 1
    counts.stream.cancel()


def test_changes_are_gathered(demo, partner):
    show_id = demo.fresh_show().show_id
    counts = Counts(partner.watch_shows(show_ids=[show_id]))
    counts.read()
    start = counts.of(show_id)[0]
    for label in demo.labels(show_id)[:50]:
        version = partner.hold(show_id, [label]).version
    events = 0
    while counts.of(show_id)[0] < version:
        counts.read()
        events += 1
    assert events < version - start
    assert counts.of(show_id) == counted(partner, show_id)
    counts.stream.cancel()


def test_a_theatres_programme_is_followed(demo, partner):
    """Shows that are added appear, cancelled ones leave; an idle stream is told that it lives, and so is
    one that watches a single show."""
    idle = demo.fresh_show().show_id
    single = partner.watch(idle)
    assert next(single).snapshot.version == 1
    theatre_id = demo.fresh_show().theatre_id
    counts = Counts(partner.watch_shows(theatre_id=theatre_id))
    counts.read()
    listed = {show.show_id for show in partner.shows(theatre_id=theatre_id)}
    assert set(counts.shows) == listed
    (gone, *_), (auditorium,) = sorted(listed)[-1:], demo.server.sql(
        f"select min(auditorium_id) from auditorium where theatre_id = {theatre_id}")[0]
    demo.server.sql(f"update show set sales_state = 4 where show_id = {gone}")
    added = int(demo.server.sql(
        f"""select create_show({auditorium}, 2::smallint, null, 'Late Addition', 'en', '',
            now() + interval '3 years', now() + interval '3 years 2 hours', 'EUR',
            array_agg(distinct tier), array_agg(distinct 1000::bigint) || array_fill(1000::bigint,
            array[count(distinct tier)::int - 1]))
            from layout_seat where auditorium_id = {auditorium}""")[0][0])
    counts.read_until(lambda me: added in me.shows and gone in me.removed)
    assert counts.of(added) == counted(partner, added)
    assert gone not in counts.shows
    held = partner.hold(added, best=(2, ""))
    counts.read_until(lambda me: me.of(added)[0] == held.version)
    counts.read_until(lambda me: me.bookmarks > 0)
    assert next(single).bookmark.version == 1
    for stream in (single, counts.stream):
        stream.cancel()


def test_counts_are_right_after_the_feed_was_cut(own_demo):
    show_id = own_demo.fresh_show().show_id
    labels = own_demo.labels(show_id)
    with own_demo.partner() as partner:
        counts = Counts(partner.watch_shows(show_ids=[show_id]))
        counts.read()
        for label in labels[:5]:
            own_demo.server.sql(
                "select pg_terminate_backend(active_pid) from pg_replication_slots"
                " where active_pid is not null")
            version = partner.hold(show_id, [label]).version
            counts.read_until(lambda me: me.of(show_id)[0] >= version)
            assert counts.of(show_id)[1][HELD] == labels.index(label) + 1
        wait_until(
            lambda: partner.map(show_id)[0] == counts.of(show_id)[0], 10, "the same version")
        counts.stream.cancel()


@pytest.mark.parametrize("which, field", [
    ({}, "show_ids"),
    ({"theatre_id": 1, "show_ids": [1]}, "show_ids"),
    ({"theatre_id": -1}, "theatre_id"),
    ({"show_ids": [1, 1]}, "show_ids"),
    ({"show_ids": range(1, 1002)}, "show_ids"),
])
def test_what_cannot_be_watched_is_refused(partner, which, field):
    refused = refusal(next, partner.watch_shows(**which))
    assert (refused.code, refused.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


@pytest.mark.parametrize("which, reason", [
    ({"theatre_id": 999_999_999}, "THEATRE_NOT_FOUND"),
    ({"show_ids": [999_999_999]}, "SHOW_NOT_FOUND"),
])
def test_what_does_not_exist_is_said(partner, which, reason):
    refused = refusal(next, partner.watch_shows(**which))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, reason)
    assert "999999999" in refused.metadata.values()
