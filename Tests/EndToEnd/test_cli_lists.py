"""What `usher` prints of lists, as CSV above all: each list, what is no list, seats that are set aside."""

import csv
import json
import subprocess

import pytest

from command_line import PROGRAM, CommandLine
from houses import manager
from test_allocations import channel, set_aside
from test_terms import House


@pytest.fixture(scope="module")
def house(demo):
    with manager(demo, scopes=["manage", "sell", "report"]) as keeper:
        yield House(demo, keeper)


@pytest.fixture
def cli(demo, house, tmp_path):
    """A command line with the key of a partner that keeps a theatre."""
    line = CommandLine(demo, tmp_path)
    line.environment["USHER_TOKEN"] = house.keeper.key
    return line


def rows(cli, *words):
    """The rows of a list as CSV has them; as many as JSON has."""
    found = list(csv.DictReader(cli.run(*words, "-o", "csv")))
    assert len(found) == len(cli.json(*words))
    return found


def test_the_catalogue_as_csv(cli):
    cities = rows(cli, "cities")
    assert {"name": "Lübeck", "country": "DE", "region": "Schleswig-Holstein"}.items() <= next(
        city for city in cities if city["name"] == "Lübeck").items()
    theatre = rows(cli, "theatres", "--city", "Lübeck")[0]
    assert (theatre["city"], theatre["time_zone"]) == ("Lübeck", "Europe/Berlin")
    near, *_ = rows(cli, "theatres", "--near", "53.8696,10.6841")
    assert near["metres"] == "0" and near["name"] == "Hansa Lichtspiele"
    movie = rows(cli, "movies")[0]
    assert int(movie["minutes"]) > 0 and ";" in "".join(
        row["languages"] for row in rows(cli, "movies", "--limit", "0"))
    assert rows(cli, "search", movie["title"])[0]["movie_id"] == movie["movie_id"]
    place = rows(cli, "showing", movie["movie_id"])[0]
    assert place["has_more"] in ("true", "false") and place["show_ids"].split(";")
    show, *_ = rows(cli, "shows", "--theatre", place["theatre_id"], "--movie", movie["movie_id"])
    assert show["show_id"] in place["show_ids"].split(";") and show["starts_at"].endswith("Z")
    assert float(show["lowest_price"]) <= float(show["highest_price"])
    add_ons = rows(cli, "add-ons", show["show_id"])
    assert len(add_ons) > 1 and all(row["currency"] == show["currency"] for row in add_ons)
    seats = list(csv.DictReader(cli.run("seats", show["show_id"], "-o", "csv")))
    assert len(seats) == int(show["seats"])
    assert {seat["currency"] for seat in seats} == {show["currency"]}


