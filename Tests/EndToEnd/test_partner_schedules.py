"""PartnerService.UploadSchedule and `usher partner schedule`: rows become shows, again and again."""

import datetime
import json
import threading

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp

from command_line import CommandLine
from houses import manager, row, show
from partner import Refusal, new_id, refusal
from test_operators import DENIED, refused
from usher.v1 import catalog_pb2, schedule_pb2
from usherd import wait_until

CREATED, UPDATED, UNCHANGED, REFUSED = (
    schedule_pb2.ROW_OUTCOME_CREATED, schedule_pb2.ROW_OUTCOME_UPDATED,
    schedule_pb2.ROW_OUTCOME_UNCHANGED, schedule_pb2.ROW_OUTCOME_REFUSED)
LISTED, WITHDRAWN, HAS_SALES = (
    schedule_pb2.VANISHED_OUTCOME_LISTED, schedule_pb2.VANISHED_OUTCOME_WITHDRAWN,
    schedule_pb2.VANISHED_OUTCOME_HAS_SALES)
DAY = (datetime.date.today() + datetime.timedelta(days=400)).isoformat()


def outcomes(results):
    return [result.outcome for result in results]


def reasons(results):
    return [Refusal.of(result.error).reason if result.HasField("error") else "" for result in results]


@pytest.fixture
def keeper(demo):
    """A manager with a theatre of one auditorium with ten seats."""
    with manager(demo) as keeper:
        keeper.house = keeper.theatre().theatre_id
        keeper.hall = keeper.room(keeper.house).auditorium_id
        keeper.layout(keeper.hall, row("A", 0, 10))
        yield keeper


def test_rows_become_shows_that_sell(demo, keeper):
    movie = keeper.CreateMovie(
        movie=catalog_pb2.Movie(title=f"Ice {new_id()}", duration_minutes=95)).movie
    rows = [
        show("one", f"{DAY}T10:00"),
        show("two", f"{DAY}T13:00", kind=0, title=movie.title, duration_minutes=0, format="IMAX",
             language="nb", sales_state=catalog_pb2.SALES_STATE_SCHEDULED),
        show("three", f"{DAY}T16:00", kind=1, title="", movie_id=movie.movie_id, auditorium="",
             auditorium_id=keeper.hall, duration_minutes=0,
             prices=[{"tier": "STALLS", "minor_units": 1}, {"tier": "BOX", "minor_units": 2}])]
    results = keeper.rows(keeper.house, *rows)
    assert outcomes(results) == [CREATED] * 3
    assert [result.reference for result in results] == ["one", "two", "three"]
    with demo.partner(keeper.key) as partner:
        details = partner.catalog.GetShow(
            catalog_pb2.GetShowRequest(show_id=results[1].show_id)).show
        assert (details.local_start, details.title, details.format, details.language) == (
            f"{DAY}T13:00", movie.title, "IMAX", "nb")
        assert details.ends_at.seconds - details.starts_at.seconds == 95 * 60
        assert refused(partner.hold, results[1].show_id, best=(1, "")) == (
            grpc.StatusCode.FAILED_PRECONDITION, "SALES_CLOSED")
        assert [price.tier for price in partner.catalog.GetShow(
            catalog_pb2.GetShowRequest(show_id=results[2].show_id)).show.prices] == ["STALLS"]
        held = partner.hold(results[0].show_id, best=(2, ""))
        assert held.quote.total.minor_units == 18_000
        partner.confirm(held.booking_id)
    # The same again changes nothing; a row's change is a show's change.
    again = keeper.rows(keeper.house, *rows)
    assert outcomes(again) == [UNCHANGED] * 3
    assert [each.show_id for each in again] == [each.show_id for each in results]
    rows[1].sales_state = catalog_pb2.SALES_STATE_ON_SALE
    rows[2].local_start = f"{DAY}T17:00"
    assert outcomes(keeper.rows(keeper.house, *rows)) == [UNCHANGED, UPDATED, UPDATED]
    with demo.partner(keeper.key) as partner:
        partner.release(partner.hold(results[1].show_id, best=(1, "")).booking_id)


def uploads_on_record(keeper):
    return [json.loads(entry.detail) for entry in keeper.operator.acts(keeper.partner_id)
            if entry.action == "UPLOAD_SCHEDULE"]


