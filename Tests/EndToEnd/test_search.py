"""Finding theatres by place and movies by words, over RPC and from the command line."""

import datetime
import math

import grpc
import pytest

import partner as partners
from command_line import CommandLine
from houses import manager, row, show
from partner import catalog_pb2, new_id, refusal

DAY = (datetime.date.today() + datetime.timedelta(days=300)).isoformat()


def metres(one, latitude, longitude):
    """Along a sphere of the earth's mean radius, by the haversine."""
    north, east = math.radians(latitude), math.radians(longitude)
    own_north, own_east = math.radians(one.latitude), math.radians(one.longitude)
    half = (
        math.sin((own_north - north) / 2) ** 2
        + math.cos(own_north) * math.cos(north) * math.sin((own_east - east) / 2) ** 2)
    return 2 * 6371008.8 * math.asin(math.sqrt(half))


def pages(call, request, field, size):
    found = []
    request.page_size = size
    while True:
        page = call(request)
        found += getattr(page, field)
        assert len(getattr(page, field)) <= size
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


@pytest.fixture(scope="module")
def theatres(demo):
    with demo.partner() as partner:
        return list(
            partner.catalog.ListTheatres(catalog_pb2.ListTheatresRequest(page_size=200)).theatres)


@pytest.fixture(scope="module")
def movies(demo):
    with demo.partner() as partner:
        return list(
            partner.catalog.ListMovies(catalog_pb2.ListMoviesRequest(page_size=200)).movies)


@pytest.mark.parametrize("place", [(52.5, 13.4), (-33.9, 151.2), (90, 0), (0, 180), (0, -180)])
def test_theatres_come_nearest_first(partner, theatres, place):
    request = catalog_pb2.FindTheatresRequest(latitude=place[0], longitude=place[1])
    found = pages(partner.catalog.FindTheatres, request, "theatres", 3)
    assert sorted(near.theatre.theatre_id for near in found) == sorted(
        theatre.theatre_id for theatre in theatres)
    assert [near.distance_metres for near in found] == sorted(
        near.distance_metres for near in found)
    for near in found:
        assert near.theatre in theatres
        assert abs(near.distance_metres - metres(near.theatre, *place)) <= 1


