"""From an empty database to a first sale with the command line alone, as README shows it."""

import datetime
import json
import subprocess

from command_line import CommandLine
from serving import Serving
from usherd import BINARY

DAY = (datetime.date.today() + datetime.timedelta(days=3)).isoformat()
ROOM = {"tiers": {"s": "STALLS", "b": "BALCONY"}, "rows": ["A sss|sss", "B sss|sss", "C bbb|bbb"]}
WEEK = f"""reference,auditorium,title,language,format,start,currency,price:STALLS,price:BALCONY
sat-1,Screen 1,The Long Ice,en,2D,{DAY}T17:00,EUR,11,13.50
sat-2,Screen 1,The Long Ice,en,2D,{DAY}T20:00,EUR,12,14.50
"""


def on_the_host(*arguments):
    done = subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_from_an_empty_database_to_a_first_sale(demo, tmp_path):
    database = f"host={demo.server.data / 'postgres' / 'data'} port=5432 user=usher dbname=nothing"
    demo.server.sql("create database nothing")
    node = Serving(demo, tmp_path / "node", cleartext=True)
    node.settings["database"] = database
    try:
        on_the_host("migrate", "--database", database)
        root = on_the_host("create-key", "Operations", "--database", database)
        with node:
            sell(node, root, tmp_path)
    finally:
        demo.server.sql("drop database nothing with (force)")


def sell(node, root, folder):
    def shell(key):
        """A person's shell with a key."""
        cli = CommandLine(node.demo, folder)
        del cli.environment["USHER_CA"]
        cli.environment |= {
            "USHER_SERVER": node.tcp, "USHER_INSECURE": "true", "USHER_TOKEN": key}
        return cli

    office = shell(root)
    partner = office.json("admin", "create-partner", "Lumen Cinemas")[0]["partner"]["partnerId"]
    key, = office.run("admin", "create-key", partner, "--scope", "manage", "--scope", "sell")
    lumen = shell(key)
    assert lumen.run("partner", "theatres") == ["ID  THEATRE  CITY  TIME ZONE  SCREENS  PARTNER"]
    theatre = lumen.json(
        "partner", "theatre", "create", "Odeon", "--city", "Ghent", "--country", "BE", "--time-zone",
        "Europe/Brussels", "--at", "51.05,3.72")[0]["theatre"]["theatreId"]
    room = lumen.json("partner", "auditorium", "create", theatre, "Screen 1")[0]["auditorium"]
    (folder / "screen-1.json").write_text(json.dumps(ROOM))
    lumen.run("partner", "layout", "import", room["auditoriumId"], folder / "screen-1.json")
    lumen.run("partner", "movie", "create", "The Long Ice", "--minutes", 95)
    (folder / "week.csv").write_text(WEEK)
    assert lumen.run("partner", "schedule", "upload", theatre, folder / "week.csv") == [
        "2 rows: 2 created, 0 updated, 0 unchanged, 0 refused"]
    shows = lumen.json("shows", "--city", "Ghent", "--date", DAY)
    assert [show["localStart"] for show in shows] == [f"{DAY}T17:00", f"{DAY}T20:00"]
    held = lumen.json("hold", shows[1]["showId"], "--best", 2, "--tier", "BALCONY")[0]["booking"]
    assert held["quote"]["total"] == {"currencyCode": "EUR", "minorUnits": "2900"}
    sold = lumen.json("confirm", held["bookingId"], "--payment", "till 1")[0]["booking"]
    assert sold["state"] == "BOOKING_STATE_CONFIRMED"
