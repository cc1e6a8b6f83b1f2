"""Finding a show: lists, filters, pages, local times."""

import datetime
import zoneinfo

import grpc

import partner as partners
from partner import catalog_pb2


def test_the_town_is_believable(demo, partner):
    # Its theatres are the demo partner's; other tests add some of other partners.
    own = {int(row[0]) for row in demo.server.sql(
        "select theatre_id from theatre join partner using (partner_id)"
        " where partner.name = 'Demo partner'")}
    cities = partner.catalog.ListCities(catalog_pb2.ListCitiesRequest(page_size=200)).cities
    everything = partner.catalog.ListTheatres(
        catalog_pb2.ListTheatresRequest(page_size=200)).theatres
    theatres = [theatre for theatre in everything if theatre.theatre_id in own]
    movies = {
        movie.movie_id: movie for theatre in theatres for movie in partner.catalog.ListMovies(
            catalog_pb2.ListMoviesRequest(theatre_id=theatre.theatre_id)).movies}.values()
    assert len(cities) >= 3 and len(theatres) >= 8 and len(movies) >= 25
    assert [city.name for city in cities] == sorted(city.name for city in cities)
    assert sum(city.theatre_count for city in cities) == len(everything)
    assert sum(theatre.screen_count for theatre in theatres) >= 20
    assert all(theatre.postal_code and theatre.address for theatre in theatres)
    assert all(movie.synopsis and movie.genres and movie.release_date for movie in movies)


def test_shows_are_on_the_theatres_clock(partner):
    shows = list(partner.shows())
    assert len(shows) > 1000
    starts = [(show.starts_at.seconds, show.show_id) for show in shows]
    assert starts == sorted(starts) and len(set(starts)) == len(starts)
    for show in shows:
        zone = zoneinfo.ZoneInfo(show.time_zone)
        local = show.starts_at.ToDatetime(tzinfo=datetime.UTC).astimezone(zone)
        assert show.local_start == local.strftime("%Y-%m-%dT%H:%M")
        assert show.utc_offset_minutes == local.utcoffset().total_seconds() / 60
    last = max(show.starts_at.seconds for show in shows)
    today = datetime.datetime.now(datetime.UTC)
    assert last > (today + datetime.timedelta(days=13)).timestamp()


def test_filters_agree_with_the_whole_list(partner):
    shows = list(partner.shows())
    sample = shows[len(shows) // 2]
    date = sample.local_start[:10]
    for name, value in [
        ("city_id", sample.city_id), ("theatre_id", sample.theatre_id),
        ("movie_id", next(show.movie_id for show in shows if show.movie_id)),
    ]:
        expected = [show.show_id for show in shows if getattr(show, name) == value]
        assert [show.show_id for show in partner.shows(**{name: value})] == expected
    expected = [show.show_id for show in shows if show.local_start[:10] == date]
    assert [show.show_id for show in partner.shows(date=date)] == expected


def test_pages_cover_the_list_once(partner):
    whole = [
        movie.movie_id
        for movie in partner.catalog.ListMovies(
            catalog_pb2.ListMoviesRequest(page_size=200)).movies
    ]
    paged, token = [], ""
    while True:
        page = partner.catalog.ListMovies(
            catalog_pb2.ListMoviesRequest(page_size=7, page_token=token))
        paged += [movie.movie_id for movie in page.movies]
        token = page.next_page_token
        if not token:
            break
    assert paged == whole


def test_bad_pages_are_refused(partner):
    lists = partner.catalog.ListShows
    page = lists(catalog_pb2.ListShowsRequest(page_size=5))
    for request in [
        catalog_pb2.ListShowsRequest(page_size=-1),
        catalog_pb2.ListShowsRequest(page_token="nonsense"),
        catalog_pb2.ListShowsRequest(page_token=page.next_page_token, city_id=1),
        catalog_pb2.ListShowsRequest(date="2027-02-30"),
        catalog_pb2.ListShowsRequest(date="tomorrow"),
    ]:
        refused = partners.refusal(lists, request)
        assert refused.code == grpc.StatusCode.INVALID_ARGUMENT, request
