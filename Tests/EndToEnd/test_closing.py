"""Theatres and auditoriums that are no more: in no list, of no use, and never while somebody needs them."""

import subprocess

import grpc
import pytest

from command_line import PROGRAM, CommandLine
from houses import Manager, acts, manager, row, show
from partner import Refusal, new_id, refusal
from test_operators import DENIED, refused
from usher.v1 import catalog_pb2, partner_pb2
from usherd import wait_until

IN_USE = (grpc.StatusCode.FAILED_PRECONDITION, "SHOWS_TO_COME")
DAY = "2027-02-01"


@pytest.fixture
def keeper(demo):
    with manager(demo) as keeper:
        yield keeper


@pytest.fixture
def house(keeper):
    """A theatre in a city of its own, with a room of ten seats."""
    house = keeper.theatre(city={"name": f"Troll {new_id()}", "country_code": "AQ"})
    keeper.hall = keeper.room(house.theatre_id).auditorium_id
    keeper.layout(keeper.hall, row("A", 0, 10))
    return house


def listed(partner, house):
    """Where customers find the theatre: by city, around its place, and the city among all."""
    city_id = house.city.city_id
    here = catalog_pb2.FindTheatresRequest(
        latitude=house.latitude, longitude=house.longitude, page_size=200)
    cities, token = [], ""
    while True:
        page = partner.catalog.ListCities(catalog_pb2.ListCitiesRequest(page_token=token))
        cities += page.cities
        token = page.next_page_token
        if not token:
            break
    return (
        [each.theatre_id for each in partner.catalog.ListTheatres(
            catalog_pb2.ListTheatresRequest(city_id=city_id)).theatres],
        [each.theatre.theatre_id for each in partner.catalog.FindTheatres(here).theatres
         if each.theatre.city_id == city_id],
        [each.theatre_count for each in cities if each.city_id == city_id])


def test_a_closed_theatre_is_nowhere(demo, partner, keeper, house):
    id = house.theatre_id
    assert listed(partner, house) == ([id], [id], [1])
    other = keeper.theatre(city={"city_id": house.city.city_id})
    keeper.CloseTheatre(theatre_id=other.theatre_id)
    assert listed(partner, house) == ([id], [id], [1])
    keeper.CloseTheatre(theatre_id=id)
    assert listed(partner, house) == ([], [], [])
    assert not keeper.ListOwnTheatres().theatres
    for call in (
            lambda: keeper.GetOwnTheatre(theatre_id=id), lambda: keeper.room(id, "Screen 2"),
            lambda: keeper.ListAuditoriums(theatre_id=id),
            lambda: keeper.GetLayout(auditorium_id=keeper.hall),
            lambda: keeper.rows(id, show("new", f"{DAY}T20:00")),
            lambda: keeper.CloseAuditorium(auditorium_id=keeper.hall)):
        assert refused(call) == DENIED
    with demo.partner(None) as connection:
        operator = Manager(connection.channel, demo.other_key)
        for call in (
                lambda: operator.GetOwnTheatre(theatre_id=id), lambda: operator.room(id, "Screen 2")):
            assert refused(call) == (grpc.StatusCode.NOT_FOUND, "THEATRE_NOT_FOUND")
    assert acts(keeper)[-2:] == ["CLOSE_THEATRE", "CLOSE_THEATRE"]
    again = keeper.theatre(name=house.name, city={"city_id": house.city.city_id})
    assert again.theatre_id != id
    assert listed(partner, house)[0] == [again.theatre_id]


def test_a_closed_auditorium_is_nowhere(keeper, house):
    id = house.theatre_id
    second = keeper.room(id, "Screen 2")
    keeper.CloseAuditorium(auditorium_id=keeper.hall)
    assert list(keeper.ListAuditoriums(theatre_id=id).auditoriums) == [second]
    assert keeper.GetOwnTheatre(theatre_id=id).theatre.screen_count == 1
    assert refused(keeper.RenameAuditorium, auditorium_id=keeper.hall, name="x") == DENIED
    # Neither by its name nor by its id has it shows.
    for fields in ({}, {"auditorium": "", "auditorium_id": keeper.hall}):
        result, = keeper.rows(id, show("new", f"{DAY}T20:00", **fields))
        assert Refusal.of(result.error).reason == "AUDITORIUM_NOT_FOUND"
    again = keeper.room(id)
    assert again.auditorium_id != keeper.hall
    keeper.layout(again.auditorium_id, row("A", 0, 3))
    result, = keeper.rows(id, show("new", f"{DAY}T20:00"))
    assert result.show_id


def test_whoever_lost_the_answer_closes_again(demo, keeper, house):
    spare = keeper.room(house.theatre_id, "Screen 2").auditorium_id
    with manager(demo) as stranger, demo.partner(None) as door:
        limited = keeper.operator.CreateApiKey(
            partner_id=keeper.partner_id, scopes=["manage"],
            theatre_ids=[keeper.theatre().theatre_id]).secret
        operator = Manager(door.channel, demo.other_key)
        for method, fields in (
                ("CloseAuditorium", {"auditorium_id": spare}),
                ("CloseTheatre", {"theatre_id": house.theatre_id}),
                ("CloseAuditorium", {"auditorium_id": spare})):
            for who in (keeper, keeper, operator):
                getattr(who, method)(**fields)
            for who in (stranger, Manager(door.channel, limited)):
                assert refused(getattr(who, method), **fields) == DENIED
        # Closed with its theatre, and not by itself.
        assert refused(keeper.CloseAuditorium, auditorium_id=keeper.hall) == DENIED
        for method, fields, reason in (
                ("CloseTheatre", {"theatre_id": 1 << 40}, "THEATRE_NOT_FOUND"),
                ("CloseAuditorium", {"auditorium_id": 1 << 40}, "AUDITORIUM_NOT_FOUND")):
            assert refused(getattr(keeper, method), **fields) == DENIED
            assert refused(getattr(operator, method), **fields)[1] == reason
    assert acts(keeper)[-2:] == ["CLOSE_AUDITORIUM", "CLOSE_THEATRE"]


