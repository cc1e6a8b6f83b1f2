"""Movies one by one: what operators keep of them, where they are shown, and what a stranger reads."""

import grpc
import pytest
from google.protobuf import field_mask_pb2

import partner as partners
from partner import catalog_pb2, new_id
from usher.admin.v1 import catalog_admin_pb2 as api
from usher.admin.v1 import catalog_admin_pb2_grpc
from command_line import CommandLine
from houses import manager
from test_operators import Operator

CAST, CREW, ARTIST = (
    catalog_pb2.CREDIT_KIND_CAST, catalog_pb2.CREDIT_KIND_CREW, catalog_pb2.CREDIT_KIND_ARTIST)


class Keeper(Operator):
    """An operator who keeps the catalogue."""

    def __init__(self, demo, channel):
        super().__init__(demo, channel)
        self.house = Operator(demo, channel)
        self._stub = catalog_admin_pb2_grpc.CatalogAdminServiceStub(channel)

    def __getattr__(self, method):
        call, request = getattr(self._stub, method), getattr(api, f"{method}Request")
        return lambda **fields: call(request(**fields), metadata=self._metadata, timeout=20)

    def movie(self, **fields):
        title = f"Paper Moons {new_id()}"
        return self.CreateMovie(movie=details(title=title, **fields)).movie

    def update(self, movie, *paths):
        return self.UpdateMovie(
            movie=movie, update_mask=field_mask_pb2.FieldMask(paths=paths)).movie


def details(title="Paper Moons", minutes=90, credits=(), movie=None, **fields):
    return catalog_pb2.MovieDetails(
        movie=catalog_pb2.Movie(title=title, duration_minutes=minutes, **(movie or {})),
        credits=[catalog_pb2.Credit(kind=kind, name=name, role=role)
                 for kind, name, role in credits],
        **fields)


@pytest.fixture
def keeper(demo):
    with demo.partner(None) as connection:
        yield Keeper(demo, connection.channel)


def read(partner, movie_id):
    return partner.catalog.GetMovie(
        catalog_pb2.GetMovieRequest(movie_id=movie_id), timeout=20).movie


def fields(call, *arguments, **options):
    found = partners.refusal(call, *arguments, **options)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    return found.fields


def test_a_movie_is_told_as_it_was_made(keeper, partner):
    title = f"Paper Moons {new_id()}"
    made = keeper.CreateMovie(movie=details(
        title, 117, movie={
            "synopsis": "One line.\nAnother.", "genres": ["Drama", "Musical"],
            "languages": ["en", "pt-BR"], "release_date": "2027-03-28", "certificate": "12A"},
        credits=[(CAST, "Ada Byron", "Herself"), (CREW, "Max Vert", "Director"),
                 (ARTIST, "The Larks", ""), (CAST, "Ada Byron", "Her double")],
        trailer_url="https://example.org/t?v=1", poster_url="https://example.org/p.jpg",
        gallery_urls=["https://example.org/1", "https://example.org/2"])).movie
    assert made == read(partner, made.movie.movie_id)
    assert made.movie.title == title and made.movie.synopsis == "One line.\nAnother."
    assert list(made.movie.genres) == ["Drama", "Musical"]
    assert list(made.movie.languages) == ["en", "pt-BR"]
    assert (made.movie.duration_minutes, made.movie.release_date, made.movie.certificate) == (
        117, "2027-03-28", "12A")
    assert [(c.kind, c.name, c.role) for c in made.credits] == [
        (CAST, "Ada Byron", "Herself"), (CREW, "Max Vert", "Director"),
        (ARTIST, "The Larks", ""), (CAST, "Ada Byron", "Her double")]
    assert (made.trailer_url, made.poster_url) == (
        "https://example.org/t?v=1", "https://example.org/p.jpg")
    assert list(made.gallery_urls) == ["https://example.org/1", "https://example.org/2"]
    assert (made.rating.average, made.rating.count) == (0, 0)
    # Found by its words at once, on the node that made it.
    found = partner.catalog.SearchMovies(catalog_pb2.SearchMoviesRequest(text=title)).movies
    assert found[0].movie_id == made.movie.movie_id


