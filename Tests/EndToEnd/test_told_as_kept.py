"""What partners keep, as readers are told it: theatres, kinds of shows, seats with what is special about them;
and lists that stay whole while they change."""

import datetime
import threading

import grpc
import pytest

from houses import manager, row, seat, show
from partner import FREE, Refusal, new_id
from usher.v1 import catalog_pb2, common_pb2, partner_pb2, schedule_pb2

DAY = (datetime.date.today() + datetime.timedelta(days=200)).isoformat()
CREATED = schedule_pb2.ROW_OUTCOME_CREATED
FILM, PLAY, CONCERT, OTHER = (
    catalog_pb2.SHOW_KIND_FILM, catalog_pb2.SHOW_KIND_PLAY, catalog_pb2.SHOW_KIND_CONCERT,
    catalog_pb2.SHOW_KIND_OTHER)


@pytest.fixture
def keeper(demo):
    with manager(demo) as keeper:
        yield keeper


@pytest.fixture
def reader(demo):
    with demo.partner(None) as reader:
        yield reader


def theatres(reader, **fields):
    return list(reader.catalog.ListTheatres(
        catalog_pb2.ListTheatresRequest(page_size=200, **fields), timeout=20).theatres)


def near(reader, latitude, longitude, **fields):
    return [(one.theatre.theatre_id, one.distance_metres) for one in reader.catalog.FindTheatres(
        catalog_pb2.FindTheatresRequest(latitude=latitude, longitude=longitude, **fields),
        timeout=20).theatres]


# MARK: Theatres

def test_a_theatre_is_told_as_it_was_made(keeper, reader):
    city = {"name": f"Troll {new_id()}", "region": "Queen Maud Land", "country_code": "AQ"}
    code = f"AQ{new_id()[:6]}".upper()
    made = keeper.theatre(
        city=city, address="1 Ice Street", postal_code=code, latitude=-72.011389,
        longitude=2.535, time_zone="Antarctica/Troll")
    rooms = [keeper.room(made.theatre_id, name).auditorium_id for name in ("One", "Two")]
    told, = theatres(reader, postal_code=code)
    wanted = catalog_pb2.Theatre(
        theatre_id=made.theatre_id, city_id=made.city.city_id, city_name=city["name"],
        name=made.name, address="1 Ice Street", postal_code=code, time_zone="Antarctica/Troll",
        latitude=-72.011389, longitude=2.535, screen_count=len(rooms))
    assert told == wanted
    assert (made.theatre_id, 0) in near(reader, -72.011389, 2.535, page_size=200)
    cities = {}
    for page in pages(reader.catalog.ListCities, catalog_pb2.ListCitiesRequest(page_size=200)):
        cities |= {each.city_id: each for each in page.cities}
    mine = cities[made.city.city_id]
    assert (mine.name, mine.region, mine.country_code, mine.theatre_count) == (
        city["name"], city["region"], "AQ", 1)
    # A change of each counts at once, wherever it is told.
    changed = partner_pb2.OwnTheatre(
        theatre_id=made.theatre_id, name=f"New {made.name}", address="2 Ice Street",
        postal_code=f"{code}9", latitude=-73, longitude=3)
    fields = ["name", "address", "postal_code", "latitude", "longitude"]
    keeper.UpdateTheatre(theatre=changed, update_mask={"paths": fields})
    for field in fields:
        setattr(wanted, field, getattr(changed, field))
    assert theatres(reader, postal_code=code) == []
    assert theatres(reader, postal_code=f"{code}9") == [wanted]
    assert wanted in theatres(reader, city_id=made.city.city_id)
    assert near(reader, -73, 3, within_metres=1) == [(made.theatre_id, 0)]


def pages(call, request):
    while True:
        page = call(request, timeout=20)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def test_pages_neither_repeat_nor_lose_when_the_list_changes(keeper, reader):
    """Theatres come before what was read and behind it, between two pages; all others are told once."""
    own = {"name": f"Paged {new_id()}", "country_code": "AQ"}
    first = keeper.theatre(city=own, name="B")
    city_id = first.city.city_id
    made = {"B": first.theatre_id} | {
        name: keeper.theatre(city={"city_id": city_id}, name=name).theatre_id
        for name in ("C", "D", "E", "F", "G")}
    request = catalog_pb2.ListTheatresRequest(city_id=city_id, page_size=2)
    told = []
    for number, page in enumerate(pages(reader.catalog.ListTheatres, request)):
        assert len(page.theatres) <= 2
        told += [each.name for each in page.theatres]
        if number == 0:
            keeper.theatre(city={"city_id": city_id}, name="A")
            keeper.UpdateTheatre(
                theatre=partner_pb2.OwnTheatre(theatre_id=made["F"], name="H"),
                update_mask={"paths": ["name"]})
            keeper.UpdateTheatre(
                theatre=partner_pb2.OwnTheatre(theatre_id=made["B"], name="AA"),
                update_mask={"paths": ["name"]})
    assert told == ["B", "C", "D", "E", "G", "H"]
    assert [each.name for each in theatres(reader, city_id=city_id)] == [
        "A", "AA", "C", "D", "E", "G", "H"]


