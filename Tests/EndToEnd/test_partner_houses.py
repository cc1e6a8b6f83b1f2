"""usher.v1.PartnerService and `usher partner`: theatres, auditoriums, layouts and movies of one's own."""

import json

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from command_line import CommandLine
from houses import Manager, acts, manager, row, seat, theatre
from partner import Refusal, new_id, refusal
from test_operators import DENIED, refused
from usher.v1 import catalog_pb2, common_pb2, layout_pb2, partner_pb2

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")


@pytest.fixture
def keeper(demo):
    with manager(demo) as keeper:
        yield keeper


@pytest.fixture(scope="module")
def house(demo):
    """A manager with a theatre and an auditorium, for tests that change nothing of them."""
    with manager(demo) as keeper:
        keeper.house = keeper.theatre()
        keeper.hall = keeper.room(keeper.house.theatre_id)
        keeper.house.screen_count = 1
        yield keeper


def test_a_theatre_is_made_changed_and_listed(keeper):
    made = keeper.theatre(address="1 Ice Street", postal_code="AQ-1", policies={
        "hold_minutes": 9, "orphan_rule": partner_pb2.ORPHAN_RULE_FORBID, "refund_basis_points": 0})
    assert made.partner_id == keeper.partner_id and made.city.name == "Troll"
    policies = made.policies
    assert (policies.hold_minutes, policies.seats_per_customer) == (9, 10)
    assert (policies.refund_basis_points, policies.refund_minutes_before) == (0, 0)
    again = keeper.theatre(city={"city_id": made.city.city_id})
    assert again.city == made.city
    changed = keeper.UpdateTheatre(
        theatre=partner_pb2.OwnTheatre(
            theatre_id=made.theatre_id, name=f"New {made.name}", latitude=12,
            policies={"hold_minutes": 3, "seats_per_customer": 4}),
        update_mask=FieldMask(paths=["name", "policies.hold_minutes"])).theatre
    made.name, made.policies.hold_minutes = f"New {made.name}", 3
    assert changed == made == keeper.GetOwnTheatre(theatre_id=made.theatre_id).theatre
    first = keeper.ListOwnTheatres(page_size=1)
    second = keeper.ListOwnTheatres(page_size=1, page_token=first.next_page_token)
    listed = [*first.theatres, *second.theatres]
    assert listed == sorted([changed, again], key=lambda each: each.name)
    assert not second.next_page_token
    assert acts(keeper)[2:] == ["CREATE_THEATRE", "CREATE_THEATRE", "UPDATE_THEATRE"]


def test_an_auditorium_is_made_renamed_and_listed(keeper):
    here = keeper.theatre().theatre_id
    second, first = keeper.room(here, "Second"), keeper.room(here, "First")
    assert [(each.name, each.layout_version, each.seat_count) for each in (first, second)] == [
        ("First", 0, 0), ("Second", 0, 0)]
    keeper.layout(first.auditorium_id, row("A", 0, 7))
    renamed = keeper.RenameAuditorium(auditorium_id=first.auditorium_id, name="Last").auditorium
    assert (renamed.name, renamed.layout_version, renamed.seat_count) == ("Last", 1, 7)
    listed = keeper.ListAuditoriums(theatre_id=here).auditoriums
    assert list(listed) == [renamed, second]
    taken = (grpc.StatusCode.ALREADY_EXISTS, "AUDITORIUM_NAME_TAKEN")
    assert refused(keeper.room, here, "Last") == taken
    assert refused(
        keeper.RenameAuditorium, auditorium_id=second.auditorium_id, name="Last") == taken
    assert keeper.GetOwnTheatre(theatre_id=here).theatre.screen_count == 2


def test_names_that_are_taken(keeper):
    one = keeper.theatre()
    taken = (grpc.StatusCode.ALREADY_EXISTS, "THEATRE_NAME_TAKEN")
    assert refused(keeper.theatre, name=one.name) == taken
    other = keeper.theatre()
    other.name = one.name
    assert refused(
        keeper.UpdateTheatre, theatre=other, update_mask=FieldMask(paths=["name"])) == taken
    movie = catalog_pb2.Movie(title=f"Ice {new_id()}", duration_minutes=90)
    made = keeper.CreateMovie(movie=movie).movie
    found = refusal(keeper.CreateMovie, movie=movie)
    assert (found.code, found.reason) == (grpc.StatusCode.ALREADY_EXISTS, "MOVIE_EXISTS")
    assert found.metadata["movie"] == str(made.movie_id)
    movie.release_date = "2026-02-28"
    assert keeper.CreateMovie(movie=movie).movie.movie_id > made.movie_id


