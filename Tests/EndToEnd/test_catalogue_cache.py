"""The catalogue from the memory of two nodes on one database: a change is seen on both, whichever way
it came, also while the feed of changes is cut, frozen or comes back."""

import contextlib
import datetime
import itertools
import os
import signal
import threading

import grpc
import pytest

from houses import manager, row, show
from partner import Partner, catalog_pb2, new_id, wait_ready
from serving import Serving
from test_cancelled_sql import locked
from test_feed_loss import feed_backends
from usher.v1 import partner_pb2_grpc, terms_pb2
from usherd import wait_until

DAY = (datetime.date.today() + datetime.timedelta(days=200)).isoformat()


@contextlib.contextmanager
def beside(demo, folder, certificate):
    files = {"certificate": certificate[0], "key": certificate[1]}
    with Serving(demo, folder / "second", **files) as second:
        with demo.partner() as one, Partner(
                second.tcp, certificate[0].read_bytes(), demo.partner_key) as other:
            wait_ready(other)
            yield one, other


@pytest.fixture(scope="module")
def pair(demo, certificate, tmp_path_factory):
    """A connection to each of two nodes."""
    with beside(demo, tmp_path_factory.mktemp("cache"), certificate) as both:
        yield both


def theatre(partner, theatre_id):
    """A theatre's name as a list has it; the list is kept for a minute when nothing changes."""
    page = partner.catalog.ListTheatres(catalog_pb2.ListTheatresRequest(page_size=200), timeout=20)
    return next(t.name for t in page.theatres if t.theatre_id == theatre_id)


def rename(demo, name):
    demo.server.sql(f"update theatre set name = '{name}' where theatre_id = 1")


def from_memory(demo, table, *questions):
    """Puts questions while nobody can read a table; asked before, they are answered all the same."""
    def all_warm():
        before = [question() for question in questions]
        return before if before == [question() for question in questions] else None

    def blocked():
        with locked(demo.server, table):
            return [question() for question in questions]

    # What was asked right after a change is not kept: until a round goes well, ask again.
    expected = wait_until(all_warm, 30, "answers")
    done = []
    thread = threading.Thread(target=lambda: done.append(attempt(blocked)))
    thread.start()
    thread.join(60)
    return done == [expected]


def attempt(body):
    try:
        return body()
    except Exception as error:  # noqa: BLE001 (a deadline: the answer was not in memory)
        return error


def test_lists_come_from_memory(demo, pair):
    api = catalog_pb2
    movie = pair[0].catalog.ListMovies(api.ListMoviesRequest(page_size=1)).movies[0]

    def questions(partner):
        catalog = partner.catalog
        return [
            lambda: catalog.ListCities(api.ListCitiesRequest(page_size=9), timeout=2),
            lambda: catalog.ListTheatres(api.ListTheatresRequest(city_id=1), timeout=2),
            lambda: catalog.FindTheatres(
                api.FindTheatresRequest(latitude=1, movie_id=movie.movie_id), timeout=2),
            lambda: catalog.ListMovies(api.ListMoviesRequest(city_id=1), timeout=2),
            lambda: catalog.SearchMovies(api.SearchMoviesRequest(text=movie.title), timeout=2),
            lambda: catalog.ListShows(api.ListShowsRequest(movie_id=movie.movie_id), timeout=2),
        ]

    for partner in pair:
        wait_until(
            lambda: from_memory(demo, "theatre, movie, show", *questions(partner)), 60,
            "answers without the database")


def test_a_change_in_the_database_is_seen_on_both_nodes(demo, pair):
    before = [theatre(partner, 1) for partner in pair]
    for name in ["The Second Name", before[0]]:
        rename(demo, name)
        for partner in pair:
            wait_until(lambda: theatre(partner, 1) == name, 20, "the new name")


