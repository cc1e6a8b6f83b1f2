"""Whether the waiting list was fair: first come, first served, one offer for each party, no place lost.

Positions and arrivals are compared with what parties were told; the order of service with the line's
own versions; holds of others with who waited when they were made.
"""

import dataclasses

WAITING, SERVED, HOPELESS = 1, 2, 6


@dataclasses.dataclass
class Wait:
    """A party, as the database has it in the end."""

    arrival: int
    count: int
    booking_id: str
    state: int
    ended_version: int | None  # of the line
    joined: float = 0.0
    ended: float | None = None
    transaction: str = ""  # the last that changed the row: the one that ended it
    version: int | None = None  # of the seats, with which it was offered some

    @property
    def is_served(self):
        return self.state == SERVED

    @staticmethod
    def read(sql, show_id):
        rows = sql(
            "select request_id, arrival, seat_count, booking_id, state, ended_version,"
            " extract(epoch from created_at), extract(epoch from ended_at), xmin"
            f" from waitlist_entry where show_id = {show_id}")
        return {
            row[0]: Wait(
                int(row[1]), int(row[2]), row[3], int(row[4]), int(row[5]) if row[5] else None,
                float(row[6]), float(row[7]) if row[7] else None, row[8])
            for row in rows}


class LineJudge:
    """Adds to a judge's faults those of the waiting list."""

    def __init__(self, judge):
        self.judge, self.facts = judge, judge.facts
        self.joins = {
            request_id: calls for request_id, calls in judge.requests.items()
            if calls[0].kind == "join"}

    def run(self):
        for request_id, calls in self.joins.items():
            self.check_party(calls, self.facts.waits.get(request_id))
        for request_id, wait in self.facts.waits.items():
            if request_id not in self.joins:
                self.judge.fault("done_unasked", (request_id, wait))
        self.check_offers()
        self.check_arrivals()
        self.check_service()
        self.check_jumps()

    def check_party(self, calls, wait):
        fault = self.judge.fault
        granted = [call for call in calls if call.outcome == "ok"]
        refused = [call for call in calls if call.outcome == "refused"]
        positions = [position for call in calls for _, position in call.positions]
        if positions and wait is None or any(call.reason == "WAIT_ENDED" for call in refused):
            fault("place_lost", (calls, wait))
        if any(after > before for before, after in zip(positions, positions[1:])):
            fault("position_rose", (calls, positions))
        if len({call.booking_id for call in granted}) > 1 or granted and refused:
            fault("answers_differ", calls)
        for call in granted[:1]:
            if wait is None or not wait.is_served or wait.booking_id != call.booking_id:
                fault("acknowledged_lost", (call, wait))
            elif len(call.seats) != call.wanted or call.wanted != wait.count:
                fault("partial", (call, wait))
            elif wait.version is not None and call.version < wait.version:
                fault("acknowledged_differs", (call, wait))
        for call in refused:
            if wait is not None and wait.state in (WAITING, SERVED):
                fault("refused_but_done", (call, wait))

    def check_offers(self):
        """Each offer is one party's, with as many seats as it wanted, and each served party has one."""
        served = {wait.booking_id: wait for wait in self.facts.waits.values() if wait.is_served}
        offers = {
            booking_id: booking for booking_id, booking in self.facts.bookings.items()
            if booking.request_id == booking_id}
        for booking_id in served.keys() | offers.keys():
            wait, booking = served.get(booking_id), offers.get(booking_id)
            if wait is None or booking is None:
                self.judge.fault("offer_differs", (booking_id, wait, booking))
            elif len(booking.seats) != wait.count:
                self.judge.fault("partial", (wait, booking))
        if len(served) != sum(wait.is_served for wait in self.facts.waits.values()):
            self.judge.fault("offer_differs", "two parties have one offer")
        if self.facts.commits is not None:
            for wait in served.values():
                if wait.version is None:
                    self.judge.fault("offer_unannounced", wait)

    def check_arrivals(self):
        """Who was told a place before another one asked came before it."""
        arrivals = sorted(wait.arrival for wait in self.facts.waits.values())
        if arrivals != list(range(1, len(arrivals) + 1)):
            self.judge.fault("arrival_gap", arrivals)
        told = []
        for request_id, calls in self.joins.items():
            times = [when for call in calls for when, _ in call.positions]
            if times and request_id in self.facts.waits:
                told.append((min(times), self.facts.waits[request_id].arrival))
        told.sort()
        latest, position = 0, 0
        asked = sorted(
            (calls[0].begin, self.facts.waits[request_id].arrival)
            for request_id, calls in self.joins.items() if request_id in self.facts.waits)
        for begin, arrival in asked:
            while position < len(told) and told[position][0] < begin:
                latest = max(latest, told[position][1])
                position += 1
            if latest >= arrival:
                self.judge.fault("arrival_order", (arrival, latest))

    def check_service(self):
        """In the order of arrival nobody is served while somebody before waits on."""
        served = 0  # the line's version with which somebody was served last, of those who came later
        for wait in sorted(self.facts.waits.values(), key=lambda wait: -wait.arrival):
            ended = float("inf") if wait.ended_version is None else wait.ended_version
            if wait.is_served:
                self.judge.counts["served in line"] += 1
            if served and ended > served:
                self.judge.fault("overtaken", wait)
            if wait.is_served:
                served = min(served or ended, ended)

    def check_jumps(self):
        """Nobody else got seats while somebody waited. The end of a wait is noted a moment later than
        what else its transaction did."""
        for request_id, entry in self.facts.log.items():
            if entry.effect not in ("held", "exchanged"):
                continue
            for wait in self.facts.waits.values():
                is_over = wait.ended is not None and (
                    wait.ended <= entry.at or wait.transaction == entry.transaction)
                if wait.joined < entry.at and not is_over:
                    self.judge.fault("line_jumped", (request_id, entry, wait))
                    break