def test_what_is_anothers_is_not_told_from_what_is_not_there(demo, house):
    theatre_id, hall = house.house.theatre_id, house.hall.auditorium_id
    plan = layout_pb2.LayoutPlan(seats=row("A", 0, 2))
    with manager(demo) as other:
        calls = {
            "UpdateTheatre": lambda id: dict(
                theatre={"theatre_id": id, "name": "x"}, update_mask=FieldMask(paths=["name"])),
            "GetOwnTheatre": lambda id: dict(theatre_id=id),
            "CreateAuditorium": lambda id: dict(theatre_id=id, name="x"),
            "ListAuditoriums": lambda id: dict(theatre_id=id),
            "RenameAuditorium": lambda id: dict(auditorium_id=id, name="x"),
            "ImportLayout": lambda id: dict(auditorium_id=id, layout=plan),
            "GetLayout": lambda id: dict(auditorium_id=id),
            "ListLayoutVersions": lambda id: dict(auditorium_id=id),
        }
        told = set()
        for method, fields in calls.items():
            own = hall if "auditorium_id" in fields(0) else theatre_id
            for id in (own, 1 << 40, 0, -1):
                found = refusal(getattr(other, method), **fields(id))
                assert (found.code, found.reason) == DENIED, method
                told.add((found.message, str(found.metadata)))
        assert len(told) == 1
        assert other.ListOwnTheatres().theatres == []
        assert refused(
            other.theatre, partner_id=house.partner_id) == INVALID
    with manager(demo, theatre_ids=[theatre_id]) as limited:
        assert refused(limited.theatre) == DENIED


def test_an_operator_runs_everybodys(demo, house):
    with demo.partner(None) as connection:
        operator = Manager(connection.channel, demo.other_key)
        assert operator.GetOwnTheatre(theatre_id=house.house.theatre_id).theatre == house.house
        for_them = operator.theatre(partner_id=house.partner_id)
        assert for_them.partner_id == house.partner_id
        assert operator.theatre().partner_id == 0
        not_there = (grpc.StatusCode.NOT_FOUND, "THEATRE_NOT_FOUND")
        assert refused(operator.GetOwnTheatre, theatre_id=1 << 40) == not_there
        assert refused(operator.GetLayout, auditorium_id=1 << 40) == (
            grpc.StatusCode.NOT_FOUND, "AUDITORIUM_NOT_FOUND")
        found = refusal(operator.theatre, partner_id=1 << 40)
        assert found.fields == ["theatre.partner_id"]


LONG = {"address": 201, "postal_code": 21, "name": 121, "time_zone": 65}
THEATRES = [
    ({"name": ""}, "name"), ({"name": "a\nb"}, "name"), ({"time_zone": ""}, "time_zone"),
    ({"time_zone": "Mars/Olympus"}, "time_zone"), ({"latitude": 90.01}, "latitude"),
    ({"time_zone": "EST"}, "time_zone"), ({"time_zone": "europe/brussels"}, "time_zone"),
    ({"time_zone": "posix/Europe/Brussels"}, "time_zone"),
    ({"time_zone": "CET-1CEST,M3.5.0,M10.5.0/3"}, "time_zone"),
    ({"latitude": float("nan")}, "latitude"), ({"longitude": -180.01}, "longitude"),
    ({"city": {}}, "city"), ({"city": {"city_id": 1, "name": "Troll"}}, "city"),
    ({"city": {"city_id": 1 << 40}}, "city.city_id"),
    ({"city": {"name": "Troll", "country_code": "aq"}}, "city.country_code"),
    ({"city": {"name": "Troll", "country_code": "XX"}}, "city.country_code"),
    ({"city": {"name": "Troll" * 25, "country_code": "AQ"}}, "city.name"),
    ({"city": {"name": "Troll", "region": "x" * 121, "country_code": "AQ"}}, "city.region"),
    ({"policies": {"hold_minutes": 0}}, "policies.hold_minutes"),
    ({"policies": {"hold_minutes": 16}}, "policies.hold_minutes"),
    ({"policies": {"seats_per_customer": 11}}, "policies.seats_per_customer"),
    ({"policies": {"orphan_rule": 4}}, "policies.orphan_rule"),
    ({"policies": {"refund_basis_points": 10_001}}, "policies.refund_basis_points"),
    ({"policies": {"refund_minutes_before": -1}}, "policies.refund_minutes_before"),
] + [({name: "x" * count}, name) for name, count in LONG.items()]


