"""What a customer may like, and why: from bookings and ratings of its own, and from what others book."""

import grpc
import pytest

from conftest import Demo
from command_line import CommandLine
from partner import new_id, refusal
from test_movies import CAST, CREW, Keeper
from test_reviews import Writer
from usher.v1 import booking_pb2
from usher.v1 import recommendation_pb2 as api
from usher.v1 import recommendation_pb2_grpc
from usherd import Folder, Usherd

TOGETHER, PEOPLE_BOOKED, PEOPLE_RATED, GENRE_BOOKED, GENRE_RATED, POPULAR = (
    api.RECOMMENDATION_REASON_BOOKED_TOGETHER, api.RECOMMENDATION_REASON_PEOPLE_OF_BOOKED,
    api.RECOMMENDATION_REASON_PEOPLE_OF_RATED, api.RECOMMENDATION_REASON_GENRE_OF_BOOKED,
    api.RECOMMENDATION_REASON_GENRE_OF_RATED, api.RECOMMENDATION_REASON_POPULAR)


class House:
    """A city of the test's own, with a theatre and a movie for each purpose."""

    def __init__(self, demo, keeper):
        self.demo, self.keeper = demo, keeper
        name = new_id()
        (self.city_id,), = demo.server.sql(
            f"insert into city (name, country_code) values ('{name}', 'BE') returning city_id")
        (theatre,), = demo.server.sql(
            "insert into theatre (lane, city_id, name, time_zone, latitude, longitude)"
            f" values (7, {self.city_id}, '{name}', 'Europe/Brussels', 51, 4) returning theatre_id")
        (self.room,), = demo.server.sql(
            f"insert into auditorium (theatre_id, name) values ({theatre}, '1')"
            " returning auditorium_id")
        demo.server.sql(f"insert into layout values ({self.room}, 1, 9, 9, 0, 0)")
        demo.server.sql(
            "insert into layout_seat select {0}, 1, n, 'A' || n, 'A', n, 0, 'ALL', 0"
            " from generate_series(1, 8) n".format(self.room))
        self.days = 1
        _, self.key = keeper.house.key(0)

    def movie(self, genres=(), credits=(), is_on=True):
        movie = self.keeper.movie(movie={"genres": genres}, credits=credits).movie
        if is_on:
            self.show(movie)
        return movie

    def show(self, movie):
        self.days += 1
        (show_id,), = self.demo.server.sql(
            f"select create_show({self.room}, 1::smallint, {movie.movie_id}, '', 'nl', '',"
            f" now() + interval '{self.days} days', now() + interval '{self.days} days 1 hour',"
            " 'EUR', '{ALL}', '{1000}')")
        return int(show_id)

    def buy(self, writer, movie):
        """Holds a seat of a new show, and confirms it by a key of the house, as payments will."""
        held = writer.door.hold(self.show(movie), best=(1, ""))
        with self.demo.partner(self.key) as till:
            till.confirm(held.booking_id)


@pytest.fixture(scope="module")
def demo():
    """One of these tests' own: their cities would be in the way of those who know the town."""
    with Folder() as folder, Usherd(folder / "demo") as server:
        yield Demo(server)
        assert server.faults() == []


@pytest.fixture
def house(demo):
    with demo.partner(None) as connection:
        yield House(demo, Keeper(demo, connection.channel))


@pytest.fixture
def ada(demo):
    writer = Writer(demo, "Ada")
    yield writer
    writer.door.channel.close()


def ask(writer, house=None, **fields):
    stub = recommendation_pb2_grpc.RecommendationServiceStub(writer.door.channel)
    if house is not None:
        fields["city_id"] = int(house.city_id)
    return list(stub.GetRecommendations(
        api.GetRecommendationsRequest(**fields), timeout=30).recommendations)


def told(found):
    return [(one.movie.movie_id, one.reason, one.because_of.movie_id) for one in found]