def test_what_an_upload_changes_is_on_record_with_it(keeper):
    keeper.room(keeper.house, "Screen 2")
    rows = [show("one", f"{DAY}T10:00"), show("two", f"{DAY}T13:00"),
            show("x", f"{DAY}T16:00", auditorium="Screen 2"), show("", "never")]
    keeper.upload(
        {"theatre_id": keeper.house, "rows": rows[:1]}, {"rows": rows[1:]}, {"rows": rows[:1]})
    noted = {"theatre": keeper.house, "created": 1, "updated": 0, "unchanged": 0, "refused": 0,
             "auditoriums": ["Screen 1"]}
    # A row whose fields are wrong never came as far as the programme.
    both = [noted | {"refused": 1}, noted]
    assert uploads_on_record(keeper) == both
    # What changes nothing is not noted; what is cut off is noted as far as it came.
    keeper.rows(keeper.house, rows[0])
    assert uploads_on_record(keeper) == both
    found = refusal(
        keeper.upload, {"theatre_id": keeper.house, "rows": [show("one", f"{DAY}T11:00")]},
        {"rows": rows * 100})
    assert found.fields == ["rows"]
    last = noted | {"created": 0, "updated": 1}
    assert uploads_on_record(keeper) == [last, *both]
    keeper.upload({"theatre_id": keeper.house, "whole": span(-1, 2, withdraw=True)})
    assert uploads_on_record(keeper)[0] == {"theatre": keeper.house, "withdrawn": 2}


def test_an_upload_under_way_is_on_record(keeper):
    """What a request has changed is noted by the statement that changes it, whatever becomes of its stream."""
    goes_on = threading.Event()

    def requests():
        yield schedule_pb2.UploadScheduleRequest(
            theatre_id=keeper.house, rows=[show("one", f"{DAY}T10:00")])
        goes_on.wait(60)

    responses = keeper.stream(requests())
    assert next(responses).complete
    assert [each["created"] for each in uploads_on_record(keeper)] == [1]
    goes_on.set()
    assert not list(responses)


def test_a_broken_row_stops_no_other(keeper):
    results = keeper.rows(
        keeper.house, show("good", f"{DAY}T10:00"), show("", "tomorrow", currency_code="ABC"),
        show("nowhere", f"{DAY}T13:00", auditorium="Screen 9"), show("better", f"{DAY}T16:00"))
    assert outcomes(results) == [CREATED, REFUSED, REFUSED, CREATED]
    assert reasons(results) == ["", "INVALID_FIELDS", "AUDITORIUM_NOT_FOUND", ""]
    assert Refusal.of(results[1].error).fields == ["reference", "local_start", "currency_code"]


def test_a_show_starts_within_five_years(demo, keeper):
    """The last second that a message can say is in the year 10000 on clocks further east."""
    keeper.house = keeper.theatre(time_zone="Pacific/Auckland").theatre_id
    keeper.layout(keeper.room(keeper.house).auditorium_id, row("A", 0, 3))
    last = Timestamp(seconds=253_402_300_799)
    far = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=5 * 366)
    late = [
        ({"local_start": "", "starts_at": last}, "starts_at"),
        ({"local_start": "9999-12-31T23:59"}, "local_start"),
        ({"local_start": f"{far:%Y-%m-%dT%H:%M}"}, "local_start")]
    rows = [show(**{"reference": f"{n}"} | fields) for n, (fields, _) in enumerate(late)]
    moved = show("moved", f"{DAY}T10:00")
    made, *results = keeper.rows(keeper.house, moved, *rows)
    moved.local_start = "9999-12-31T23:59"
    results += keeper.rows(keeper.house, moved)
    assert made.outcome == CREATED and outcomes(results) == [REFUSED] * 4
    assert [Refusal.of(result.error).fields for result in results] == [
        [field] for _, field in late] + [["local_start"]]
    with demo.partner(keeper.key) as partner:
        listed = partner.catalog.ListShows(
            catalog_pb2.ListShowsRequest(theatre_id=keeper.house)).shows
        assert [each.local_start for each in listed] == [f"{DAY}T10:00"]