@pytest.mark.parametrize("fields, wrong", THEATRES)
def test_a_wrong_field_of_a_theatre_is_named(house, fields, wrong):
    found = refusal(house.CreateTheatre, theatre=theatre(**fields))
    assert (found.code, found.reason) == INVALID
    assert found.fields == [f"theatre.{wrong}"]


def test_a_theatre_that_is_refused_leaves_no_city(demo, house):
    city = f"Troll {new_id()}"
    wanted = theatre(time_zone="EST", city={"name": city, "country_code": "AQ"})
    assert refused(house.CreateTheatre, theatre=wanted) == INVALID
    assert demo.server.sql(f"select 1 from city where name = '{city}'") == []
    wanted.time_zone = "UTC"
    assert house.CreateTheatre(theatre=wanted).theatre.city.name == city


@pytest.mark.parametrize(
    "paths, fields, wrong",
    [
        ([], {}, "update_mask"), (["time_zone"], {}, "update_mask"),
        (["name"], {}, "theatre.name"), (["longitude"], {"longitude": 181}, "theatre.longitude"),
        (["policies.hold_minutes"], {}, "theatre.policies.hold_minutes"),
        (["policies.orphan_rule"], {}, "theatre.policies.orphan_rule"),
    ])
def test_a_wrong_change_of_a_theatre_is_named(house, paths, fields, wrong):
    changed = partner_pb2.OwnTheatre(**({"theatre_id": house.house.theatre_id} | fields))
    found = refusal(house.UpdateTheatre, theatre=changed, update_mask=FieldMask(paths=paths))
    assert (found.code, found.reason) == INVALID
    assert found.fields == [wrong]


MOVIES = [
    ({"movie_id": 1}, "movie_id"), ({"title": ""}, "title"), ({"title": "x" * 201}, "title"),
    ({"duration_minutes": 0}, "duration_minutes"), ({"duration_minutes": 1_001}, "duration_minutes"),
    ({"synopsis": "x" * 4_001}, "synopsis"), ({"genres": ["x"] * 2}, "genres"),
    ({"genres": [f"{n}" for n in range(21)]}, "genres"), ({"synopsis": "a\tb"}, "synopsis"),
    ({"genres": ["x" * 41]}, "genres[0]"), ({"languages": ["en_GB"]}, "languages"),
    ({"release_date": "2027-02-29"}, "release_date"), ({"certificate": "x" * 21}, "certificate"),
]


@pytest.mark.parametrize("fields, wrong", MOVIES)
def test_a_wrong_field_of_a_movie_is_named(house, fields, wrong):
    movie = catalog_pb2.Movie(**({"title": "Ice", "duration_minutes": 90} | fields))
    assert refusal(house.CreateMovie, movie=movie).fields == [f"movie.{wrong}"]


def test_of_one_movie_made_by_many_at_once_there_is_one(demo, house):
    movie = catalog_pb2.Movie(title=f"Ice {new_id()}", duration_minutes=90)
    calls = [
        house.future("CreateMovie", partner_pb2.CreateMovieRequest(movie=movie)) for _ in range(16)]
    codes = [call.code() for call in calls]
    assert sorted(codes, key=str) == [grpc.StatusCode.ALREADY_EXISTS] * 15 + [grpc.StatusCode.OK]
    assert demo.server.sql(
        f"select count(*) from movie where title = '{movie.title}'") == [("1",)]


# Layouts.