def test_a_show_that_is_cancelled_leaves_the_movies_of_its_town(demo, pair):
    """Through show to movies: the last show of a movie at a theatre."""
    api = catalog_pb2
    show = demo.fresh_show()

    def titles(partner):
        request = api.ListMoviesRequest(theatre_id=show.theatre_id, page_size=200)
        return [movie.movie_id for movie in partner.catalog.ListMovies(request).movies]

    assert all(show.movie_id in titles(partner) for partner in pair)
    where = f"theatre_id = {show.theatre_id} and movie_id = {show.movie_id}"
    demo.server.sql(f"update show set sales_state = 4 where {where}")
    for partner in pair:
        wait_until(lambda: show.movie_id not in titles(partner), 20, "the movie's end")
    demo.server.sql(f"update show set sales_state = 2 where {where}")
    for partner in pair:
        wait_until(lambda: show.movie_id in titles(partner), 20, "the movie")


def test_an_act_that_changes_no_list_costs_nobody_the_memory(demo, pair):
    """Cities stay in memory while seats are withdrawn, again and again by the same request."""
    show, question = demo.fresh_show(), catalog_pb2.ListCitiesRequest(page_size=7)
    act = terms_pb2.BlockSeatsRequest(
        show_id=show.show_id, seats=demo.labels(show.show_id)[:1], request_id=new_id())
    with demo.partner(demo.other_key) as operator:
        stub = partner_pb2_grpc.PartnerServiceStub(operator.channel)

        def is_kept():
            pair[0].catalog.ListCities(question)
            stub.BlockSeats(act, timeout=20)
            with locked(demo.server, "city"):
                try:
                    return bool(pair[0].catalog.ListCities(question, timeout=2).cities)
                except grpc.RpcError:
                    return False

        wait_until(is_kept, 60, "an answer without the database")


def test_an_upload_costs_nobody_the_memory_of_other_lists(demo, pair):
    """Cities stay in memory while a theatre's schedule changes again and again."""
    question, starts = catalog_pb2.ListCitiesRequest(page_size=8), itertools.cycle((10, 11))
    with manager(demo) as keeper:
        house = keeper.theatre().theatre_id
        keeper.layout(keeper.room(house).auditorium_id, row("A", 0, 10))

        def is_kept():
            pair[0].catalog.ListCities(question)
            keeper.rows(house, show("one", f"{DAY}T{next(starts)}:00"))
            with locked(demo.server, "city"):
                try:
                    return bool(pair[0].catalog.ListCities(question, timeout=2).cities)
                except grpc.RpcError:
                    return False

        wait_until(is_kept, 60, "an answer without the database")


def test_a_show_is_told_as_it_is_on_both_nodes(demo, pair):
    """Though both have it in memory, for ten seconds if nobody told them."""
    show_id = demo.fresh_show().show_id

    def price(partner):
        request = catalog_pb2.GetShowRequest(show_id=show_id)
        return partner.catalog.GetShow(request, timeout=20).show.prices[0].price.minor_units

    before = [price(partner) for partner in pair]
    demo.server.sql(f"update show_price set minor_units = minor_units + 7 where show_id = {show_id}")
    for partner, old in zip(pair, before):
        wait_until(lambda: price(partner) == old + 7, 6, "the new price")


def test_what_changes_while_the_feed_is_cut_is_seen(demo, pair):
    """The list would be kept for a minute: what ends it is that the feed was away."""
    name = theatre(pair[0], 1)
    for number in range(3):
        for partner in pair:
            theatre(partner, 1)
        for pid in wait_until(lambda: feed_backends(demo), 30, "a feed"):
            demo.server.kill_backend(pid)
        rename(demo, f"Cut {number}")
        for partner in pair:
            wait_until(lambda: theatre(partner, 1) == f"Cut {number}", 30, "the new name")
    rename(demo, name)


def test_what_changes_while_the_feed_is_frozen_is_seen(demo, pair):
    """A feed that says nothing any more is given up after three seconds; until it speaks again every
    question goes to the database."""
    name = theatre(pair[0], 1)
    senders = wait_until(lambda: feed_backends(demo), 30, "a feed")
    for pid in senders:
        os.kill(pid, signal.SIGSTOP)
    try:
        rename(demo, "Frozen")
        for partner in pair:
            wait_until(lambda: theatre(partner, 1) == "Frozen", 30, "the new name")
    finally:
        for pid in senders:
            os.kill(pid, signal.SIGCONT)
        rename(demo, name)
    for partner in pair:
        wait_until(lambda: theatre(partner, 1) == name, 30, "the old name")
    assert demo.server.faults() == []
