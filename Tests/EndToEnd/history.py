"""What clients, watchers and parties in line saw, and whether it can all be true of one sequence of
transactions.

Calls and streams are recorded as they happen; `judge` compares them with the database at the end, and
with what it announced commit by commit where that was kept (`commits.py`).
A show's versions are the order of its transactions, so everything is judged at versions: nothing
here guesses from times, except that what was answered before a call began was done before it.
"""

import bisect
import collections
import dataclasses

from line import LineJudge, Wait

FREE, HELD, SOLD = 1, 2, 3
LIVE_STATES = {1: HELD, 2: SOLD, 7: SOLD}
EFFECTS = {
    "hold": "held", "confirm": "confirmed", "release": "released", "cancel": "cancelled",
    "exchange": "exchanged",
}
# Effects after which a caller who was told no has lost money, not only a few minutes.
GRAVE = {"confirm", "cancel", "exchange"}
# States that no request of the booking itself leads to.
ENDED_BY_OTHERS = {4: "expired", 6: "superseded"}
NEVER = float("inf")


@dataclasses.dataclass
class Call:
    """One attempt of a request. A request that is repeated has several, with one request_id."""

    kind: str  # hold, confirm, release, cancel, exchange, join or map
    request_id: str
    node: str | None  # None when a proxy chose it
    begin: float
    end: float = 0.0
    wanted: tuple = ()  # labels, or the number of seats that the server was to choose
    outcome: str = "unknown"  # ok, refused, unknown
    booking_id: str = ""
    seats: dict | tuple = ()  # labels; of a refusal and of a map: label → state
    version: int = 0
    reason: str = ""
    beside: tuple = ()  # of several together: what those before it wanted
    positions: list = dataclasses.field(default_factory=list)  # of a join: (when, position)
    booking: object = dataclasses.field(default=None, repr=False, compare=False)  # as answered


@dataclasses.dataclass
class Seen:
    """One event of a watcher's stream."""

    kind: str  # snapshot, change, bookmark
    version: int
    previous: int = 0
    seats: dict = dataclasses.field(default_factory=dict)


class History:
    """Everything that was seen of one show."""

    def __init__(self):
        self.calls = []
        self.streams = {}  # watcher → its events over all connections


@dataclasses.dataclass
class Booking:
    state: int
    seats: frozenset
    request_id: str
    version: int


@dataclasses.dataclass
class Entry:
    """A row of the request log."""

    effect: str
    booking_id: str
    version: int
    at: float = 0.0
    transaction: str = ""


@dataclasses.dataclass
class Facts:
    """The database at the end, as far as one show is concerned that was new in the beginning."""

    version: int
    seats: dict  # label → (state, booking id or "")
    bookings: dict
    log: dict
    waits: dict = dataclasses.field(default_factory=dict)
    commits: dict | None = None  # version → label → state, as announced; None when not kept

    @staticmethod
    def read(sql, show_id, commits=None):
        """`sql` runs a statement and returns rows of text; `commits` is a CommitLog."""
        named = (
            "select h.*, l.label from show_seat h join show s using (lane, show_id)"
            " join layout_seat l using (auditorium_id, layout_version, seat_no)"
            f" where show_id = {show_id}")
        version = int(sql(f"select version from show where show_id = {show_id}")[0][0])
        rows = sql(f"select label, state, booking_id, seat_no from ({named}) n")
        seats = {label: (int(state), booking) for label, state, booking, _ in rows}
        bookings = {
            row[0]: Booking(int(row[1]), frozenset(row[2].split(",")), row[3], int(row[4]))
            for row in sql(
                "select b.booking_id, b.state, string_agg(n.label, ','), b.request_id, b.version"
                f" from booking b join ({named}) n on n.seat_no = any (b.seat_nos)"
                f" where b.show_id = {show_id} group by b.lane, b.booking_id")}
        log = {
            row[0]: Entry(row[1], row[2], int(row[3]), float(row[4]), row[5])
            for row in sql(
                "select l.request_id, l.effect, l.booking_id, l.version,"
                " extract(epoch from l.created_at), l.xmin from request_log l"
                f" join booking b using (lane, booking_id) where b.show_id = {show_id}")}
        facts = Facts(version, seats, bookings, log, Wait.read(sql, show_id))
        if commits is not None:
            announced = commits.read(show_id, {int(row[3]): row[0] for row in rows})
            facts.commits = {version: seats for version, (_, seats) in announced.items()}
            versions = {transaction: version for version, (transaction, _) in announced.items()}
            for wait in facts.waits.values():
                if wait.is_served:
                    wait.version = versions.get(wait.transaction)
        return facts