def test_each_reason_is_told_and_the_strongest_counts(demo, house, ada):
    people = [(CAST, f"Star {new_id()}", "x"), (CREW, f"Maker {new_id()}", "Director")]
    genre, odd = f"Genre {new_id()[:8]}", f"Odd {new_id()[:8]}"
    booked = house.movie([genre], people)
    rated = house.movie([odd], [(CAST, f"Rated {new_id()}", "")])
    poor = house.movie(["Nobody's"], [(CAST, f"Poor {new_id()}", "")])
    together = house.movie([genre])
    both = house.movie([genre], [(CREW, people[0][1], "Writer"), (CAST, people[1][1], "")])
    one_of_them = house.movie([], people[:1])
    same_genre = house.movie([genre])
    like_rated = house.movie([odd])
    with_rated = house.movie([], [(CAST, rated_name(house, rated), "")])
    like_poor = house.movie(["Nobody's"])
    over = house.movie([genre], people, is_on=False)

    eve = Writer(demo, "Eve")
    for movie in (booked, together):
        house.buy(eve, movie)
    house.buy(ada, booked)
    ada.put(rated.movie_id, 7)
    ada.put(poor.movie_id, 6)

    found = ask(ada, house, count=50)
    assert told(found) == [
        (together.movie_id, TOGETHER, booked.movie_id),
        (both.movie_id, PEOPLE_BOOKED, booked.movie_id),
        (one_of_them.movie_id, PEOPLE_BOOKED, booked.movie_id),
        (with_rated.movie_id, PEOPLE_RATED, rated.movie_id),
        (same_genre.movie_id, GENRE_BOOKED, booked.movie_id),
        (like_rated.movie_id, GENRE_RATED, rated.movie_id),
        (like_poor.movie_id, POPULAR, 0),
    ], "neither what was booked, rated or is over"
    assert over.movie_id not in [one.movie.movie_id for one in ask(ada, count=50)]
    by_movie = {one.movie.movie_id: one for one in found}
    assert sorted(by_movie[both.movie_id].in_common) == sorted(name for _, name, _ in people)
    assert list(by_movie[same_genre.movie_id].in_common) == [genre]
    assert by_movie[together.movie_id].explanation.startswith(f"Because you booked {booked.title}")
    assert genre in by_movie[same_genre.movie_id].explanation
    assert by_movie[like_rated.movie_id].explanation.startswith(f"Because you liked {rated.title}")
    # The same every time, and as many as asked for.
    assert told(ask(ada, house, count=50)) == told(found)
    assert told(ask(ada, house, count=2)) == told(found)[:2]
    eve.door.channel.close()


def rated_name(house, movie):
    (name,), = house.demo.server.sql(
        f"select name from movie_credit where movie_id = {movie.movie_id}")
    return name


def test_who_has_no_history_hears_what_is_popular(demo, house, ada):
    movies = [house.movie() for _ in range(3)]
    eve = Writer(demo, "Eve")
    for movie in (movies[1], movies[1], movies[2]):
        house.buy(eve, movie)
    assert told(ask(ada, house)) == [
        (movies[1].movie_id, POPULAR, 0), (movies[2].movie_id, POPULAR, 0),
        (movies[0].movie_id, POPULAR, 0)]
    found = ask(ada)
    assert len(found) == 10 and {one.reason for one in found} == {POPULAR}
    assert all(one.explanation and not one.HasField("because_of") for one in found)
    eve.put(movies[0].movie_id, 10)
    assert told(ask(ada, house))[0][0] == movies[1].movie_id, "bookings first"
    eve.door.channel.close()


def test_what_is_only_held_is_no_history(house, ada):
    held, other = house.movie(["Held"]), house.movie(["Held"])
    ada.door.hold(house.show(held), best=(1, ""))
    assert {reason for _, reason, _ in told(ask(ada, house))} == {POPULAR}
    assert {one.movie.movie_id for one in ask(ada, house)} == {held.movie_id, other.movie_id}


def test_what_was_cancelled_again_is_no_history(demo, house, ada):
    bought, other = house.movie(["Given back"]), house.movie(["Given back"])
    house.buy(ada, bought)
    assert (other.movie_id, GENRE_BOOKED, bought.movie_id) in told(ask(ada, house))
    sale, = ada.door.booking.ListBookings(booking_pb2.ListBookingsRequest()).bookings
    ada.door.cancel(sale.booking_id)
    found = ask(ada, house)
    assert {one.reason for one in found} == {POPULAR}
    assert {one.movie.movie_id for one in found} == {bought.movie_id, other.movie_id}


def test_a_movie_that_was_booked_and_rated_is_not_recommended(house, ada):
    """Rated well or badly: it is known already, and what is like it is told by the booking."""
    seen, like = house.movie(["Seen"]), house.movie(["Seen"])
    house.buy(ada, seen)
    for rating in (2, 10):
        ada.put(seen.movie_id, rating)
        found = told(ask(ada, house))
        assert seen.movie_id not in [movie for movie, _, _ in found]
        assert like.movie_id in [movie for movie, _, _ in found]


def test_a_count_has_bounds(ada):
    for count in (-1, 51):
        found = refusal(ask, ada, count=count)
        assert (found.code, found.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["count"])
    assert ask(ada, city_id=1 << 40) == []


def test_the_command_line_recommends(demo, house, ada, tmp_path):
    movie = house.movie()
    cli = CommandLine(demo, tmp_path)
    cli.environment["USHER_TOKEN"] = ada.tokens.access_token
    (found,) = cli.json("recommendations", "--city", house.city_id)
    assert found["movie"]["movieId"] == str(movie.movie_id)
    assert found["reason"] == "RECOMMENDATION_REASON_POPULAR"
    assert "Because many see it" in cli.run("recommendations", "--city", house.city_id)[-1]
    cli.run("recommendations", "--count", "0", code=64)