def test_a_show_is_not_moved_into_the_past(keeper):
    made, = keeper.rows(keeper.house, show("one", f"{DAY}T10:00"))
    result, = keeper.rows(keeper.house, show("one", "2001-01-01T10:00"))
    assert (result.show_id, reasons([result])) == (made.show_id, ["SHOW_OVER"])


def test_what_an_upload_changes_is_told_at_once(demo, keeper):
    """Also by what the node had in memory."""
    rows = [show("kept", f"{DAY}T10:00", language="en", format="original"),
            show("gone", f"{DAY}T13:00")]
    kept, gone = (each.show_id for each in keeper.rows(keeper.house, *rows))
    with demo.partner(keeper.key) as partner:
        def told(show_id):
            return partner.catalog.GetShow(catalog_pb2.GetShowRequest(show_id=show_id)).show

        assert told(kept).language == "en"
        assert told(gone).sales_state == catalog_pb2.SALES_STATE_ON_SALE
        rows[0].language, rows[0].format = "nb", "dubbed"
        keeper.upload({
            "theatre_id": keeper.house, "rows": rows[:1], "whole": span(-1, 2, withdraw=True)})
        assert (told(kept).language, told(kept).format) == ("nb", "dubbed")
        assert told(gone).sales_state == catalog_pb2.SALES_STATE_CANCELLED


def test_of_movies_of_one_title_the_partners_own_is_meant(demo, keeper):
    """Whatever another partner adds later."""
    title = f"Ice {new_id()}"
    film = {"kind": 1, "title": title, "duration_minutes": 0}

    def movie(date):
        return keeper.CreateMovie(movie=catalog_pb2.Movie(
            title=title, duration_minutes=90, release_date=date)).movie.movie_id

    first = movie("1999-01-01")
    row_ = show("one", f"{DAY}T10:00", **film)
    made, = keeper.rows(keeper.house, row_)
    second = movie("2026-01-01")
    # The show's own, and for a new show what this house has shown.
    results = keeper.rows(keeper.house, row_, show("two", f"{DAY}T13:00", **film))
    assert outcomes(results) == [UNCHANGED, CREATED]
    assert demo.server.sql(
        f"select distinct movie_id from show where theatre_id = {keeper.house}") == [(f"{first}",)]
    # Another house of the partner as well; a show keeps what it has, though others are of both.
    other = keeper.theatre().theatre_id
    keeper.layout(keeper.room(other).auditorium_id, row("A", 0, 3))
    by_id = show("three", f"{DAY}T16:00", **film | {"title": "", "movie_id": second})
    assert outcomes(keeper.rows(other, show("one", f"{DAY}T10:00", **film), by_id)) == [CREATED] * 2
    by_title = show("three", f"{DAY}T16:00", **film)
    results = keeper.rows(other, by_title, show("four", f"{DAY}T19:00", **film))
    assert results[0].outcome == UNCHANGED and reasons(results) == ["", "MOVIE_AMBIGUOUS"]


def test_two_shows_at_once_are_refused_by_the_database(keeper):
    first, second, third = keeper.rows(
        keeper.house, show("first", f"{DAY}T10:00"), show("second", f"{DAY}T11:59"),
        show("third", f"{DAY}T12:00"))
    assert outcomes([first, second, third]) == [CREATED, REFUSED, CREATED]
    found = Refusal.of(second.error)
    assert found.reason == "SHOW_OVERLAPS"
    assert found.metadata == {"show": str(first.show_id)}
    moved, = keeper.rows(keeper.house, show("third", f"{DAY}T11:00"))
    assert (moved.outcome, reasons([moved])) == (REFUSED, ["SHOW_OVERLAPS"])
    assert Refusal.of(moved.error).metadata == {"show": str(first.show_id)}
    # What was moved away, in the same request, is in nobody's way.
    results = keeper.rows(
        keeper.house, show("fourth", f"{DAY}T10:00"), show("first", f"{DAY}T20:00"))
    assert outcomes(results) == [CREATED, UPDATED]