class Timeline:
    """The state of each seat at each version, as the streams together tell it."""

    def __init__(self, base):
        self.first = base.version
        self._versions = {label: [base.version] for label in base.seats}
        self._states = {label: [state] for label, state in base.seats.items()}
        self.changes = {}

    def add(self, version, seats):
        """Versions in rising order."""
        self.changes[version] = seats
        for label, state in seats.items():
            self._versions[label].append(version)
            self._states[label].append(state)

    def state(self, label, version):
        position = bisect.bisect_right(self._versions[label], version) - 1
        return self._states[label][position] if position >= 0 else None

    def map(self, version):
        return {label: self.state(label, version) for label in self._versions}


class Judge:
    """Collects the faults of one history; each has the name of the rule that was broken."""

    def __init__(self, history, facts, stale_seconds):
        self.history, self.facts, self.stale_seconds = history, facts, stale_seconds
        self.faults = []
        self.counts = collections.Counter()
        self.requests = collections.defaultdict(list)
        for call in sorted(history.calls, key=lambda call: call.begin):
            self.counts[f"{call.kind} {call.outcome}"] += 1
            if call.kind != "map":
                self.requests[call.request_id].append(call)

    def fault(self, rule, told):
        self.faults.append((rule, str(told)))

    def run(self):
        self.check_requests()
        self.check_log()
        self.check_owners()
        self.check_order()
        LineJudge(self).run()
        timeline = self.check_streams()
        if timeline is not None:
            self.check_effects_in(timeline)
            self.check_judgements(timeline)
        return self

    # Requests: each acknowledged effect is there once, what was refused is not.

    def check_requests(self):
        for request_id, calls in self.requests.items():
            if calls[0].kind == "join":
                continue
            granted = [call for call in calls if call.outcome == "ok"]
            refused = [call for call in calls if call.outcome == "refused"]
            answers = {(call.booking_id, frozenset(call.seats), call.version) for call in granted}
            if len(answers) > 1 or granted and refused:
                self.fault("answers_differ", calls)
            entry = self.facts.log.get(request_id)
            for call in granted[:1]:
                self.check_granted(call, entry)
            if refused and entry and not granted:
                is_certain = all(call.outcome == "refused" for call in calls)
                if is_certain or calls[0].kind in GRAVE:
                    self.fault("refused_but_done", calls)
                else:
                    # An earlier attempt was under way still when a later one was judged.
                    self.counts["done after all"] += 1
            if not granted and not refused:
                self.counts["unknown for ever, done" if entry else "unknown for ever, not done"] += 1

    def check_granted(self, call, entry):
        booking = self.facts.bookings.get(call.booking_id)
        if entry is None or booking is None:
            return self.fault("acknowledged_lost", call)
        if (entry.effect, entry.booking_id, entry.version) != (
                EFFECTS[call.kind], call.booking_id, call.version):
            self.fault("acknowledged_differs", (call, entry))
        if frozenset(call.seats) != booking.seats:
            self.fault("partial", (call, booking))
        elif call.kind in ("hold", "exchange"):
            wanted = call.wanted if isinstance(call.wanted, int) else frozenset(call.wanted)
            got = len(booking.seats) if isinstance(wanted, int) else booking.seats
            if got != wanted:
                self.fault("partial", (call, booking))

    def check_log(self):
        for request_id, entry in self.facts.log.items():
            calls = self.requests.get(request_id)
            if not calls or EFFECTS[calls[0].kind] != entry.effect:
                self.fault("done_unasked", (request_id, entry))
        made_by = collections.Counter(booking.request_id for booking in self.facts.bookings.values())
        for request_id, count in made_by.items():
            if count > 1:
                self.fault("done_twice", (request_id, count))
        for booking_id, booking in self.facts.bookings.items():
            entry = self.facts.log.get(booking.request_id)
            # An offer was made by no request: `line.py` knows for whom.
            if booking.request_id != booking_id and (
                    entry is None or entry.booking_id != booking_id):
                self.fault("done_unasked", (booking_id, booking))

    # Seats: one owner at a time, by version.

    def effects(self):
        """Booking → effect → version."""
        found = collections.defaultdict(dict)
        for entry in self.facts.log.values():
            found[entry.booking_id][entry.effect] = entry.version
        for wait in self.facts.waits.values():
            if wait.is_served and wait.version is not None:
                found[wait.booking_id]["held"] = wait.version
        for booking_id, booking in self.facts.bookings.items():
            effects = found[booking_id]
            if booking.state in ENDED_BY_OTHERS:
                effects[ENDED_BY_OTHERS[booking.state]] = booking.version
            if "exchanged" in effects:
                effects |= {"held": effects["exchanged"], "confirmed": effects["exchanged"]}
        return found

    def spans(self):
        """Seat → spans (from version, to version, booking, version sold at), in order."""
        spans = collections.defaultdict(list)
        for booking_id, effects in self.effects().items():
            booking = self.facts.bookings.get(booking_id)
            if booking is None or "held" not in effects:
                continue
            ends = [effects[name] for name in ("released", "cancelled", "expired", "superseded")
                    if name in effects]
            end = min(ends, default=NEVER)
            for label in booking.seats:
                spans[label].append(
                    (effects["held"], end, booking_id, effects.get("confirmed", NEVER)))
        for list_of_seat in spans.values():
            list_of_seat.sort(key=lambda span: span[:2])
        return spans

    def check_owners(self):
        self.owners = self.spans()
        for label, spans in self.owners.items():
            for one, next_one in zip(spans, spans[1:]):
                if next_one[0] < one[1]:
                    self.fault("sold_twice", (label, one, next_one))
        for label, (state, booking_id) in self.facts.seats.items():
            last = self.owners[label][-1] if self.owners.get(label) else None
            owner = last[2] if last and last[1] == NEVER else ""
            expected = LIVE_STATES.get(self.facts.bookings[owner].state) if owner else FREE
            if (booking_id, state) != (owner, expected) and not (state == 4 and not owner):
                self.fault("seat_differs", (label, state, booking_id, last))

    # Order: what was answered before a call began happened before it.

    def windows(self):
        """(first begin, end, version, call) of each request that was granted."""
        for calls in self.requests.values():
            for call in calls:
                if call.outcome == "ok":
                    yield calls[0].begin, call.end, call.version, call
                    break

    def check_order(self):
        known = Known()
        windows = sorted(self.windows(), key=lambda window: window[1])
        for _, end, version, _ in windows:
            known.add(end, version)
        for begin, _, version, call in windows:
            if known.before(begin) >= version:
                self.fault("order_broken", (call, known.before(begin)))

    # Streams: every version once, in order, the same for all, and equal to the final map.

    def check_streams(self):
        streams = self.history.streams
        snapshots = [event for events in streams.values() for event in events
                     if event.kind == "snapshot"]
        changes = dict(self.facts.commits or {})
        if self.facts.commits is not None:
            base = Seen("snapshot", 1, 0, dict.fromkeys(self.facts.seats, FREE))
        elif snapshots:
            base = min(snapshots, key=lambda event: event.version)
        else:
            return None
        for watcher, events in streams.items():
            self.check_stream(watcher, events, changes)
        timeline = Timeline(base)
        for version in range(base.version + 1, self.facts.version + 1):
            if version not in changes:
                self.fault("version_gap", f"nobody was told of version {version}")
                return None
            timeline.add(version, changes.pop(version))
        for version in changes:
            self.fault("version_ahead", version)
        final = {label: state for label, (state, _) in self.facts.seats.items()}
        for watcher, events in streams.items():
            self.check_maps(watcher, events, timeline, final)
        return timeline

    def check_stream(self, watcher, events, changes):
        version = None
        for event in events:
            if version is None and event.kind != "snapshot":
                self.fault("watcher_gap", (watcher, "no snapshot first"))
            elif event.kind == "snapshot" and version is not None and event.version < version:
                self.fault("watcher_order", (watcher, version, event.version))
            elif event.kind == "change" and event.version <= version:
                self.fault("watcher_order", (watcher, version, event.version))
            elif event.kind != "snapshot" and version != (
                    event.previous if event.kind == "change" else event.version):
                self.fault("watcher_gap", (watcher, version, event))
            if event.kind == "change" and event.version == event.previous + 1:
                changes.setdefault(event.version, event.seats)
            version = event.version

    def check_maps(self, watcher, events, timeline, final):
        """What the watcher's own map comes to, at each snapshot, merged change and at the end."""
        seats = {}
        for event in events:
            if event.kind == "snapshot":
                seats = dict(event.seats)
            else:
                seats |= event.seats
            if event.kind == "change" and event.version == event.previous + 1:
                self.check_change(watcher, event, timeline)
            if event.kind == "snapshot" or event.version > event.previous + 1 > 1:
                self.counts[f"{event.kind}s of many versions"] += 1
                if seats != timeline.map(event.version):
                    self.fault("watcher_map_differs", (watcher, event.version))
        if not events or events[-1].version != self.facts.version or seats != final:
            self.fault("watcher_end_differs", (watcher, events and events[-1].version))

    def check_change(self, watcher, event, timeline):
        """What was told of one version. The difference of two maps is without seats that changed hands
        but not their state."""
        announced = timeline.changes.get(event.version, event.seats)
        for label in announced.keys() | event.seats.keys():
            before = timeline.state(label, event.version - 1)
            if event.seats.get(label, before) != timeline.state(label, event.version):
                self.fault("watchers_differ", (watcher, event, announced))
                return

    def check_effects_in(self, timeline):
        """The streams and the rows tell the same of each seat, version by version."""
        explained = {entry.version for entry in self.facts.log.values()} | {
            booking.version for booking in self.facts.bookings.values()} | {
            wait.version for wait in self.facts.waits.values()}
        for version in timeline.changes:
            if version not in explained:
                self.fault("version_unexplained", version)
        for label in self.facts.seats:
            spans = [span for span in self.owners.get(label, ()) if span[0] > timeline.first]
            versions = {version for version, seats in timeline.changes.items() if label in seats}
            versions |= {version for span in spans for version in (span[0], span[1], span[3])}
            for version in sorted(versions - {NEVER}):
                expected = self.state_by(spans, version)
                told = timeline.state(label, version)
                if spans and told != expected and version >= spans[0][0]:
                    self.fault("stream_differs", (label, version, told, expected))

    @staticmethod
    def state_by(spans, version):
        for begin, end, _, sold in spans:
            if begin <= version < end:
                return SOLD if sold <= version else HELD
        return FREE

    # Refusals and maps: true at the version they name, and that is not an old one.

    def check_judgements(self, timeline):
        per_node, anywhere = collections.defaultdict(Known), Known()
        for _, end, version, call in sorted(self.windows(), key=lambda window: window[1]):
            anywhere.add(end, version)
            if call.node is not None:
                per_node[call.node].add(end, version)
        for call in self.history.calls:
            is_refusal = call.outcome == "refused" and call.reason == "SEATS_UNAVAILABLE"
            if not is_refusal and not (call.kind == "map" and call.outcome == "ok"):
                continue
            if not timeline.first <= call.version <= self.facts.version:
                self.fault("version_ahead", call)
                continue
            begin = self.requests[call.request_id][0].begin if is_refusal else call.begin
            newest = max(
                anywhere.before(begin - self.stale_seconds),
                per_node[call.node].before(begin) if call.node in per_node else 0)
            if call.version < newest:
                self.fault("refusal_stale" if is_refusal else "map_stale", (call, newest))
            if is_refusal:
                self.check_refusal(call, timeline)
            elif call.seats != timeline.map(call.version):
                self.fault("map_untrue", call)

    def check_refusal(self, call, timeline):
        """True at exactly the version named. Of several together, what one before would have taken is
        lost to the next on no map; which seats that is nobody knows when the server was to choose."""
        beside = [wanted for wanted in call.beside if not isinstance(wanted, int)]
        is_any = len(beside) < len(call.beside)
        for label, state in call.seats.items():
            if state == HELD and (is_any or any(label in wanted for wanted in beside)):
                continue
            told = timeline.state(label, call.version)
            if state != told or state == FREE:
                self.fault("refusal_untrue", (call, label, told))
        if not call.seats or not set(call.seats) <= set(call.wanted):
            self.fault("refusal_untrue", call)


class Known:
    """The newest version that somebody had been answered with, by time."""

    def __init__(self):
        self._times, self._versions = [], []

    def add(self, time, version):
        """Times in rising order."""
        self._times.append(time)
        self._versions.append(max(version, self._versions[-1] if self._versions else 0))

    def before(self, time):
        position = bisect.bisect_left(self._times, time)
        return self._versions[position - 1] if position else 0


def judge(history, facts, stale_seconds=0.0):
    """The judge after its verdict. `stale_seconds` is how much longer a refusal or a map of one node
    may rest on what was so before another node's latest answer."""
    return Judge(history, facts, stale_seconds).run()
