"""A partner's houses come in: auditoriums with their layouts, then the whole programme by the streaming
upload, and the same upload again, which changes nothing; and an upload that is cut and comes back."""

import threading
import time

import grpc

from database import TOKEN, Meter
from process import Failed

# Shows of a room, and rooms of a theatre, as far as there are so many; seats of a room.
SHOWS, ROOMS, SEATS, ROW = 100, 100, 100, 20
# The house whose upload is cut.
CUT_ROOMS = 10
# Rows of a request, and streams at a time.
ROWS, STREAMS = 200, 4
SECONDS = 600
MINUTES = 100
DAY = 86_400


def peak_mib(pid):
    """The most memory since `forget_peak`."""
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1_024


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


class Houses:
    """The theatres of an import, made on a server."""

    def __init__(self, tools, server):
        from usher.v1 import catalog_pb2, layout_pb2, partner_pb2, partner_pb2_grpc, schedule_pb2

        self.messages, self.layouts, self.catalog = partner_pb2, layout_pb2, catalog_pb2
        self.schedule = schedule_pb2
        with open(tools.certificate[0], "rb") as file:
            tls = grpc.ssl_channel_credentials(file.read())
        key = grpc.access_token_call_credentials(TOKEN)
        self.channel = grpc.secure_channel(
            f"localhost:{server.port}", grpc.composite_channel_credentials(tls, key))
        self.partner = partner_pb2_grpc.PartnerServiceStub(self.channel)
        self.start = int(time.time()) // DAY * DAY + 30 * DAY

    def build(self, name, rooms):
        """A theatre; returns the requests that upload its programme."""
        theatre = self.partner.CreateTheatre(self.messages.CreateTheatreRequest(
            theatre=self.messages.OwnTheatre(
                city=self.catalog.City(city_id=1), name=name, time_zone="Europe/Berlin", latitude=50,
                longitude=8)), timeout=60).theatre.theatre_id
        made = [self.partner.CreateAuditorium.future(self.messages.CreateAuditoriumRequest(
            theatre_id=theatre, name=f"Room {room}"), timeout=60) for room in range(rooms)]
        ids = [call.result().auditorium.auditorium_id for call in made]
        plan = self.layouts.LayoutPlan(columns=ROW, lines=SEATS // ROW, seats=[
            self.layouts.PlannedSeat(
                label=f"{chr(65 + seat // ROW)}{seat % ROW + 1}", row=chr(65 + seat // ROW),
                x=seat % ROW, y=seat // ROW, tier="FRONT" if seat < ROW else "REAR")
            for seat in range(SEATS)])
        for call in [self.partner.ImportLayout.future(self.layouts.ImportLayoutRequest(
                auditorium_id=room, layout=plan), timeout=60) for room in ids]:
            call.result()
        return list(self._requests(theatre, ids))

    def _requests(self, theatre, rooms):
        """As a week is printed: turn by turn of every room."""
        rows, first = [], True
        places = [(turn, room) for turn in range(SHOWS) for room in rooms]
        for number, (turn, room) in enumerate(places, 1):
            row = self.schedule.ScheduleRow(
                reference=f"{room}-{turn}", auditorium_id=room, kind=1, movie_id=1 + room % 200,
                language="de", format="2D", duration_minutes=MINUTES, currency_code="EUR",
                prices=[self.schedule.SchedulePrice(tier="FRONT", minor_units=900),
                        self.schedule.SchedulePrice(tier="REAR", minor_units=1_200)])
            row.starts_at.seconds = self.start + turn * MINUTES * 60
            rows.append(row)
            if len(rows) == ROWS or number == len(places):
                yield self.schedule.UploadScheduleRequest(
                    theatre_id=theatre if first else 0, rows=rows)
                rows, first = [], False

    def upload(self, requests, until=None):
        """Outcomes of a stream's rows; with `until`, of so many responses, and the stream is cut."""
        call = self.partner.UploadSchedule(iter(requests), timeout=SECONDS)
        outcomes, responses = [], 0
        for response in call:
            outcomes += [row.outcome for row in response.results]
            responses += 1
            if responses == until:
                call.cancel()
                break
        return outcomes

    def upload_all(self, work, outcome):
        """Uploads several theatres, some at a time, and fails unless all rows end so; returns the seconds."""
        left, faults, lock = list(work), [], threading.Lock()

        def run():
            while True:
                with lock:
                    if not left or faults:
                        return
                    requests = left.pop()
                try:
                    outcomes = self.upload(requests)
                    count = sum(len(request.rows) for request in requests)
                    if outcomes != [outcome] * count:
                        faults.append(f"{set(outcomes)} for {count} rows, {len(outcomes)} results")
                except grpc.RpcError as error:
                    faults.append(str(error))

        threads = [threading.Thread(target=run) for _ in range(STREAMS)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise Failed(f"an upload went wrong: {faults[0][:500]}")
        return time.monotonic() - began

    def cut_and_resume(self, requests):
        """Cuts an upload in its middle and sends it again; returns the share of the rows that were there."""
        acknowledged = len(self.upload(requests, until=len(requests) // 2))
        outcomes = self.upload(requests)
        kinds = (self.schedule.ROW_OUTCOME_UNCHANGED, self.schedule.ROW_OUTCOME_CREATED)
        there, made = (outcomes.count(kind) for kind in kinds)
        rows = sum(len(request.rows) for request in requests)
        if there + made != rows or there < acknowledged or made == 0:
            raise Failed(f"of {rows} rows {there} were there and {made} were made")
        return there / rows

    def close(self):
        self.channel.close()


def shows_in(database, name):
    return int(database.sql(name, "select count(*) from show where partner_reference is not null"))


def measure(database, name, server, count):
    """Figures of one import of so many shows on a server."""
    from usher.v1 import schedule_pb2

    number, rooms = int(time.time()), count // SHOWS
    houses = Houses(database.tools, server)
    try:
        before = shows_in(database, name)
        began = time.monotonic()
        work = [houses.build(f"Import {number}/{first}", min(ROOMS, rooms - first))
                for first in range(0, rooms, ROOMS)]
        built = time.monotonic() - began
        cut = houses.build(f"Import {number} cut", CUT_ROOMS)
        forget_peak(server.pid)
        least = peak_mib(server.pid)
        ours, theirs, load = Meter(database), server.cpu_seconds(), time.process_time()
        created = houses.upload_all(work, schedule_pb2.ROW_OUTCOME_CREATED)
        load, spent, ours = time.process_time() - load, server.cpu_seconds() - theirs, ours.read()
        again = houses.upload_all(work, schedule_pb2.ROW_OUTCOME_UNCHANGED)
        there = houses.cut_and_resume(cut)
        more = peak_mib(server.pid) - least
    finally:
        houses.close()
    made = shows_in(database, name) - before
    if made != count + CUT_ROOMS * SHOWS:
        raise Failed(f"{made} shows came of {count} and {CUT_ROOMS * SHOWS}")
    return {
        "created": count / created, "again": count / again, "rooms": rooms / built, "mib": more,
        "there": there, "usherd_us": spent / count * 1e6, "load_us": load / count * 1e6,
        "postgres_us": ours["postgres_cpu"] / count * 1e6, "wal_kib": ours["wal"] / count / 1_024}
