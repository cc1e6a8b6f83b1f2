"""`usher show`, `search`, `leave` and `admin partner` against a real server: what one looks up by its id or words."""

import csv
import json

import pytest

from command_line import CommandLine
from houses import manager, row, show
from partner import new_id
from test_allocations import channel, set_aside
from test_terms import House, create, half
from test_waitlist import Waiter, hold_all

DAY = "2031-03-28"


@pytest.fixture(scope="module")
def house(demo):
    with manager(demo) as keeper:
        yield House(demo, keeper)


@pytest.fixture
def cli(demo, house, tmp_path):
    line = CommandLine(demo, tmp_path)
    line.environment["USHER_TOKEN"] = house.keeper.key
    return line


def test_a_show_is_told_with_its_terms(demo, house, cli):
    show_id = house.show()
    told = cli.run("show", show_id)
    assert told[0] == "A play" and f"Show        {show_id}" in told and "Kind        play" in told
    assert any(line.startswith("Starts      ") and "Antarctica/Troll" in line for line in told)
    assert any(line.startswith("Ends        ") and "Antarctica/Troll" in line for line in told)
    assert "Sales       on sale" in told and "Seats       16" in told
    assert ["GOLD", "20.00", "EUR"] in [line.split() for line in told]
    assert told[-1] == f"  next: usher seats {show_id}" and not any("SET ASIDE" in line for line in told)
    offer = create(house, half(), show_id=show_id).offer_id
    with channel(demo, house) as seller:
        allocation = set_aside(house, show_id, seller.partner_id, seats=["A1", "A2"])
        quota = set_aside(house, show_id, seller.partner_id, tier="STALLS", count=3)
        told = [line.split() for line in cli.run("show", show_id)]
        assert next(words for words in told if words[:2] == [str(offer), "Half"])[2:4] == ["50", "%"]
        assert next(words for words in told if words[:2] == [str(allocation), "others"])[2:4] == [
            "A1", "A2"]
        assert next(words for words in told if words[:2] == [str(quota), "others"])[2:5] == [
            "3", "of", "STALLS"]
        own = CommandLine(demo, cli.home)
        own.environment["USHER_TOKEN"] = seller.key
        assert any(line.split()[:2] == [str(allocation), "you"] for line in own.run("show", show_id))
        answer, = cli.json("show", show_id)
        assert answer["show"]["showId"] == str(show_id) and len(answer["setAside"]) == 2
        assert json.loads("\n".join(cli.run("show", show_id, "-o", "json"))) == answer
    assert "SHOW_NOT_FOUND" in cli.start("show", 999_999_999).errors(5)[1]
    assert "prints no list" in cli.start("show", show_id, "-o", "csv").errors(64)[0]
    cli.run("show", 0, code=64)


def test_an_operator_looks_a_partner_up(demo, house, cli):
    cli.environment["USHER_TOKEN"] = demo.other_key
    number = house.keeper.partner_id
    first, last = cli.run("admin", "partner", number)
    assert first.startswith(f"Partner {number}, Keeper ") and ": active, since 20" in first
    assert last == f"  next: usher admin keys --partner {number}"
    answer, = cli.json("admin", "partner", number)
    assert (answer["partner"]["partnerId"], answer["partner"]["state"]) == (
        str(number), "PARTNER_STATE_ACTIVE")
    assert "PARTNER_NOT_FOUND" in cli.start("admin", "partner", 999_999_999).errors(5)[1]
    assert "prints no list" in cli.start("admin", "partner", number, "-o", "csv").errors(64)[0]


def test_whoever_waits_leaves_from_anywhere(demo, partner, tmp_path):
    cli = CommandLine(demo, tmp_path)
    show_id = demo.fresh_show().show_id
    single = hold_all(partner, show_id, 1)[0]
    ticket = new_id()
    waiting = cli.start("wait", show_id, "--seats", 1, "--request-id", ticket)
    waiting.wait_line("place 1   next in line")
    second = Waiter(partner, show_id, 1).wait_position(2, 1)
    assert cli.run("leave", show_id, ticket) == [f"No longer in the line for show {show_id}."]
    second.wait_position(1, 0)
    assert any("WAIT_ENDED" in line for line in waiting.errors(1))
    # Again is no more than once.
    assert cli.json("leave", show_id, ticket.upper()) == [{}]
    assert "WAIT_NOT_FOUND" in "".join(cli.start("leave", show_id, new_id()).errors(5))
    cli.run("leave", show_id, "x", code=64)
    cli.run("leave", 0, ticket, code=64)
    # Who was offered seats meanwhile is told, and keeps them as long as the hold lasts.
    partner.release(single.booking_id)
    offered = second.wait_end().offer
    told = cli.run("leave", show_id, second.request_id)
    assert told == [
        f"Seats had been offered as booking {offered.booking_id}.",
        f"  next: usher booking {offered.booking_id}"]
    assert partner.get(offered.booking_id).seats == offered.seats
    partner.release(offered.booking_id)
    assert cli.run("leave", show_id, second.request_id) == told


def test_a_search_finds_films_and_what_is_none(demo, house, cli):
    word = f"Q{new_id()[:6]}"
    with manager(demo) as keeper:
        theatre = keeper.theatre().theatre_id
        keeper.layout(keeper.room(theatre).auditorium_id, row("A", 0, 10))
        play, = keeper.rows(theatre, show("one", f"{DAY}T10:00", title=f"{word} Ophelia"))
        assert cli.run("search", word, code=0)[0] == "Shows that are no films"
        cli.run("partner", "movie", "create", f"{word} Lagoon", "--minutes", 90, "--genre", "Drama")
        told = cli.run("search", word)
        assert told[0] == "Movies" and told[1].split()[:2] == ["ID", "TITLE"]
        assert f"{word} Lagoon" in told[2] and told[3:5] == ["", "Shows that are no films"]
        assert told[6].split()[0] == str(play.show_id) and f"{word} Ophelia" in told[6]
        # Programs have one kind of thing at a time, movies as ever.
        assert [each["title"] for each in cli.json("search", word)] == [f"{word} Lagoon"]
        assert [each["showId"] for each in cli.json("search", word, "--shows")] == [str(play.show_id)]
        rows = list(csv.DictReader(cli.run("search", word, "--shows", "-o", "csv")))
        assert [each["title"] for each in rows] == [f"{word} Ophelia"]
        whole = json.loads("\n".join(cli.run("search", word, "-o", "json")))
        assert list(whole) == ["movies"]
        assert cli.run("search", word, "--shows")[0].split()[0] == "SHOW"
        # What is no film has no genre.
        assert cli.run("search", word, "--genre", "drama")[-1] == told[2]
        cli.run("search", word, "--genre", "drama", "--shows", code=64)
        assert cli.run("search", word, "--date", "2031-03-29") == []
    nothing = cli.start("search", "qqxqqzqq wwvww")
    assert nothing.end() == [] and nothing.remarks == "usher: no movies and no other shows\n"