def test_a_layout_is_imported_version_by_version(keeper):
    hall = keeper.room(keeper.theatre().theatre_id).auditorium_id
    assert refused(keeper.GetLayout, auditorium_id=hall) == (
        grpc.StatusCode.NOT_FOUND, "LAYOUT_NOT_FOUND")
    first = keeper.layout(hall, row("A", 0, 4) + row("B", 1, 4), expected_version=0)
    assert (first.layout_version, first.seat_count) == (1, 8)
    assert len(first.diff.added) == 8 and first.diff.grid_changed
    numbers = {
        each.label: each.seat_number
        for each in keeper.GetLayout(auditorium_id=hall).layout.seats}
    # A1 goes, A2 moves to its place, B1 gets another tier, B2 loses its neighbourhood, C1 comes.
    seats = [seat("A2", 0, 0)] + row("A", 0, 4)[2:] + row("B", 1, 4) + [seat("C1", 0, 2)]
    seats[3].tier = "BALCONY"
    seats[4].attributes.append(common_pb2.SEAT_ATTRIBUTE_AISLE)
    tried = keeper.layout(hall, seats, dry_run=True)
    assert keeper.GetLayout(auditorium_id=hall).layout.layout_version == 1
    done = keeper.layout(hall, seats, expected_version=1)
    assert tried == done and done.layout_version == 2
    diff = done.diff
    assert (diff.added, diff.removed, diff.moved, diff.retiered, diff.altered) == (
        ["C1"], ["A1"], ["A2"], ["B1"], ["B2"])
    found = refusal(keeper.layout, hall, seats, expected_version=1)
    assert (found.code, found.reason) == (grpc.StatusCode.ABORTED, "LAYOUT_CHANGED")
    assert found.metadata == {"layout_version": "2"}
    same = keeper.layout(hall, seats)
    assert same.layout_version == 2 and same.diff == layout_pb2.LayoutDiff()
    # A chair that comes back is the chair it was.
    back = keeper.layout(hall, row("A", 0, 4) + row("B", 1, 4))
    assert back.layout_version == 3
    for version, labels in ((1, 8), (2, 8), (0, 8)):
        layout = keeper.GetLayout(auditorium_id=hall, layout_version=version).layout
        assert len(layout.seats) == labels
        for each in layout.seats:
            assert numbers.setdefault(each.label, each.seat_number) == each.seat_number
    assert len(set(numbers.values())) == len(numbers) == 9
    versions = keeper.ListLayoutVersions(auditorium_id=hall, page_size=2)
    assert [each.layout_version for each in versions.versions] == [3, 2]
    rest = keeper.ListLayoutVersions(auditorium_id=hall, page_token=versions.next_page_token)
    assert [each.layout_version for each in rest.versions] == [1]
    assert acts(keeper).count("IMPORT_LAYOUT") == 3