def test_every_page_is_printed_once_and_at_once(demo, cli):
    """In pieces, so that a reader that has enough ends the command early."""
    lines = cli.run("shows", "--limit", 0, "-o", "csv")
    ids = [row["show_id"] for row in csv.DictReader(lines)]
    assert len(ids) > 1_000 and len(set(ids)) == len(ids)
    assert ids == [show["showId"] for show in cli.json("shows", "--limit", 0)]
    assert lines[:301] == cli.run("shows", "--limit", 300, "-o", "csv")
    reading = subprocess.Popen(
        [PROGRAM, "shows", "--limit", "0", "-o", "csv"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=cli.environment)
    with reading.stdout as out:
        assert out.readline().decode().strip() == lines[0]
    assert reading.wait(30) == 141


def test_what_a_partner_keeps_as_csv(demo, house, cli):
    theatre, = rows(cli, "partner", "theatres")
    assert theatre["theatre_id"] == str(house.theatre_id)
    room, *_ = rows(cli, "partner", "auditorium", "list", house.theatre_id)
    assert rows(cli, "partner", "layout", "versions", room["auditorium_id"])[-1][
        "layout_version"] == "1"
    cli.run("partner", "add-on", "create", house.theatre_id, "=1+1", "--price", "4.50",
            "--currency", "EUR", "--category", 'a "b", c')
    made = next(row for row in rows(cli, "partner", "add-on", "list", house.theatre_id)
                if row["category"] == 'a "b", c')
    assert (made["title"], made["price"], made["state"]) == ("'=1+1", "4.50", "sold")
    cli.run("partner", "offer", "create", "Corner", "--theatre", house.theatre_id,
            "--percent", "12.5", "--day", "mon")
    offer = next(row for row in rows(cli, "partner", "offer", "list")
                 if row["title"] == "Corner")
    assert (offer["percent"], offer["currency"], offer["condition"]) == ("12.50", "", "mon")
    show_id = house.show()
    cli.run("partner", "block", show_id, "A1", "--reason", "broken, alas")
    block, = rows(cli, "partner", "blocks", show_id)
    assert (block["seats"], block["reason"]) == ("A1", "broken, alas")
    booking = cli.json("hold", show_id, "A2", "--customer", "@7+1")[0]["booking"]
    sold, = rows(cli, "partner", "sales", "bookings", show_id)
    assert (sold["booking_id"], sold["customer"], sold["state"]) == (
        booking["bookingId"], "'@7+1", "held")


def test_what_operators_see_as_csv(demo, cli):
    cli.environment["USHER_TOKEN"] = demo.other_key
    partner, *_ = rows(cli, "admin", "partners", "--limit", 0)
    assert partner["state"] == "active"
    keys = rows(cli, "admin", "keys", "--limit", 0)
    assert any(key["scopes"].split(";")[0] for key in keys)
    assert all(row["time"].endswith("Z") for row in rows(cli, "admin", "audit"))
    methods = list(csv.DictReader(cli.run("admin", "methods", "-o", "csv")))
    assert any(row["method"].endswith("ListPartners") for row in methods)
    assert list(csv.DictReader(cli.run("admin", "connections", "-o", "csv")))[0]["leaving"] == "false"
    suspects = cli.run("admin", "suspicious", "-o", "csv")
    assert suspects[0].startswith("partner_id,customer,holds,unpaid,")


@pytest.mark.parametrize("words", [
    ("admin",), ("partner", "theatre", "show", 1), ("sandbox",), ("partner", "sales", "watch"),
    ("partner", "sales", "digest", 1), ("movie", 1), ("account", "profile"),
])
def test_what_is_no_list_has_no_csv(cli, words):
    told = cli.start(*words, "-o", "csv").errors(64)
    assert told[0] == "usher: this command prints no list, and CSV is for lists"


def test_seats_that_are_set_aside_are_marked(demo, house, cli, tmp_path):
    show_id = house.show()
    with channel(demo, house) as seller:
        set_aside(house, show_id, seller.partner_id, seats=["A1", "A2"])
        drawn = cli.run("seats", show_id, "--free")
        assert any(line.split()[:4] == ["A", "a", "a", "."] for line in drawn)
        assert any("a set aside for others" in line for line in drawn)
        assert any(line.startswith("set aside for others until ") and line.endswith(": 2 seats")
                   for line in drawn)
        assert "A1" not in " ".join(drawn[-6:]).split()
        states = {row["seat"]: (row["state"], row["set_aside"])
                  for row in csv.DictReader(cli.run("seats", show_id, "-o", "csv"))}
        assert states["A1"] == ("free", "others") and states["A3"] == ("free", "")
        told, = cli.json("seats", show_id)
        assert [one["seats"] for one in told["setAside"]] == [["A1", "A2"]]
        assert told["seats"] and told["showId"] == str(show_id)
        assert json.loads("\n".join(cli.run("seats", show_id, "-o", "json"))) == told
        # To its own partner they are free.
        own = CommandLine(demo, tmp_path)
        own.environment["USHER_TOKEN"] = seller.key
        drawn = own.run("seats", show_id)
        assert any(line.split()[:4] == ["A", "y", "y", "."] for line in drawn)
        assert own.run("watch", show_id, "--once")[4:] == drawn[4:]
