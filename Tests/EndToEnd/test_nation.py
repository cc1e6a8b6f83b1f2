"""The seed of the national platform, tiny: what the benchmark measures on can be made, is sound, and can be
walked through as its load does. `Tests/Benchmarks/run nation` is the same at size."""

import subprocess

import pytest

from partner import FREE, Partner
from serving import Serving
from usherd import BINARY, ROOT
from usher.v1 import catalog_pb2

SEED = ROOT / "Tests" / "Benchmarks" / "nation" / "nation.sql"
TOKEN = "usher_pk_nation"
SIZE = {
    "cities": 4, "theatres": 8, "seats": 60, "movies": 210, "turns": 2, "days": 2, "accounts": 50}


def connection(demo, name):
    return f"host={demo.server.data / 'postgres' / 'data'} port=5432 user=usher dbname={name}"


def run(*command, seconds=120):
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def nation(demo):
    """The database's connection string."""
    database = connection(demo, "nation")
    demo.server.sql("create database nation")
    try:
        run(BINARY, "migrate", "--database", database)
        settings = [word for pair in (SIZE | {"token": TOKEN}).items()
                    for word in ("-v", "=".join(map(str, pair)))]
        run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", database, *settings, "-f", SEED)
        yield database
    finally:
        demo.server.sql("drop database nation with (force)")


@pytest.fixture(scope="module")
def reader(demo, nation, tmp_path_factory):
    data = demo.server.data
    node = Serving(
        demo, tmp_path_factory.mktemp("nation"), certificate=data / "server.pem",
        key=data / "server.key", anonymous_reads=True)
    node.settings["database"] = nation
    with node, Partner(node.tcp, demo.authority, TOKEN) as reader:
        yield reader


def test_the_seed_is_sound(nation):
    run(BINARY, "verify", "--database", nation)
    counted = run(
        "psql", "-XAtq", nation, "-c",
        "select (select count(*) from show), (select count(*) from show_seat),"
        " (select count(*) from account)")
    shows = SIZE["theatres"] * SIZE["turns"] * SIZE["days"]
    assert counted.strip() == f"{shows}|{shows * SIZE['seats']}|{SIZE['accounts']}"


def test_a_walk_from_a_city_to_a_seat(reader):
    ask = reader.catalog
    cities = ask.ListCities(catalog_pb2.ListCitiesRequest(page_size=100)).cities
    assert [city.theatre_count for city in cities] == [2] * SIZE["cities"]
    for city in cities:
        here = list(reader.shows(city_id=city.city_id))
        assert len(here) == 2 * SIZE["turns"] * SIZE["days"]
        movies = ask.ListMovies(catalog_pb2.ListMoviesRequest(city_id=city.city_id)).movies
        assert {movie.movie_id for movie in movies} == {show.movie_id for show in here}
        show = next(reader.shows(city_id=city.city_id, movie_id=movies[0].movie_id))
        _, seats = reader.map(show.show_id)
        assert set(seats.values()) == {FREE} and len(seats) == SIZE["seats"]
    # What a load computes from numbers is what there is: see the seed's first lines.
    for show in reader.shows():
        theatre = show.theatre_id
        assert show.movie_id in {
            1 + (7 * theatre + 31 * turn) % 200 for turn in range(SIZE["turns"])}
    found = ask.SearchMovies(catalog_pb2.SearchMoviesRequest(text=movies[0].title)).movies
    assert found[0].movie_id == movies[0].movie_id


def test_a_seat_of_the_seed_is_sold(reader):
    show = next(reader.shows())
    held = reader.hold(show.show_id, best=(2, "REAR"))
    assert reader.confirm(held.booking_id).seats == held.seats
