"""usher.v1.SandboxService.AdvanceClock: time that passes in one partner's theatres, and nowhere else."""

import datetime

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from command_line import CommandLine
from houses import acts, manager
from partner import FREE, HELD, SOLD, Watcher, new_id, refusal
from serving import Serving
from test_operators import DENIED
from test_sandbox import LIVE, Sandbox
from test_terms import INVALID, House, half, price
from test_waitlist import Waiter, booking_pb2
from usher.v1 import partner_pb2, sandbox_pb2

MINUTE, HOUR, DAY = 60, 3600, 86_400

# What becomes of every time in the schema, as the migration says. A column that is not here is one that
# nobody has thought about.
MOVES = {
    "show_seat": {"hold_until"}, "booking": {"hold_until", "created_at", "changed_at"},
    "request_log": {"created_at"}, "refund": {"created_at"}, "seat_block": {"created_at"},
    "waitlist_entry": {"created_at", "ended_at"},
    "seat_allocation": {"returns_at", "created_at"},
    "offer": {"valid_from", "valid_until", "created_at"},
    # By a trigger, with the show.
    "sold_show": {"starts_at"},
}
STAYS = {
    "waitlist_entry": {"seen_at"}, "sales_outbox": {"created_at"}, "sales_log": {"created_at"},
    "sales_stream": {"began_at", "counted_until", "marked_at"}, "audit_entry": {"at"}, "schema_migrations": {"applied_at"},
    "theatre": {"closed_at"}, "auditorium": {"closed_at"},
    "partner": {"created_at"}, "account": {"created_at"}, "account_ending": {"since"},
    "api_key": {"created_at", "expires_at", "revoked_at", "rotated_at"},
    "account_session": {"created_at", "expires_at", "ended_at"}, "refresh_token": {"used_at"},
    "login_failure": {"last_at", "locked_until"}, "layout": {"created_at"},
    "review": {"created_at", "edited_at"}, "review_comment": {"created_at"},
    "add_on": {"created_at"}, "offer_raise": {"begun_at"},
    "content_report": {"created_at"}, "sandbox": {"made_at"}, "sandbox_fault": {"ends_at"},
}


class Clock(Sandbox):
    def advance(self, seconds, request_id=None):
        return self._stub.AdvanceClock(
            sandbox_pb2.AdvanceClockRequest(
                by=Duration(seconds=seconds), request_id=request_id or new_id()),
            metadata=self._metadata, timeout=60)


@pytest.fixture
def house(sandbox):
    """A house of its own for each test: its shows come nearer."""
    with manager(sandbox, scopes=["manage", "sell", "report"]) as keeper:
        yield House(sandbox, keeper)


@pytest.fixture
def seller(sandbox, house):
    with sandbox.partner(house.keeper.key) as partner:
        yield partner


@pytest.fixture
def clock(seller, house):
    return Clock(seller.channel, house.keeper.key)


def soon(house, seconds):
    return Timestamp(seconds=house.number("select floor(extract(epoch from now()))::bigint") + seconds)


def test_every_time_of_the_schema_is_decided(sandbox):
    rows = sandbox.server.sql(
        "select table_name, column_name from information_schema.columns join information_schema.tables"
        " using (table_schema, table_name) where table_schema = 'public' and table_type = 'BASE TABLE'"
        " and data_type in ('timestamp with time zone', 'tstzrange')")
    decided = {(table, column) for known in (MOVES, STAYS)
               for table, columns in known.items() for column in columns} | {("show", "during")}
    assert set(rows) == decided