def test_only_what_the_mask_names_is_changed(keeper, partner):
    made = keeper.movie(
        credits=[(CAST, name, "") for name in ("A", "B", "C")],
        trailer_url="https://example.org/t", movie={"release_date": "2027-01-01"})
    wish = details("Ignored", 5, credits=[(CREW, "D", "Editor"), (CAST, "A", "")])
    wish.movie.movie_id = made.movie.movie_id
    changed = keeper.update(wish, "credits")
    assert [credit.name for credit in changed.credits] == ["D", "A"]
    assert changed.movie == made.movie and changed.trailer_url == made.trailer_url
    assert read(partner, made.movie.movie_id) == changed
    wish.credits.clear()
    changed = keeper.update(wish, "credits", "movie.release_date", "trailer_url", "movie.title")
    assert not changed.credits and changed.trailer_url == changed.movie.release_date == ""
    assert changed.movie.title == "Ignored"
    assert changed.movie.duration_minutes == made.movie.duration_minutes
    assert read(partner, made.movie.movie_id) == changed


def test_a_title_and_release_date_are_one_movies(demo, keeper):
    """Whoever makes it, and whatever it was called before."""
    made, other = keeper.movie(movie={"release_date": "2027-01-01"}), keeper.movie()

    def taken(call, *arguments, **fields):
        found = partners.refusal(call, *arguments, **fields)
        assert (found.code, found.reason) == (grpc.StatusCode.ALREADY_EXISTS, "MOVIE_EXISTS")
        assert found.metadata == {"movie": str(made.movie.movie_id)}

    same = details(title=made.movie.title, movie={"release_date": "2027-01-01"})
    taken(keeper.CreateMovie, movie=same)
    with manager(demo) as partner:
        taken(partner.CreateMovie, movie=same.movie)
    other.movie.title, other.movie.release_date = made.movie.title, "2027-01-01"
    taken(keeper.update, other, "movie.title", "movie.release_date")
    changed = keeper.update(other, "movie.title")
    assert changed.movie.title == made.movie.title
    taken(keeper.update, other, "movie.release_date")


def test_what_operators_do_to_movies_is_noted(keeper):
    made = keeper.movie()
    keeper.update(made, "movie.synopsis", "poster_url")
    acts = [act for act in keeper.house.ListAuditEntries(page_size=10).entries
            if f'"movie_id": {made.movie.movie_id}' in act.detail]
    assert [act.action for act in acts] == ["UPDATE_MOVIE", "CREATE_MOVIE"]
    assert '"poster_url"' in acts[0].detail and acts[0].actor_key_id > 0
    assert acts[1].partner_id == 0


def test_a_movie_that_a_partner_makes_is_noted_as_its_own(demo):
    with manager(demo) as partner:
        made = partner.CreateMovie(movie=details().movie).movie
        assert [act.detail for act in partner.operator.acts(partner.partner_id)
                if act.action == "CREATE_MOVIE"
                and f'"movie_id": {made.movie_id}' in act.detail]


def test_an_unknown_movie_is_not_found(keeper, partner):
    unknown = details()
    unknown.movie.movie_id = 1 << 40
    for call in (
            lambda: read(partner, 1 << 40), lambda: read(partner, 0),
            lambda: keeper.update(unknown, "poster_url")):
        found = partners.refusal(call)
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "MOVIE_NOT_FOUND")