SOLD_CHANGES = [
    ({"title": "Fire"}, "SHOW_HAS_SALES"), ({"kind": 3}, "SHOW_HAS_SALES"),
    ({"duration_minutes": 121}, "SHOW_HAS_SALES"), ({"language": "nb"}, "SHOW_HAS_SALES"),
    ({"format": "3D"}, "SHOW_HAS_SALES"), ({"currency_code": "EUR"}, "SHOW_HAS_SALES"),
    ({"local_start": f"{DAY}T11:00"}, "SHOW_HAS_SALES"),
    ({"sales_state": catalog_pb2.SALES_STATE_CANCELLED}, "SHOW_HAS_SALES"),
    ({"auditorium": "Screen 2"}, "SHOW_ELSEWHERE"),
]


def test_of_a_show_that_is_sold_prices_and_sale_alone_change(demo, keeper):
    keeper.layout(keeper.room(keeper.house, "Screen 2").auditorium_id, row("A", 0, 2))
    made, = keeper.rows(keeper.house, show("sold", f"{DAY}T10:00"))
    with demo.partner(keeper.key) as partner:
        held = partner.hold(made.show_id, best=(1, ""))
        for fields, reason in SOLD_CHANGES:
            result, = keeper.rows(keeper.house, show("sold", **(
                {"local_start": f"{DAY}T10:00"} | fields)))
            assert (result.show_id, reasons([result])) == (made.show_id, [reason]), fields
        dearer = show(
            "sold", f"{DAY}T10:00", prices=[{"tier": "STALLS", "minor_units": 9500}])
        assert outcomes(keeper.rows(keeper.house, dearer)) == [UPDATED]
        # The hold's price was promised.
        assert partner.confirm(held.booking_id).quote.total.minor_units == 9000
        assert partner.hold(made.show_id, best=(1, "")).quote.total.minor_units == 9500
        dearer.sales_state = catalog_pb2.SALES_STATE_CLOSED
        assert outcomes(keeper.rows(keeper.house, dearer)) == [UPDATED]
        assert refused(partner.hold, made.show_id, best=(1, ""))[1] == "SALES_CLOSED"


def test_what_was_paid_once_fixes_the_currency(demo, keeper):
    paid, held = keeper.rows(
        keeper.house, show("paid", f"{DAY}T10:00"), show("held", f"{DAY}T13:00"))
    with demo.partner(keeper.key) as partner:
        partner.cancel(partner.confirm(
            partner.hold(paid.show_id, best=(1, "")).booking_id).booking_id)
        partner.release(partner.hold(held.show_id, best=(1, "")).booking_id)
    changes = [show("paid", f"{DAY}T10:00", currency_code="EUR"),
               show("held", f"{DAY}T13:00", currency_code="EUR")]
    results = keeper.rows(keeper.house, *changes)
    assert outcomes(results) == [REFUSED, UPDATED] and reasons(results)[0] == "SHOW_HAS_SALES"
    # Otherwise it is like a show of which nobody has seats.
    assert outcomes(keeper.rows(keeper.house, show("paid", f"{DAY}T10:00", language="nb"))) == [
        UPDATED]


def test_a_show_keeps_the_layout_it_was_made_with(demo, keeper):
    made, = keeper.rows(keeper.house, show("old", f"{DAY}T10:00"))
    with demo.partner(keeper.key) as partner:
        watched = partner.map(made.show_id)[1]
        held = partner.hold(made.show_id, seats=["A1"])
        done = keeper.layout(keeper.hall, row("B", 0, 4))
        assert done.shows_keeping_earlier == 1 and len(done.diff.removed) == 10
        assert sorted(partner.map(made.show_id)[1]) == sorted(watched)
        partner.confirm(held.booking_id)
        assert outcomes(keeper.rows(keeper.house, show("old", f"{DAY}T10:00"))) == [UNCHANGED]
        new, = keeper.rows(keeper.house, show("new", f"{DAY}T13:00"))
        assert sorted(partner.map(new.show_id)[1]) == ["B1", "B2", "B3", "B4"]
    versions = keeper.ListLayoutVersions(auditorium_id=keeper.hall).versions
    assert [each.shows_to_come for each in versions] == [1, 1]


def span(first, last, **fields):
    """From the first day to before the last, counted from DAY, in the theatre's UTC."""
    day = datetime.datetime.fromisoformat(f"{DAY}T00:00+00:00")
    times = [Timestamp() for _ in range(2)]
    for time, days in zip(times, (first, last)):
        time.FromDatetime(day + datetime.timedelta(days=days))
    return schedule_pb2.ScheduleSpan(**{"from": times[0]}, until=times[1], **fields)