def test_theatres_are_found_within_a_distance_and_by_movie(partner, theatres):
    # Other tests add theatres, all in one place far away.
    centre = next(theatre for theatre in theatres if theatre.city_name != "Troll")
    place = {"latitude": centre.latitude, "longitude": centre.longitude, "page_size": 200}
    everything = partner.catalog.FindTheatres(catalog_pb2.FindTheatresRequest(**place)).theatres
    assert everything[0].theatre == centre and everything[0].distance_metres == 0
    distances = sorted({one.distance_metres for one in everything})
    limit = distances[len(distances) // 2] - 1
    near = partner.catalog.FindTheatres(
        catalog_pb2.FindTheatresRequest(**place, within_metres=limit)).theatres
    assert 0 < len(near) < len(everything)
    assert list(near) == [one for one in everything if one.distance_metres <= limit]
    movie = next(show.movie_id for show in partner.shows() if show.movie_id)
    showing = {show.theatre_id for show in partner.shows(movie_id=movie)}
    found = partner.catalog.FindTheatres(
        catalog_pb2.FindTheatresRequest(**place, movie_id=movie)).theatres
    assert {one.theatre.theatre_id for one in found} == showing


def test_theatres_are_found_by_postal_code(partner, theatres):
    code = theatres[0].postal_code
    for written in (code, code.lower(), f" {code[:2]} {code[2:]} "):
        found = partner.catalog.ListTheatres(
            catalog_pb2.ListTheatresRequest(postal_code=written)).theatres
        assert list(found) == [one for one in theatres if one.postal_code == code], written
    assert not partner.catalog.ListTheatres(
        catalog_pb2.ListTheatresRequest(postal_code="nowhere")).theatres


def test_theatres_are_found_around_a_postal_code(demo, partner):
    api = catalog_pb2
    with manager(demo) as keeper:
        places = {"TR 901": -72.0, "TR 905": -72.2, "TS 100": -74.0}
        made = {code: keeper.theatre(postal_code=code, latitude=place).theatre_id
                for code, place in places.items()}

        def found(code, **fields):
            # Others have theatres there, too.
            page = partner.catalog.FindTheatres(api.FindTheatresRequest(
                postal_code=code, country_code="AQ", page_size=200, **fields))
            return [each.theatre.theatre_id for each in page.theatres
                    if each.theatre.theatre_id in made.values()]

        near, far, last = made.values()
        assert found("tr905") == [far, near, last]
        assert found("TR 905", within_metres=10_000) == [far]
        # Between the two whose codes begin so.
        assert set(found("TR 909", within_metres=12_000)) == {near, far}
        assert found("TR 901") == [near, far, last]
    for request, field in (
            (api.FindTheatresRequest(postal_code="TR 1", latitude=1), "postal_code"),
            (api.FindTheatresRequest(postal_code="x" * 300), "postal_code"),
            (api.FindTheatresRequest(postal_code="!"), "postal_code"),
            (api.FindTheatresRequest(postal_code="TR 1", country_code="xx"), "country_code"),
            (api.FindTheatresRequest(country_code="AQ"), "country_code")):
        assert refusal(partner.catalog.FindTheatres, request).fields == [field]


def test_what_is_no_film_is_found(demo, partner):
    api = catalog_pb2
    title = f"Hamlet {new_id()[:8]}"
    with manager(demo) as keeper:
        house = keeper.theatre().theatre_id
        keeper.layout(keeper.room(house).auditorium_id, row("A", 0, 10))
        play, concert = keeper.rows(
            house, show("one", f"{DAY}T10:00", title=title),
            show("two", f"{DAY}T13:00", title=f"Songs {new_id()[:8]}", kind=3))

        def found(**fields):
            page = partner.catalog.ListShows(api.ListShowsRequest(**fields))
            return [each.show_id for each in page.shows]

        for text in (title, title.lower(), title[:-1], title.replace("ml", "lm")):
            assert found(text=text) == [play.show_id], text
        assert found(text=title, theatre_id=house, kind=2) == [play.show_id]
        assert found(text=title, kind=3) == [] == found(text="qqxqqzqq wwvww")
        assert found(theatre_id=house) == [play.show_id, concert.show_id]
        for kind, expected in ((1, []), (2, [play.show_id]), (3, [concert.show_id]), (4, [])):
            assert found(theatre_id=house, kind=kind) == expected
    for fields, field in (({"kind": 5}, "kind"), ({"kind": -1}, "kind"), ({"text": " "}, "text"),
                          ({"text": "x" * 101}, "text")):
        assert refusal(partner.catalog.ListShows, api.ListShowsRequest(**fields)).fields == [field]


def test_every_title_finds_its_movie_first(partner, movies):
    for movie in movies:
        for text in (movie.title, movie.title.upper(), movie.title[:max(3, len(movie.title) // 2)]):
            found = partner.catalog.SearchMovies(
                catalog_pb2.SearchMoviesRequest(text=text)).movies
            first = [one.title for one in found if one.title.lower().startswith(text.lower())]
            assert movie.title in first and found[0].title in first, (text, found[:3])


def slips(title):
    """A letter left out, two swapped, one doubled, in the longest word."""
    start = title.index(max(title.split(), key=len)) + 3
    yield title[:start] + title[start + 1:]
    yield title[:start] + title[start + 1] + title[start] + title[start + 2:]
    yield title[:start] + title[start] + title[start:]


def test_a_slip_of_the_pen_still_finds_the_movie(partner, movies):
    long = [one for one in movies if len(max(one.title.split(), key=len)) >= 7]
    assert len(long) >= 5
    for movie in long:
        for text in slips(movie.title):
            found = partner.catalog.SearchMovies(
                catalog_pb2.SearchMoviesRequest(text=text)).movies
            assert movie.movie_id in [one.movie_id for one in found[:3]], (text, movie.title)


def test_words_of_a_synopsis_find_the_movie(partner, movies):
    movie = movies[0]
    words = " ".join(movie.synopsis.replace(".", " ").replace(",", " ").split()[:6])
    found = partner.catalog.SearchMovies(catalog_pb2.SearchMoviesRequest(text=words)).movies
    assert movie.movie_id in [one.movie_id for one in found]
    assert not partner.catalog.SearchMovies(
        catalog_pb2.SearchMoviesRequest(text="qqxqqzqq wwvww")).movies


def test_a_search_is_paged_in_a_stable_order(partner, movies):
    request = catalog_pb2.SearchMoviesRequest(text="the")
    whole = pages(partner.catalog.SearchMovies, request, "movies", 200)
    assert len(whole) >= 3
    request = catalog_pb2.SearchMoviesRequest(text="the")
    assert pages(partner.catalog.SearchMovies, request, "movies", 1) == whole


def test_filters_narrow_movies_and_shows_down(partner, movies):
    shows = list(partner.shows())
    genre = movies[0].genres[0]
    found = partner.catalog.ListMovies(
        catalog_pb2.ListMoviesRequest(genre=genre.upper(), page_size=200)).movies
    assert list(found) == [one for one in movies if genre in one.genres]
    sample = next(show for show in shows if show.movie_id and show.format)
    language, day = sample.language, sample.local_start[:10]
    expected = {
        show.movie_id for show in shows
        if show.language == language and show.local_start[:10] == day and show.movie_id}
    found = partner.catalog.ListMovies(catalog_pb2.ListMoviesRequest(
        language=language.upper(), date=day, page_size=200)).movies
    assert {one.movie_id for one in found} == expected
    listed = list(partner.shows(language=language, format=sample.format.lower()))
    assert [show.show_id for show in listed] == [
        show.show_id for show in shows
        if show.language == language and show.format == sample.format]
    assert not list(partner.shows(language=language[:1]))
    title = next(one.title for one in movies if one.movie_id == sample.movie_id)
    for filters, fits in [
        ({"city_id": sample.city_id, "date": day, "language": language}, True),
        ({"city_id": sample.city_id, "date": "2001-01-01"}, False), ({"genre": "none"}, False),
    ]:
        found = partner.catalog.SearchMovies(
            catalog_pb2.SearchMoviesRequest(text=title, **filters)).movies
        assert (sample.movie_id in [one.movie_id for one in found]) == fits, filters


def test_bad_searches_are_refused(partner):
    api, catalog = catalog_pb2, partner.catalog
    token = catalog.SearchMovies(
        api.SearchMoviesRequest(text="the", page_size=1)).next_page_token
    for call, request, field in [
        (catalog.FindTheatres, api.FindTheatresRequest(latitude=90.1), "latitude"),
        (catalog.FindTheatres, api.FindTheatresRequest(latitude=math.nan), "latitude"),
        (catalog.FindTheatres, api.FindTheatresRequest(longitude=-math.inf), "longitude"),
        (catalog.FindTheatres, api.FindTheatresRequest(within_metres=-1), "within_metres"),
        (catalog.FindTheatres, api.FindTheatresRequest(page_size=-1), "page_size"),
        (catalog.SearchMovies, api.SearchMoviesRequest(), "text"),
        (catalog.SearchMovies, api.SearchMoviesRequest(text=" "), "text"),
        (catalog.SearchMovies, api.SearchMoviesRequest(text="x" * 101), "text"),
        # One character of 101 to whoever counts what is seen.
        (catalog.SearchMovies, api.SearchMoviesRequest(text="x" + "\u0301" * 100), "text"),
        (catalog.SearchMovies, api.SearchMoviesRequest(text="a\0b"), "text"),
        (catalog.SearchMovies, api.SearchMoviesRequest(text="a", date="someday"), "date"),
        (catalog.SearchMovies, api.SearchMoviesRequest(text="a", language="e n"), "language"),
        (catalog.ListMovies, api.ListMoviesRequest(genre="x" * 65), "genre"),
        (catalog.ListShows, api.ListShowsRequest(language="%"), "language"),
        (catalog.ListShows, api.ListShowsRequest(format="a\0"), "format"),
        (catalog.ListTheatres, api.ListTheatresRequest(postal_code="x" * 65), "postal_code"),
    ]:
        refused = partners.refusal(call, request)
        assert refused.code == grpc.StatusCode.INVALID_ARGUMENT, request
        assert refused.metadata["fields"] == field, request
    for request in [
        api.SearchMoviesRequest(text="them", page_token=token),
        api.SearchMoviesRequest(text="the", genre="a", page_token=token),
        api.SearchMoviesRequest(text="the", page_token="00"),
    ]:
        refused = partners.refusal(catalog.SearchMovies, request)
        assert refused.code == grpc.StatusCode.INVALID_ARGUMENT, request


def test_the_command_line_searches_too(demo, theatres, movies, tmp_path):
    cli = CommandLine(demo, tmp_path)
    centre = theatres[0]
    (found,) = cli.json(
        "theatres", f"--near={centre.latitude},{centre.longitude}", "--within", "1")
    assert found["theatre"]["name"] == centre.name
    assert cli.run("theatres", "--near", "-33.9,151.2", "--limit", "1")
    assert centre.name in "\n".join(
        cli.run("theatres", "--postal-code", centre.postal_code.lower()))
    (found,) = cli.json("search", movies[0].title[:5], "--limit", "1")
    assert found["title"].startswith(movies[0].title[:5])