@pytest.mark.parametrize("wish, field", [
    (details(""), "movie.movie.title"),
    (details("x" * 201), "movie.movie.title"),
    (details("a\nb"), "movie.movie.title"),
    (details(minutes=0), "movie.movie.duration_minutes"),
    (details(minutes=1001), "movie.movie.duration_minutes"),
    (details(movie={"movie_id": 7}), "movie.movie.movie_id"),
    (details(movie={"synopsis": "x" * 4001}), "movie.movie.synopsis"),
    (details(movie={"synopsis": "a\0"}), "movie.movie.synopsis"),
    (details(movie={"genres": ["Drama", "Drama"]}), "movie.movie.genres"),
    (details(movie={"genres": ["Drama", ""]}), "movie.movie.genres[1]"),
    (details(movie={"genres": [str(number) for number in range(21)]}), "movie.movie.genres"),
    (details(movie={"languages": ["en", "e n"]}), "movie.movie.languages"),
    (details(movie={"languages": [""]}), "movie.movie.languages"),
    (details(movie={"release_date": "2027-02-30"}), "movie.movie.release_date"),
    (details(movie={"certificate": "x" * 21}), "movie.movie.certificate"),
    (details(credits=[(CAST, "A", ""), (0, "B", "")]), "movie.credits[1].kind"),
    (details(credits=[(4, "B", "")]), "movie.credits[0].kind"),
    (details(credits=[(CAST, "", "")]), "movie.credits[0].name"),
    (details(credits=[(CAST, "A", "x" * 121)]), "movie.credits[0].role"),
    (details(credits=[(CAST, "A", "")] * 201), "movie.credits"),
    (details(trailer_url="http://example.org"), "movie.trailer_url"),
    (details(poster_url="https://"), "movie.poster_url"),
    (details(poster_url="https://example.org/" + "x" * 500), "movie.poster_url"),
    (details(gallery_urls=["https://a.b", "javascript:x"]), "movie.gallery_urls[1]"),
    (details(gallery_urls=[""]), "movie.gallery_urls[0]"),
    (details(gallery_urls=["https://a.b"] * 51), "movie.gallery_urls"),
    (details(rating=catalog_pb2.MovieRating(average=10, count=9)), "movie.rating"),
])
def test_each_field_has_bounds(keeper, wish, field):
    assert fields(keeper.CreateMovie, movie=wish) == [field]


def test_a_mask_names_what_can_be_changed(keeper):
    made = keeper.movie()
    for paths in ([], ["movie.movie_id"], ["rating"], ["movie"], ["credits", "credits"]):
        assert fields(keeper.update, made, *paths) == ["update_mask"]
    made.movie.title = ""
    assert fields(keeper.update, made, "movie.title", "credits") == ["movie.movie.title"]


# MARK: Theatres with their shows

def theatres(partner, size=50, **filters):
    """All pages: theatre ids with the ids of their shows, and whether there are more."""
    request = catalog_pb2.ListMovieTheatresRequest(page_size=size, **filters)
    found = []
    while True:
        page = partner.catalog.ListMovieTheatres(request, timeout=20)
        assert len(page.theatres) <= size
        found += page.theatres
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


@pytest.fixture(scope="module")
def programme(demo):
    """Every show of the movie that most theatres show."""
    with demo.partner() as partner:
        shows = [show for show in partner.shows() if show.movie_id]
    by_movie = {}
    for show in shows:
        if show.sales_state != catalog_pb2.SALES_STATE_CANCELLED:
            by_movie.setdefault(show.movie_id, []).append(show)
    return max(by_movie.values(), key=lambda those: len({show.theatre_id for show in those}))


@pytest.mark.parametrize("size", [1, 2, 50])
def test_theatres_of_a_movie_come_with_their_shows(partner, programme, size):
    movie_id = programme[0].movie_id
    found = theatres(partner, size, movie_id=movie_id)
    assert {near.theatre.theatre_id for near in found} == {show.theatre_id for show in programme}
    names = [(near.theatre.name, near.theatre.theatre_id) for near in found]
    assert names == sorted(names) and len(set(names)) == len(names) > 2
    for one in found:
        own = [show for show in programme if show.theatre_id == one.theatre.theatre_id]
        assert [show.show_id for show in one.shows] == [show.show_id for show in own[:20]]
        assert one.has_more == (len(own) > 20)
        assert list(one.shows) == own[:20], "a show is told like everywhere else"