def test_vanished_shows_are_listed_and_withdrawn_when_asked(demo, keeper):
    made = keeper.rows(keeper.house, *(
        show(f"{hour}", f"{DAY}T{hour}:00") for hour in range(10, 22, 2)))
    ids = {each.reference: each.show_id for each in made}
    kept = [show("10", f"{DAY}T10:00")]

    def vanished(rows, **fields):
        responses = keeper.upload(
            {"theatre_id": keeper.house, "rows": rows[:1]},
            {"rows": rows[1:], "whole": span(-1, 2, **fields)})
        assert [each.complete for each in responses] == [True, False, True]
        return {each.reference: each.outcome for each in responses[-1].vanished}

    rest = ["12", "14", "16", "18", "20"]
    assert vanished(kept) == dict.fromkeys(rest, LISTED)
    # A row that is refused may be one of them: nothing is withdrawn.
    assert vanished(kept + [show("x", "never")], withdraw=True) == dict.fromkeys(rest, LISTED)
    with demo.partner(keeper.key) as partner:
        partner.hold(ids["14"], best=(1, ""))
        partner.confirm(partner.hold(ids["16"], best=(1, "")).booking_id)
        sold = {"14": HAS_SALES, "16": HAS_SALES}
        assert vanished(kept, withdraw=True) == dict.fromkeys(rest, WITHDRAWN) | sold
        assert refused(partner.hold, ids["12"], best=(1, ""))[1] == "SALES_CLOSED"
    assert vanished(kept) == sold
    # The time is free again, and a show that was withdrawn can come back.
    back = show("12", f"{DAY}T12:00", sales_state=catalog_pb2.SALES_STATE_ON_SALE)
    result, = keeper.rows(keeper.house, back)
    assert (result.outcome, result.show_id) == (UPDATED, ids["12"])


def test_a_stream_remembers_each_of_its_theatres(keeper):
    """What was named before rows of another theatre came is no less named."""
    other = keeper.theatre().theatre_id
    keeper.layout(keeper.room(other).auditorium_id, row("A", 0, 3))
    rows = [show(f"{hour}", f"{DAY}T{hour}:00") for hour in (10, 12, 14)]
    assert outcomes(keeper.rows(keeper.house, *rows)) == [CREATED] * 3

    def upload(first):
        responses = keeper.upload(
            {"theatre_id": keeper.house, "rows": first},
            {"theatre_id": other, "rows": [show("elsewhere", f"{DAY}T10:00")]},
            {"theatre_id": keeper.house, "rows": rows[2:], "whole": span(-1, 2, withdraw=True)})
        return {each.reference: each.outcome for each in responses[-1].vanished}

    # Also that a row was refused.
    assert upload([rows[0], show("x", "never")]) == {"12": LISTED}
    assert upload(rows[:1]) == {"12": WITHDRAWN}