def test_a_hold_runs_out(sandbox, house, seller, clock):
    show_id = house.show()
    held, late = (seller.hold(show_id, [seat]) for seat in ("A1", "A2"))
    assert seller.hold(show_id, ["A3"], customer="ann").seats == ["A3"]
    watcher = Watcher(seller, show_id).start()
    watcher.wait(lambda me: me.seats)
    # Not yet: a hold has five minutes, and five seconds that nobody is told of.
    assert clock.advance(4 * MINUTE).show_count == 1
    assert seller.get(held.booking_id).state == booking_pb2.BOOKING_STATE_HELD
    assert 0 < seller.get(held.booking_id).expires_in_ms <= MINUTE * 1000
    clock.advance(2 * MINUTE)
    assert seller.get(held.booking_id).state == booking_pb2.BOOKING_STATE_EXPIRED
    assert seller.map(show_id)[1]["A1"] == FREE
    assert seller.hold(show_id, ["A1"]).seats == ["A1"]
    watcher.wait_states({"A2": FREE, "A3": FREE, "A1": HELD})
    watcher.cut()
    # A payment that comes too late takes its seat again.
    assert seller.confirm(late.booking_id).seats == ["A2"]
    assert seller.map(show_id)[1]["A2"] == SOLD
    assert house.demo.server.faults() == []


def test_shows_come_nearer_and_end(sandbox, house, seller, clock):
    """Back to back in one hall: each moves into the time that the one before has left."""
    first = house.show()
    ids = [first] + [
        house.number(
            f"select create_show({house.auditorium_id}, 2::smallint, null, 'A play', 'en', '',"
            f" upper(during) + interval '{2 * hours} hours',"
            f" upper(during) + interval '{2 * hours + 2} hours', 'EUR', '{{GOLD,STALLS}}',"
            f" '{{2000,1000}}') from show where show_id = {first}") for hours in range(6)]

    def starts():
        with sandbox.partner(None) as reader:
            return {show.show_id: show.starts_at.ToDatetime()
                    for show in reader.shows(theatre_id=house.theatre_id)}
    before = starts()
    assert set(before) == set(ids)
    assert clock.advance(3 * HOUR).show_count == len(ids)
    assert starts() == {show_id: at - datetime.timedelta(hours=3) for show_id, at in before.items()}
    # Until the first is over and the second has half an hour to go.
    left = (before[ids[1]] - datetime.datetime.now(datetime.UTC).replace(tzinfo=None)).total_seconds()
    clock.advance(int(left) - 3 * HOUR + 90 * MINUTE)
    assert set(starts()) == set(ids[1:])
    assert refusal(seller.hold, first, ["A1"]).reason == "SALES_CLOSED"
    assert seller.hold(ids[1], ["A1"]).seats == ["A1"]


def sell_out(seller, show_id, but):
    """Sells all of a hall's seats but one."""
    labels = sorted(set(seller.map(show_id)[1]) - {but})
    for at in range(0, len(labels), 8):
        seller.confirm(seller.hold(show_id, labels[at:at + 8]).booking_id)


def test_who_waits_is_served_or_has_waited_for_an_hour(house, seller, clock):
    house.keeper.UpdateTheatre(
        theatre=partner_pb2.OwnTheatre(
            theatre_id=house.theatre_id, policies={"hold_minutes": 15}),
        update_mask=FieldMask(paths=["policies.hold_minutes"]))
    show_id = house.show()
    sell_out(seller, show_id, "A1")
    seller.extend(seller.hold(show_id, ["A1"]).booking_id)
    first = Waiter(seller, show_id, 1, customer="ann").wait_position(1, 0)
    second = Waiter(seller, show_id, 1, customer="ben").wait_position(2, 1)
    clock.advance(34 * MINUTE)
    offer = first.wait_end().offer
    assert (list(offer.seats), offer.customer_ref) == (["A1"], "ann")
    # An offer is a hold made now.
    assert offer.expires_in_ms > 13 * MINUTE * 1000
    seller.extend(offer.booking_id)
    second.wait_position(1, 0)
    clock.advance(27 * MINUTE)
    assert second.wait_end().offer is None
    assert second.refusal.reason == "WAIT_ENDED"
    assert seller.get(offer.booking_id).state == booking_pb2.BOOKING_STATE_HELD
    assert house.demo.server.faults() == []


def test_offers_begin_and_end(house, seller, clock):
    show_id = house.show()
    for fields in ({"valid_until": soon(house, HOUR)},
                   {"valid_from": soon(house, 2 * HOUR), "discount_basis_points": 1000}):
        house.keeper.CreateOffer(
            offer=half(**fields), place={"theatre_id": house.theatre_id}, request_id=new_id())
    told = [price(seller, show_id, "A1")]
    for _ in range(2):
        clock.advance(70 * MINUTE)
        told.append(price(seller, show_id, "A1"))
    # The matinee's time of day may come as well: it takes a fifth.
    assert told[0] in (1000, 800)
    assert told[1] in (2000, 1600)
    assert told[2] in (1800, 1440)