def test_filters_of_shows_choose_theatres(partner, programme):
    sample = programme[len(programme) // 2]
    day = sample.local_start[:10]
    for filters, fits in [
        ({"city_id": sample.city_id}, lambda show: show.city_id == sample.city_id),
        ({"date": day}, lambda show: show.local_start[:10] == day),
        ({"language": sample.language.upper()}, lambda show: show.language == sample.language),
        ({"format": sample.format.lower()}, lambda show: show.format == sample.format),
        ({"date": day, "city_id": sample.city_id},
         lambda show: show.local_start[:10] == day and show.city_id == sample.city_id),
    ]:
        found = theatres(partner, movie_id=sample.movie_id, **filters)
        fitting = [show for show in programme if fits(show)]
        assert {one.theatre.theatre_id for one in found} == {
            show.theatre_id for show in fitting}
        for one in found:
            own = [s.show_id for s in fitting if s.theatre_id == one.theatre.theatre_id]
            assert [show.show_id for show in one.shows] == own[:20], filters
    assert theatres(partner, movie_id=1 << 40) == []


def test_bad_questions_for_theatres_are_refused(partner, programme):
    call = partner.catalog.ListMovieTheatres
    request = catalog_pb2.ListMovieTheatresRequest
    movie_id = programme[0].movie_id
    for wrong, field in [
        (request(), "movie_id"), (request(movie_id=-1), "movie_id"),
        (request(movie_id=movie_id, page_size=-1), "page_size"),
        (request(movie_id=movie_id, date="today"), "date"),
        (request(movie_id=movie_id, language="e n"), "language"),
        (request(movie_id=movie_id, format="x" * 65), "format"),
    ]:
        assert fields(call, wrong) == [field]
    token = call(request(movie_id=movie_id, page_size=1)).next_page_token
    for wrong in (request(movie_id=movie_id, page_token=token, date="2027-03-28"),
                  request(movie_id=movie_id + 1, page_token=token),
                  request(movie_id=movie_id, page_token="00")):
        assert partners.refusal(call, wrong).reason == "PAGE_TOKEN_INVALID"


def test_the_command_line_keeps_and_shows_movies(demo, programme, tmp_path):
    cli = CommandLine(demo, tmp_path)
    operator = CommandLine(demo, tmp_path)
    operator.environment["USHER_TOKEN"] = demo.other_key
    title = f"Command {new_id()}"
    (made,) = operator.json(
        "admin", "create-movie", title, 99, "--genre", "Drama", "--cast", "Ada Byron=Herself",
        "--crew", "Max Vert", "--released", "2027-03-28", "--trailer", "https://example.org/t")
    movie_id = made["movie"]["movie"]["movieId"]
    operator.run("admin", "update-movie", movie_id, "--title", f"{title} II", "--artist", "Larks")
    (shown,) = cli.json("movie", movie_id)
    movie = shown["movie"]
    assert movie["movie"]["title"] == f"{title} II" and movie["movie"]["durationMinutes"] == 99
    assert movie["credits"] == [{"kind": "CREDIT_KIND_ARTIST", "name": "Larks"}]
    assert movie["trailerUrl"] == "https://example.org/t"
    assert any("Sun 28 Mar" in line or "2027-03-28" in line for line in cli.run("movie", movie_id))
    assert "usher movies" in "\n".join(cli.start("movie", 1 << 40).errors(5))
    operator.run("admin", "update-movie", movie_id, code=64)
    # Who shows what, with its shows.
    sample = programme[0]
    lines = cli.run("showing", sample.movie_id, "--city", sample.city_id, "--limit", 0)
    assert any(line.startswith(sample.theatre_name) for line in lines)
    assert any(line.split()[:1] == [str(sample.show_id)] for line in lines)
    found = cli.json("showing", sample.movie_id, "--limit", 2)
    assert len(found) == 2 and all(one["shows"] for one in found)