def test_a_closed_theatre_does_not_say_where_a_postal_code_is(partner, keeper):
    here = keeper.theatre(postal_code="QX 901", latitude=-72.0).theatre_id
    there = keeper.theatre(postal_code="QX 905", latitude=-74.0).theatre_id

    def found(code):
        page = partner.catalog.FindTheatres(catalog_pb2.FindTheatresRequest(
            postal_code=code, country_code="AQ", within_metres=10_000, page_size=200))
        return [each.theatre.theatre_id for each in page.theatres
                if each.theatre.theatre_id in (here, there)]

    assert found("QX 901") == [here]
    keeper.CloseTheatre(theatre_id=here)
    # As far as it is like that of the other.
    assert found("QX 901") == [there]
    keeper.CloseTheatre(theatre_id=there)
    request = catalog_pb2.FindTheatresRequest(postal_code="QX 905", country_code="AQ")
    assert refusal(partner.catalog.FindTheatres, request).fields == ["postal_code"]


def test_shows_to_come_are_in_the_way(demo, keeper, house):
    id = house.theatre_id
    spare = keeper.room(id, "Screen 2").auditorium_id
    result, = keeper.rows(id, show("new", f"{DAY}T20:00"))
    for call in (
            lambda: keeper.CloseTheatre(theatre_id=id),
            lambda: keeper.CloseAuditorium(auditorium_id=keeper.hall)):
        found = refusal(call)
        assert (found.code, found.reason) == IN_USE and found.metadata["shows"] == "1"
        assert found.message == "There is 1 show to come, or with seats held."
    keeper.rows(id, show("second", f"{DAY}T23:00"))
    found = refusal(keeper.CloseTheatre, theatre_id=id)
    assert found.message == "There are 2 shows to come, or with seats held."
    keeper.rows(id, show("second", f"{DAY}T23:00", sales_state=4))
    keeper.CloseAuditorium(auditorium_id=spare)
    keeper.rows(id, show("new", f"{DAY}T20:00", sales_state=4))
    keeper.CloseTheatre(theatre_id=id)
    assert acts(keeper)[-1] == "CLOSE_THEATRE"


def test_held_seats_are_in_the_way(demo, keeper, house):
    result, = keeper.rows(house.theatre_id, show("new", f"{DAY}T20:00", sales_state=2))
    with demo.partner(keeper.key) as seller:
        held = seller.hold(result.show_id, ["A1"])
        demo.server.sql(
            "update show set during = tstzrange(now() - interval '2 h', now() - interval '1 s')"
            f" where show_id = {result.show_id}")
        assert refused(keeper.CloseTheatre, theatre_id=house.theatre_id) == IN_USE
        # Over for its buyer, and not for the seller yet.
        demo.server.sql(
            "with over as (update booking set hold_until = clock_timestamp() - interval '1 s'"
            f" where booking_id = '{held.booking_id}' returning booking_id, hold_until)"
            " update show_seat h set hold_until = o.hold_until from over o"
            " where h.booking_id = o.booking_id")
        assert refused(keeper.CloseTheatre, theatre_id=house.theatre_id) == IN_USE
        seller.release(held.booking_id)
    keeper.CloseTheatre(theatre_id=house.theatre_id)


def test_nobody_puts_a_show_on_while_it_closes(demo, keeper, house):
    """Who does so at the same time is seen."""
    id = house.theatre_id
    session = demo.server.open_transaction(
        f"do $$ begin perform from theatre where theatre_id = {id} for key share;"
        f" perform create_show({keeper.hall}, 2::smallint, null, 'Ice', '', '',"
        " now() + interval '1 day', now() + interval '26 hours', 'NOK', '{STALLS}', '{9000}');"
        " end $$")
    closing = keeper.future("CloseTheatre", partner_pb2.CloseTheatreRequest(theatre_id=id))
    wait_until(lambda: demo.server.sql(
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%close_house%'"))
    session.communicate("commit;", timeout=30)
    with pytest.raises(grpc.RpcError) as error:
        closing.result()
    assert Refusal(error.value).reason == "SHOWS_TO_COME"


def test_closing_by_the_command_line(demo, keeper, house, own_folder):
    cli = CommandLine(demo, own_folder)
    cli.environment["USHER_TOKEN"] = keeper.key
    hall, id = keeper.hall, house.theatre_id
    # Who sits at a terminal is asked, and told which one it is.
    asked = subprocess.run(
        ["script", "-qec", f"{PROGRAM} partner theatre close {id}", "/dev/null"],
        env=cli.environment, input="n\n", capture_output=True, text=True, timeout=60)
    assert asked.returncode == 2, asked.stdout
    assert f"Close theatre {id} ({house.name}, {house.city.name}) for good? [y/N] " in asked.stdout
    keeper.rows(id, show("new", f"{DAY}T20:00"))
    remarks = cli.start("partner", "theatre", "close", id).errors(1)
    assert "  reason: SHOWS_TO_COME" in remarks and f"  next: usher shows --theatre {id}" in remarks
    assert "Ice" in cli.run("shows", "--theatre", id)[1]
    keeper.rows(id, show("new", f"{DAY}T20:00", sales_state=4))
    assert cli.run("partner", "auditorium", "close", hall) == [f"Auditorium {hall} is closed."]
    assert cli.run("partner", "theatre", "close", id) == [f"Theatre {id} is closed."]
    assert not keeper.ListOwnTheatres().theatres