def test_a_refunds_time_passes(house, seller, clock):
    house.keeper.UpdateTheatre(
        theatre=partner_pb2.OwnTheatre(
            theatre_id=house.theatre_id, policies={"refund_minutes_before": 60}),
        update_mask=FieldMask(paths=["policies.refund_minutes_before"]))
    show_id = house.show()
    sold = [seller.hold(show_id, [seat]) for seat in ("A1", "A2")]
    for booking in sold:
        seller.confirm(booking.booking_id)
    assert seller.cancel_seats(sold[0].booking_id, ()).refund.amount.minor_units > 0
    left = house.number(
        f"select extract(epoch from lower(during) - now())::bigint from show where show_id = {show_id}")
    clock.advance(left - 30 * MINUTE)
    late = seller.cancel_seats(sold[1].booking_id, ())
    assert late.refund.amount.minor_units == 0
    assert house.demo.server.faults() == []


def test_what_is_set_aside_returns(sandbox, house, seller, clock):
    show_id = house.show()
    with manager(sandbox) as keeper, sandbox.partner(keeper.key) as theirs:
        house.keeper.CreateAllocation(
            show_id=show_id, partner_id=keeper.partner_id, seats=["A1"],
            returns_at=soon(house, HOUR), request_id=new_id())
        assert refusal(seller.hold, show_id, ["A1"]).reason == "SEATS_ALLOCATED"
        # The clock of whoever it is set aside for moves nothing here.
        Clock(theirs.channel, keeper.key).advance(2 * HOUR)
        assert refusal(seller.hold, show_id, ["A1"]).reason == "SEATS_ALLOCATED"
        clock.advance(HOUR)
        assert seller.hold(show_id, ["A1"]).seats == ["A1"]
        # A hold of theirs in this house goes by this house's clock.
        held = theirs.hold(show_id, ["B1"])
        clock.advance(10 * MINUTE)
        assert theirs.get(held.booking_id).state == booking_pb2.BOOKING_STATE_EXPIRED