def test_an_auditorium_has_so_many_layouts_in_a_year(demo, keeper):
    hall = keeper.room(keeper.theatre().theatre_id).auditorium_id
    plans = [row("A", 0, 2), row("B", 0, 2)]
    for version in range(1, 101):
        assert keeper.layout(hall, plans[version % 2]).layout_version == version
    for wanted in ({}, {"dry_run": True}):
        found = refusal(keeper.layout, hall, plans[1], **wanted)
        assert (found.code, found.reason) == (
            grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY_LAYOUTS")
        assert found.metadata == {"layouts": "100"}
    # What it is already is no other.
    assert keeper.layout(hall, plans[0]).layout_version == 100
    demo.server.sql(
        "update layout set created_at = created_at - interval '366 days'"
        f" where auditorium_id = {hall} and layout_version = 1")
    assert keeper.layout(hall, plans[1]).layout_version == 101
    # And each label the number that it had at first.
    assert demo.server.sql(
        f"select count(distinct seat_no) from layout_seat where auditorium_id = {hall}") == [("4",)]


A = row("A", 0, 3)
LAYOUTS = [
    ({"seats": []}, ["layout.seats"]),
    ({"seats": A + [seat("A1", 5, 5)]}, ["layout.seats[3].label"]),
    ({"seats": A + [seat("B1", 1, 0)]}, ["layout.seats[3]"]),
    ({"seats": [seat("A 1", 0, 0)]}, ["layout.seats[0].label"]),
    ({"seats": [seat("x" * 17, 0, 0)]}, ["layout.seats[0].label"]),
    ({"seats": [seat("A1", 0, 0, tier="")]}, ["layout.seats[0].tier"]),
    ({"seats": [seat("A1", 0, 0, row="a\tb")]}, ["layout.seats[0].row"]),
    ({"seats": [seat("A1", -1, 500)]}, ["layout.seats[0].x", "layout.seats[0].y"]),
    ({"seats": A, "columns": 2}, ["layout.seats[2].x"]),
    ({"seats": A, "columns": 501, "lines": -1}, ["layout.columns", "layout.lines"]),
    ({"seats": A, "focal_point": {"x_hundredths": -1, "y_hundredths": 49_901}},
     ["layout.focal_point.x_hundredths", "layout.focal_point.y_hundredths"]),
    ({"seats": [seat("A1", 0, 0, attributes=[1, 1])]}, ["layout.seats[0].attributes"]),
    ({"seats": [seat("A1", 0, 0, attributes=[9])]}, ["layout.seats[0].attributes"]),
    ({"seats": [seat(f"A{x}", x, 0, tier=f"T{x}") for x in range(33)]}, ["layout.seats"]),
    ({"seats": [seat("A1", 0, 0)] * 20}, None),
]


@pytest.mark.parametrize("plan, wrong", LAYOUTS)
def test_every_fault_of_a_layout_is_named(house, plan, wrong):
    found = refusal(
        house.ImportLayout, auditorium_id=house.hall.auditorium_id, dry_run=True,
        layout=layout_pb2.LayoutPlan(**plan))
    assert (found.code, found.reason) == INVALID
    if wrong is None:
        # More than fit are counted.
        assert len(found.fields) == 16 and found.fields[-1] == "layout"
    else:
        assert found.fields == wrong


def test_of_two_imports_at_once_one_is_told_of_the_other(keeper):
    hall = keeper.room(keeper.theatre().theatre_id).auditorium_id
    keeper.layout(hall, row("A", 0, 4))
    calls = [
        keeper.future("ImportLayout", layout_pb2.ImportLayoutRequest(
            auditorium_id=hall, layout=layout_pb2.LayoutPlan(seats=row("A", 0, count)),
            expected_version=1)) for count in range(5, 13)]
    told = [call.exception() and Refusal(call.exception()).reason for call in calls]
    assert sorted(told, key=str) == ["LAYOUT_CHANGED"] * 7 + [None]
    assert keeper.GetLayout(auditorium_id=hall).layout.layout_version == 2


def test_a_hundred_thousand_seats_are_refused_clearly(house):
    seats = [seat(f"A{index}", index % 500, index // 500) for index in range(100_000)]
    found = refusal(house.layout, house.hall.auditorium_id, seats)
    assert (found.code, found.reason, found.fields) == (*INVALID, ["layout.seats"])
    assert "20000" in found.message and "100000" in found.message


def test_large_halls(keeper):
    hall = keeper.room(keeper.theatre().theatre_id).auditorium_id
    seats = [seat(f"A{index}", index % 500, index // 500) for index in range(20_000)]
    assert keeper.layout(hall, seats, dry_run=True).seat_count == 20_000
    assert keeper.layout(hall, seats[:2_000]).seat_count == 2_000
    assert len(keeper.GetLayout(auditorium_id=hall).layout.seats) == 2_000


# The command line.

DRAWING = {
    "tiers": {"s": "STALLS", "b": "BALCONY"}, "accessible_tier": "STALLS", "numbering": "left",
    "rows": ["A wc.ss|sss", "B ssss|ssss", "", "C bbbb|bbBb"]}


@pytest.fixture
def cli(demo, house, tmp_path):
    cli = CommandLine(demo, tmp_path)
    cli.environment["USHER_TOKEN"] = house.key
    return cli


def test_a_house_by_the_command_line_alone(cli, tmp_path):
    name = f"Odeon {new_id()}"
    said, following = cli.run(
        "partner", "theatre", "create", name, "--city", "Troll", "--country", "AQ", "--time-zone",
        "Antarctica/Troll", "--at", "-72.0,2.5", "--refund-percent", "80", "--orphan-rule", "prefer")
    number = said.split(",")[0].split()[1]
    assert following.strip().startswith(f"next: usher partner auditorium create {number}")
    assert any(name in line for line in cli.run("partner", "theatres"))
    cli.run("partner", "theatre", "update", number, "--hold-minutes", 7)
    hall = cli.json("partner", "auditorium", "create", number, "Hall")[0]["auditorium"]
    hall = hall["auditoriumId"]
    cli.run("partner", "auditorium", "rename", hall, "Great Hall")
    drawn = tmp_path / "hall.json"
    drawn.write_text(json.dumps(DRAWING))
    tried = cli.run("partner", "layout", "import", hall, drawn, "--dry-run")
    assert tried[0] == "Version 1 would be made, with 23 seats."
    cli.run("partner", "layout", "import", hall, drawn, "--expect", 0)
    assert cli.run("partner", "layout", "import", hall, drawn) == [
        "Nothing changes: this is version 1."]
    picture = cli.run("partner", "layout", "show", hall)
    assert picture[0] == f"Auditorium {hall}, layout version 1, 23 seats"
    assert picture[-2:] == ["BALCONY: 8 seats", "STALLS: 15 seats"]
    layout = cli.json("partner", "layout", "show", hall)[0]["layout"]
    seats = {each["label"]: each for each in layout["seats"]}
    assert seats["A1"]["attributes"] == ["SEAT_ATTRIBUTE_WHEELCHAIR"]
    assert seats["C7"]["attributes"] == ["SEAT_ATTRIBUTE_RESTRICTED_VIEW"]
    # The same seats one by one.
    listed = [
        {key: each[key] for key in ("label", "row", "x", "y", "tier", "attributes") if key in each}
        for each in layout["seats"]]
    (tmp_path / "list.json").write_text(json.dumps({"seats": listed}))
    assert "Nothing changes" in cli.run("partner", "layout", "import", hall, tmp_path / "list.json")[0]
    assert len(cli.run("partner", "layout", "versions", hall)) == 2
    shown = cli.run("partner", "theatre", "show", number)
    assert "holds 7 minutes" in shown[2] and "gives back 80 %" in shown[3]
    assert shown[-1].split() == [hall, "Great", "Hall", "1", "23"]
    assert len(cli.run("partner", "auditorium", "list", number)) == 2
    movie = cli.run("partner", "movie", "create", f"Ice {new_id()}", "--minutes", 95)
    assert movie[0].startswith("Movie ")


@pytest.mark.parametrize(
    "text, told",
    [
        ("{", "this is not JSON"), ("[]", "an object with 'rows' or with 'seats' is wanted"),
        ('{"rows": ["A ss"]}', "tiers is missing"),
        ('{"rows": ["A s", 7], "tiers": {}}', "rows[1]"),
        ('{"rows": ["A ss", "B s s"], "tiers": {"s": "S"}}', "rows[1]: a row is a label"),
        ('{"rows": ["A sq"], "tiers": {"s": "S"}}', "no tier has the letter 'q' of place 2"),
        ('{"rows": ["A sw"], "tiers": {"s": "S"}}', "needs an accessible_tier"),
        ('{"rows": ["A s"], "tiers": {"s": "S"}, "focal": [1]}', "focal"),
        ('{"seats": [{"labell": "A1"}]}', "a field that the message does not have"),
    ])
def test_a_file_that_is_no_layout_is_refused_with_its_fault(cli, house, tmp_path, text, told):
    (tmp_path / "bad.json").write_text(text)
    command = cli.start(
        "partner", "layout", "import", house.hall.auditorium_id, tmp_path / "bad.json")
    first, hint = command.errors(64)
    assert told in first and "FILES.md" in hint


def test_a_refused_layout_is_told_with_every_fault(cli, house, tmp_path):
    (tmp_path / "twice.json").write_text(
        json.dumps({"rows": ["A ss", "A ss"], "tiers": {"s": "S"}}))
    lines = cli.start(
        "partner", "layout", "import", house.hall.auditorium_id, tmp_path / "twice.json").errors(64)
    assert lines[0] == (
        "usher: layout.seats[2].label: must be no other's: A1 is seats[0] too")
    assert lines[1].strip() == "reason: INVALID_FIELDS"
    assert any("A2 is seats[1] too" in line for line in lines)
    missing = cli.start("partner", "layout", "import", 1, tmp_path / "nowhere.json").errors(64)
    assert "cannot read the layout" in missing[0]
    assert cli.start("partner", "theatre", "show", 1).errors(4)[1].strip() == (
        "reason: THEATRE_NOT_GRANTED")