def test_theatres_in_one_place_come_by_id_page_by_page(keeper, reader):
    place = {"latitude": -75.5, "longitude": 11.25}
    made = [keeper.theatre(**place).theatre_id for _ in range(4)]
    request = catalog_pb2.FindTheatresRequest(within_metres=1, page_size=1, **place)
    told = [
        one.theatre.theatre_id
        for page in pages(reader.catalog.FindTheatres, request) for one in page.theatres]
    assert told == made == sorted(made)


# MARK: Shows

def house(keeper, *seats):
    """A theatre with a hall of these seats; the theatre's and the hall's ids."""
    theatre_id = keeper.theatre().theatre_id
    hall = keeper.room(theatre_id).auditorium_id
    keeper.layout(hall, list(seats) or row("A", 0, 10))
    return theatre_id, hall


def test_shows_of_every_kind_are_told_as_what_they_are(keeper, reader):
    here, _ = house(keeper)
    movie = keeper.CreateMovie(
        movie=catalog_pb2.Movie(title=f"Ice {new_id()}", duration_minutes=95)).movie
    titles = {FILM: movie.title} | {kind: f"Fire {kind} {new_id()}" for kind in (PLAY, CONCERT, OTHER)}
    results = keeper.rows(here, *[
        show(f"kind-{kind}", f"{DAY}T{10 + 3 * kind:02}:00", kind=kind, title=title,
             duration_minutes=0 if kind == FILM else 90)
        for kind, title in titles.items()])
    assert [result.outcome for result in results] == [CREATED] * 4
    for result, (kind, title) in zip(results, titles.items()):
        told = reader.catalog.GetShow(
            catalog_pb2.GetShowRequest(show_id=result.show_id), timeout=20).show
        assert (told.kind, told.title) == (kind, title)
        assert told.movie_id == (movie.movie_id if kind == FILM else 0)
    listed = list(reader.shows(theatre_id=here))
    assert [(each.kind, each.title) for each in listed] == list(titles.items())
    # What is no film is in no list of movies.
    movies = reader.catalog.ListMovies(
        catalog_pb2.ListMoviesRequest(theatre_id=here), timeout=20).movies
    assert [each.movie_id for each in movies] == [movie.movie_id]
    for kind in (PLAY, CONCERT, OTHER):
        found = reader.catalog.SearchMovies(
            catalog_pb2.SearchMoviesRequest(text=titles[kind]), timeout=20).movies
        assert titles[kind] not in [each.title for each in found]


def test_of_many_uploads_for_one_room_and_time_one_is_taken(keeper):
    """Each under a reference of its own: they meet nowhere but in the room."""
    here, _ = house(keeper)
    results, together = [], threading.Barrier(8)

    def upload(number):
        together.wait(30)
        try:
            results.extend(keeper.rows(here, show(f"row-{number}", f"{DAY}T{10 + number % 2}:00")))
        except grpc.RpcError as error:
            results.append(error.code())

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    made = [each for each in results if getattr(each, "outcome", None) == CREATED]
    others = [Refusal.of(each.error) for each in results if each not in made]
    assert len(made) == 1 and len(others) == 7
    for each in others:
        assert each.reason == "SHOW_OVERLAPS"
        assert each.metadata == {"show": str(made[0].show_id)}


# MARK: Seats

ATTRIBUTES = [
    common_pb2.SEAT_ATTRIBUTE_AISLE, common_pb2.SEAT_ATTRIBUTE_WHEELCHAIR,
    common_pb2.SEAT_ATTRIBUTE_COMPANION, common_pb2.SEAT_ATTRIBUTE_RESTRICTED_VIEW]


def test_seats_are_told_as_the_layout_has_them(demo, keeper, reader):
    seats = [seat(f"A{1 + x}", 2 * x, 0, attributes=[each]) for x, each in enumerate(ATTRIBUTES)]
    seats += [seat("B1", 0, 1, attributes=ATTRIBUTES), seat("B2", 7, 1, "GOLD")]
    here, _ = house(keeper, *seats)
    result, = keeper.rows(here, show("one", f"{DAY}T20:00", prices=[
        {"tier": tier, "minor_units": 9000} for tier in ("STALLS", "GOLD")]))
    wanted = {each.label: (each.row, each.x, each.y, each.tier, sorted(each.attributes))
              for each in seats}

    def told(seats):
        return {each.label: (each.row, each.x, each.y, each.tier, sorted(each.attributes))
                for each in seats}

    layout = reader.catalog.GetShow(
        catalog_pb2.GetShowRequest(show_id=result.show_id), timeout=20).layout
    assert told(layout.seats) == wanted
    # All of them to be had.
    version, states = reader.map(result.show_id)
    assert states == dict.fromkeys(wanted, FREE)
    stream = reader.watch(result.show_id)
    snapshot = next(stream).snapshot
    stream.cancel()
    assert {each.label: each.state for each in snapshot.seats} == states
    assert snapshot.version == version
    # One row per seat, once somebody has touched one.
    with demo.partner(demo.partner_key) as seller:
        seller.release(seller.hold(result.show_id, ["B1"]).booking_id)
    assert demo.server.sql(
        "select count(*), count(distinct seat_no), count(distinct state) from show_seat"
        f" where show_id = {result.show_id}") == [(str(len(wanted)),) * 2 + ("1",)]