def test_other_partners_have_their_own_time(sandbox, house, seller, clock):
    def others(partner_id):
        """All of one partner's, and of everybody else's the shows."""
        return sandbox.server.sql(
            "select s.during, s.pricing_version, s.version, s.queue_version, b.booking_id, b.state,"
            " b.hold_until, b.changed_at, h.hold_until, o.valid_until from show s"
            " join theatre t using (theatre_id) left join booking b using (show_id)"
            " left join show_seat h on h.booking_id = b.booking_id and h.state = 2"
            f" left join offer o on o.owner_id = t.partner_id where t.partner_id = {partner_id}"
        ) + sandbox.server.sql(
            "select s.show_id, s.during from show s join theatre t using (theatre_id)"
            f" where t.partner_id is distinct from {house.keeper.partner_id} order by s.show_id")
    show_id = house.show()
    with manager(sandbox) as keeper, sandbox.partner(keeper.key) as theirs:
        their_show = House(sandbox, keeper).show()
        held = theirs.hold(their_show, ["A1"])
        keeper.CreateOffer(
            offer=half(valid_until=soon(house, HOUR)), place={"show_id": their_show},
            request_id=new_id())
        before = others(keeper.partner_id)
        seller.hold(show_id, ["A1"])
        assert clock.advance(DAY // 2).show_count == 1
        assert others(keeper.partner_id) == before
        assert theirs.get(held.booking_id).state == booking_pb2.BOOKING_STATE_HELD
        mine, other = clock.get(), Clock(theirs.channel, keeper.key).get()
        assert (mine.ahead.seconds, other.ahead.seconds) == (DAY // 2, 0)
        assert abs(mine.now.seconds - other.now.seconds - DAY // 2) < 30


def test_the_same_request_passes_time_once(house, clock):
    house.show()
    request_id = new_id()
    first = clock.advance(HOUR, request_id)
    clock.advance(HOUR)
    assert clock.advance(HOUR, request_id) == first
    assert clock.get().ahead.seconds == 2 * HOUR
    other = refusal(clock.advance, HOUR + 1, request_id)
    assert (other.code, other.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    assert acts(house.keeper)[-2:] == ["ADVANCE_CLOCK"] * 2


def test_another_node_knows_a_moment_later(sandbox, house, seller, clock, tmp_path):
    show_id = house.show()
    data = sandbox.server.data
    node = Serving(
        sandbox, tmp_path / "second", certificate=data / "server.pem", key=data / "server.key")
    with node, sandbox.partner_at(node.tcp, house.keeper.key) as other:
        held = other.hold(show_id, ["A1", "A2"])
        sold = other.hold(show_id, ["A3"])
        clock.advance(4 * MINUTE)
        # Nothing that the other node has in memory keeps it from doing what is right now.
        other.confirm(sold.booking_id)
        watcher = Watcher(other, show_id).start()
        watcher.wait(lambda me: me.seats)
        clock.advance(4 * MINUTE)
        watcher.wait_states({"A1": FREE, "A2": FREE, "A3": SOLD})
        watcher.cut()
        assert other.hold(show_id, ["A1"], customer="ann").seats == ["A1"]
        assert other.get(held.booking_id).state == booking_pb2.BOOKING_STATE_EXPIRED
    assert sandbox.server.faults() == []


@pytest.mark.parametrize("by", [
    {}, {"by": {}}, {"by": {"seconds": -1}}, {"by": {"seconds": 366 * DAY + 1}},
    {"by": {"nanos": 999}}])
def test_wrong_steps_are_named(clock, house, by):
    request = sandbox_pb2.AdvanceClockRequest(**by)
    refused = refusal(clock._stub.AdvanceClock, request, metadata=clock._metadata)
    assert (refused.code, refused.reason) == INVALID
    assert refused.fields == ["request_id", "by"]


def test_there_is_an_end(sandbox, house, clock):
    """Ten years, and as many shows as one transaction moves."""
    house.show()
    for _ in range(10):
        clock.advance(366 * DAY)
    assert refusal(clock.advance, 1).fields == ["by"]
    assert clock.get().ahead.seconds == 3660 * DAY
    with manager(sandbox) as keeper:
        many = House(sandbox, keeper)
        for _ in range(2):
            many.show()
        told = sandbox.server.sql(
            "select outcome from advance_clock("
            f"null, 'a test', {keeper.partner_id}, gen_random_uuid(), sha256('x'), 1, 1)")
        assert told == [("too_many",)]


def test_a_key_for_some_theatres_lets_no_time_pass(sandbox, house):
    secret = house.keeper.operator.CreateApiKey(
        partner_id=house.keeper.partner_id, scopes=["manage"],
        theatre_ids=[house.theatre_id]).secret
    with sandbox.partner(None) as connection:
        denied = refusal(Clock(connection.channel, secret).advance, 1)
        assert (denied.code, denied.reason) == DENIED


def test_a_live_platform_has_everybodys_time(demo, partner):
    refused = refusal(Clock(partner.channel, demo.partner_key).advance, HOUR)
    assert (refused.code, refused.reason) == LIVE
    # The database itself refuses, whoever calls it.
    assert demo.server.sql(
        "select outcome from advance_clock("
        "null, 'a test', 1, gen_random_uuid(), sha256('x'), 1, 10000)") == [("live",)]


def test_the_command_line_lets_time_pass(sandbox, house, seller, clock, tmp_path):
    cli = CommandLine(sandbox, tmp_path)
    cli.environment["USHER_TOKEN"] = house.keeper.key
    held = seller.hold(house.show(), ["A1"])
    request_id = new_id()
    for _ in range(2):
        told = cli.run("sandbox", "advance", "10m", "--request-id", request_id)
        assert told[0] == "1 shows are nearer; the clock is ahead by 10:00."
    assert seller.get(held.booking_id).state == booking_pb2.BOOKING_STATE_EXPIRED
    assert cli.run("sandbox")[0].startswith("The clock is ahead by 10:00: it is ")
    for wrong in ("10", "0s", "1y"):
        cli.start("sandbox", "advance", wrong).end(64)