def test_a_key_that_is_withdrawn_uploads_no_more(demo, keeper):
    arrived, go_on = threading.Event(), threading.Event()

    def requests():
        yield schedule_pb2.UploadScheduleRequest(
            theatre_id=keeper.house, rows=[show("before", f"{DAY}T10:00")])
        arrived.set()
        go_on.wait(30)
        yield schedule_pb2.UploadScheduleRequest(rows=[show("after", f"{DAY}T13:00")])

    responses = keeper.stream(requests())
    assert outcomes(next(responses).results) == [CREATED]
    arrived.wait(30)
    key, = keeper.operator.ListApiKeys(partner_id=keeper.partner_id).api_keys
    keeper.operator.RevokeApiKey(key_id=key.key_id)
    go_on.set()
    found = refusal(lambda: next(responses))
    assert (found.code, found.reason) == (
        grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
    assert demo.server.sql(
        f"select partner_reference from show where theatre_id = {keeper.house}") == [("before",)]


WRONG = [
    ({"reference": ""}, "reference"), ({"reference": "x" * 65}, "reference"),
    ({"reference": "a\nb"}, "reference"), ({"auditorium": ""}, "auditorium"),
    ({"reference": "a\u2028b"}, "reference"), ({"format": "a\u2029b"}, "format"),
    ({"auditorium_id": 1}, "auditorium"), ({"auditorium": "x" * 81}, "auditorium"),
    ({"kind": 5}, "kind"), ({"title": "x" * 201}, "title"), ({"title": ""}, "title"),
    ({"movie_id": 1}, "movie_id"), ({"kind": 1, "movie_id": 1}, "movie_id"),
    ({"language": "en_GB"}, "language"), ({"format": "x" * 41}, "format"),
    ({"local_start": ""}, "starts_at"), ({"starts_at": Timestamp(seconds=1)}, "starts_at"),
    ({"local_start": "", "starts_at": Timestamp(seconds=-1)}, "starts_at"),
    ({"local_start": f"{DAY} 10:00"}, "local_start"), ({"local_start": f"{DAY}T24:00"}, "local_start"),
    ({"local_start": "2027-02-29T10:00"}, "local_start"),
    ({"duration_minutes": 1_441}, "duration_minutes"), ({"duration_minutes": 0}, "duration_minutes"),
    ({"currency_code": ""}, "currency_code"), ({"prices": []}, "prices"),
    ({"prices": [{"tier": "STALLS"}] * 2}, "prices"), ({"prices": [{"tier": ""}]}, "prices"),
    ({"prices": [{"tier": "STALLS", "minor_units": -1}]}, "prices"),
    ({"prices": [{"tier": f"T{n}"} for n in range(33)]}, "prices"),
    ({"sales_state": 5}, "sales_state"),
]


def test_every_wrong_field_of_a_row_is_named(keeper):
    rows = [show(**(
        {"reference": f"row {n}", "local_start": f"{DAY}T10:00"} | fields))
        for n, (fields, _) in enumerate(WRONG)]
    results = keeper.rows(keeper.house, *rows)
    assert reasons(results) == ["INVALID_FIELDS"] * len(WRONG)
    for result, (fields, wrong) in zip(results, WRONG):
        assert Refusal.of(result.error).fields == [wrong], fields


def test_what_a_row_names_must_be_there(keeper):
    title = f"Twice {new_id()}"
    for date in ("", "2026-01-01"):
        keeper.CreateMovie(
            movie=catalog_pb2.Movie(title=title, duration_minutes=90, release_date=date))
    keeper.room(keeper.house, "Bare")
    film = {"kind": 1, "title": "", "duration_minutes": 0}
    cases = [
        (show("a", f"{DAY}T10:00", auditorium="", auditorium_id=1), "AUDITORIUM_NOT_FOUND"),
        (show("b", f"{DAY}T10:00", auditorium="Bare"), "LAYOUT_NOT_FOUND"),
        (show("c", f"{DAY}T10:00", **film | {"movie_id": 1 << 40}), "MOVIE_NOT_FOUND"),
        (show("d", f"{DAY}T10:00", **film | {"title": f"No {title}"}), "MOVIE_NOT_FOUND"),
        (show("e", f"{DAY}T10:00", **film | {"title": title}), "MOVIE_AMBIGUOUS"),
        (show("f", f"{DAY}T10:00", prices=[{"tier": "BOX"}]), "PRICE_MISSING"),
        (show("g", "2001-01-01T10:00"), "SHOW_OVER"),
        # Troll's clock springs from 1 to 3 on the last Sunday of March.
        (show("h", "2028-03-26T02:30"), "NO_SUCH_TIME"),
        (show("i", f"{DAY}T10:00"), ""), (show("i", f"{DAY}T13:00"), "INVALID_FIELDS"),
    ]
    assert reasons(keeper.rows(keeper.house, *(row for row, _ in cases))) == [
        reason for _, reason in cases]


def test_a_request_that_is_wrong_as_a_whole_ends_the_stream(demo, keeper):
    rows = [show(f"{n}", f"{DAY}T10:00") for n in range(201)]
    for request, wrong in (
            ({"rows": rows[:1]}, "theatre_id"), ({"theatre_id": keeper.house, "rows": rows}, "rows"),
            ({"theatre_id": keeper.house, "whole": {}}, "whole.from"),
            ({"theatre_id": keeper.house, "whole": span(1, 0)}, "whole.until")):
        found = refusal(keeper.upload, request)
        assert (found.reason, found.fields[0]) == ("INVALID_FIELDS", wrong)
    with manager(demo) as other:
        for theatre in (keeper.house, 1 << 40):
            assert refused(other.upload, {"theatre_id": theatre, "rows": rows[:1]}) == DENIED
        # Another's auditorium is not there.
        own = other.theatre().theatre_id
        result, = other.rows(own, show(
            "x", f"{DAY}T10:00", auditorium="", auditorium_id=keeper.hall))
        assert reasons([result]) == ["AUDITORIUM_NOT_FOUND"]


# The command line.

HEADING = "reference,auditorium,kind,title,start,minutes,currency,sales,price:STALLS,price:BOX"


@pytest.fixture
def cli(demo, keeper, tmp_path):
    cli = CommandLine(demo, tmp_path)
    cli.environment["USHER_TOKEN"] = keeper.key
    return cli


def test_a_schedule_is_uploaded_from_a_file(cli, keeper, tmp_path):
    week = tmp_path / "week.csv"
    week.write_text("\ufeff" + "\r\n".join([
        HEADING, f'one,Screen 1,play,"Ice, a play",{DAY} 10:00,120,NOK,on-sale,90,',
        f"two,Screen 1,play,Ice,{DAY}T13:00:00+00:00,120,NOK,closed,90.50,250", ""]))
    assert cli.run("partner", "schedule", "upload", keeper.house, week) == [
        "2 rows: 2 created, 0 updated, 0 unchanged, 0 refused"]
    one, two = cli.run("partner", "schedule", "upload", keeper.house, week, "--all")[:2]
    assert one.startswith("line 2: one: unchanged, show ")
    shows = cli.json("shows", "--theatre", keeper.house)
    assert [each["title"] for each in shows] == ["Ice, a play", "Ice"]
    assert [price["price"]["minorUnits"] for each in shows for price in each["prices"]] == [
        "9000", "9050"]


def test_refused_lines_are_told_and_the_others_are_done(cli, keeper, tmp_path):
    week = tmp_path / "week.csv"
    week.write_text("\n".join([
        HEADING, f"one,Screen 1,play,Ice,{DAY}T10:00,120,NOK,,90,",
        f"two,Screen 1,play,Ice,{DAY}T11:00,120,NOK,,90,", "three,Screen 1", "",
        f"four,Screen 9,play,Ice,{DAY}T14:00,120,NOK,,90,",
        f"five,Screen 1,opera,Ice,{DAY}T14:00,120,NOK,,90,",
        f"six,Screen 1,play,Ice,{DAY}T14:00,120,NOK,,90.555,",
        f"seven,Screen 1,play,Ice,{DAY}T14:00,1500,NOK,,90,",
        f"eight,Screen 1,play,Ice,{DAY}T16:00,120,NOK,,90,"]))
    command = cli.start("partner", "schedule", "upload", keeper.house, week)
    remarks = command.errors(1)
    assert remarks[0] == "usher: 6 of 8 rows were refused" and "send the file again" in remarks[1]
    told = {line.split(":")[0]: line for line in command.lines}
    assert command.lines[-1] == "8 rows: 2 created, 0 updated, 0 unchanged, 6 refused"
    assert "(SHOW_OVERLAPS), show " in told["line 3"]
    assert told["line 4"] == "line 4: 2 values in 10 columns"
    assert told["line 6"].endswith("The theatre has no such auditorium. (AUDITORIUM_NOT_FOUND)")
    assert "'opera' is not film" in told["line 7"]
    assert "'90.555' is no amount of NOK" in told["line 8"]
    assert "duration_minutes must be at most 1440" in told["line 9"]
    told = cli.json("partner", "schedule", "upload", keeper.house, week, code=1)
    assert sorted(each["line"] for each in told) == [2, 3, 4, 6, 7, 8, 9, 10]
    assert told[-1]["result"]["outcome"] == "ROW_OUTCOME_UNCHANGED"


def test_lines_that_cannot_be_read_stop_no_other(cli, keeper, tmp_path):
    week = tmp_path / "week.csv"
    rows = [f"{name},Screen 1,play,{title},{DAY}T{hour}:00,120,NOK,,90,".encode() for name, title, hour in [
        ("one", "Ice", 10), ("two", "x" * 20_000, 13), ("three", "?", 13), ("four", "Ice", 16)]]
    week.write_bytes(b"\n".join([HEADING.encode(), *rows]).replace(b"?", b"\xdcber"))
    command = cli.start("partner", "schedule", "upload", keeper.house, week)
    assert command.errors(1)[0] == "usher: 2 of 4 rows were refused"
    assert command.lines == [
        "line 3: the line is longer than 16 KiB", "line 4: the line is not UTF-8",
        "4 rows: 2 created, 0 updated, 0 unchanged, 2 refused"]


def test_a_whole_schedule_withdraws_what_it_does_not_name(cli, keeper, tmp_path):
    rows = [show(f"{n}", f"{DAY}T{n}:00") for n in range(10, 20, 2)]
    keeper.rows(keeper.house, *rows)
    week = tmp_path / "week.json"
    week.write_text("".join(
        json_format.MessageToJson(row, indent=None) + "\n" for row in rows[:3]))
    span = ["--whole-from", f"{DAY}T00:00:00Z", "--whole-until", f"{DAY}T23:59:59Z"]
    upload = ["partner", "schedule", "upload", keeper.house, week]
    listed = cli.run(*upload, *span)
    assert [line.split(":")[0] for line in listed] == ["not in the file", "not in the file", "3 rows"]
    with open(week, "a") as file:
        file.write("{\n")
    # With a line that is no row nothing is withdrawn.
    assert all("kept" in line for line in cli.run(*upload, *span, "--withdraw", code=1)[1:3])
    week.write_text(week.read_text()[:-2])
    withdrawn = cli.run(*upload, *span, "--withdraw")
    assert [line.split(": ")[2] for line in withdrawn[:2]] == ["withdrawn"] * 2
    assert len(cli.run(*upload, *span)) == 1


@pytest.mark.parametrize(
    "name, text, told",
    [
        ("week.txt", "", "is it CSV or JSON?"), ("week.csv", "reference,price\n", "'price'"),
        ("week.csv", "reference,reference\n", "there twice"),
        ("week.csv", "x" * 20_000, "line 1: the line is longer than 16 KiB"), ("nowhere.csv", None, "cannot read"),
    ])
def test_a_file_that_is_no_schedule_is_refused(cli, tmp_path, name, text, told):
    if text is not None:
        (tmp_path / name).write_text(text)
    command = cli.start("partner", "schedule", "upload", 1, tmp_path / name)
    assert told in command.errors(64)[0]
    for wrong in (["--withdraw"], ["--whole-from", f"{DAY}T00:00:00Z"], ["--whole-from", "soon"],
                  ["--whole-from", DAY, "--whole-until", f"{DAY}T23:59:59Z", "--withdraw"]):
        cli.run("partner", "schedule", "upload", 1, tmp_path / name, *wrong, code=64)


def test_an_upload_goes_on_when_its_node_comes_back(own_demo, tmp_path):
    with manager(own_demo) as keeper:
        house = keeper.theatre().theatre_id
        hall = keeper.room(house).auditorium_id
        keeper.layout(hall, row("A", 0, 2))
        cli = CommandLine(own_demo, tmp_path)
        cli.environment["USHER_TOKEN"] = keeper.key
    start = datetime.datetime.fromisoformat(DAY)
    lines = [HEADING] + [
        f"{n},Screen 1,play,Ice,{(start + n * datetime.timedelta(hours=2)).isoformat()}Z,120,"
        "NOK,,90," for n in range(3000)]
    (tmp_path / "long.csv").write_text("\n".join(lines))
    command = cli.start("partner", "schedule", "upload", house, tmp_path / "long.csv", "--all",
                        "--whole-from", f"{DAY}T00:00:00Z",
                        "--whole-until", "2100-01-01T00:00:00Z")
    wait_until(lambda: len(command.lines) > 400, 30, "the first rows")
    own_demo.server.kill()
    own_demo.server.start()
    told = command.end()
    assert "going on in" in command.remarks
    assert told[-1].startswith("3000 rows: ") and told[-1].endswith(" 0 refused")
    assert [line.split(":")[0] for line in told[:-1]] == [f"line {n + 2}" for n in range(3000)]
    assert own_demo.server.sql(
        f"select count(*), count(distinct partner_reference) from show where theatre_id = {house}"
    ) == [("3000", "3000")]
