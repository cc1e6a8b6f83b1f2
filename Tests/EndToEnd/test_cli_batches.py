"""`usher batch` against a real server: files of holds and of cancellations, each row by itself or all together."""

import json
import os
import subprocess

import pytest
from google.protobuf import json_format

from command_line import PROGRAM, CommandLine
from houses import manager
from partner import FREE, HELD, booking_pb2, new_id
from test_terms import House


@pytest.fixture(scope="module")
def house(demo):
    with manager(demo) as keeper:
        yield House(demo, keeper)


@pytest.fixture
def seller(demo, house):
    with demo.partner(house.keeper.key) as partner:
        yield partner


@pytest.fixture
def cli(demo, house, tmp_path):
    line = CommandLine(demo, tmp_path)
    line.environment["USHER_TOKEN"] = house.keeper.key
    return line


@pytest.fixture
def table(tmp_path):
    """Writes a file of rows."""
    def write(*lines, name="rows.csv"):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return tmp_path / name
    return write


def next_of(command):
    """The command that a failed one tells to go on with."""
    line = next(line for line in command.remarks.splitlines() if line.startswith("  next: usher "))
    return line.removeprefix("  next: usher ").split()


def test_each_row_is_held_and_again_is_a_repeat(house, seller, cli, table):
    show_id = house.show()
    file = table("show_id,seats,best,tier,customer", f"{show_id},A1;A2,,,club", "",
                 f"{show_id},,2,STALLS,", f"{show_id},A3,,,")
    request_id = new_id()
    told = cli.run("batch", "hold", file, "--request-id", request_id)
    assert told[-1] == "3 rows: 3 held, 0 refused"
    assert told[0].startswith("line 2: held A1, A2 for ")
    assert told[2].startswith("line 5: held A3 for ") and f", show {show_id}" in told[2]
    rows = cli.json("batch", "hold", file, "--request-id", request_id.upper())
    assert [row["line"] for row in rows] == [2, 4, 5]
    bookings = [row["result"]["booking"] for row in rows]
    assert all(booking["bookingId"] in "".join(told) for booking in bookings)
    assert bookings[0]["customerRef"] == "club" and len(bookings[1]["seats"]) == 2
    assert seller.outcome(rows[0]["requestId"]).booking.booking_id == bookings[0]["bookingId"]
    assert house.number(f"select count(*) from booking where show_id = {show_id}") == 3


def test_a_refused_row_stops_no_other_and_is_mended(house, seller, cli, table):
    show_id = house.show()
    seller.hold(show_id, ["B1"])
    rows = [f"{show_id},A1", f"{show_id},B1;B2", "7", "999999999,A1", f"{show_id},A1;A9", "x,A1"]
    file = table("show_id,seats", *rows)
    command = cli.start("batch", "hold", file)
    remarks = command.errors(1)
    assert remarks[0] == "usher: 5 of 6 rows were refused"
    told = {line.split(":")[0]: line for line in command.lines}
    assert told["line 2"].startswith("line 2: held A1 for ")
    assert "B1 (SEATS_UNAVAILABLE)" in told["line 3"]
    assert told["line 4"] == "line 4: 1 values in 2 columns"
    assert "SHOW_NOT_FOUND" in told["line 5"] and "A9" in told["line 6"]
    assert told["line 7"] == "line 7: show_id: 'x' is no number"
    assert command.lines[-1] == "6 rows: 1 held, 5 refused"
    assert seller.map(show_id)[1]["B2"] == FREE
    # The mended file under the same id: what was done is found again, moved as it is.
    table("show_id,seats", f"{show_id},B2;B3", rows[0])
    again = next_of(command)
    assert again[:3] == ["batch", "hold", str(file)] and again[-2] == "--request-id"
    done = cli.run(*again)
    assert done[-1] == "2 rows: 2 held, 0 refused"
    assert done[1].split("booking ")[1] == told["line 2"].split("booking ")[1]
    assert house.number(f"select count(*) from booking where show_id = {show_id}") == 3


def test_all_rows_or_none(house, seller, cli, table):
    one, other = house.show(), house.show()
    taken = seller.hold(other, ["A2"])
    file = table(*(json_format.MessageToJson(booking_pb2.HoldSeatsRequest(
        show_id=show, seats=["A1", "A2"]), indent=None) for show in (one, other)), name="rows.jsonl")
    command = cli.start("batch", "hold", file, "--atomic")
    remarks = command.errors(3)
    assert remarks[0].startswith("usher: line 2: ") and "  lost seat: A2" in remarks
    assert f"  next: usher seats {other}" in remarks and command.lines == []
    assert seller.map(one)[1]["A1"] == FREE
    seller.release(taken.booking_id)
    assert cli.run("batch", "hold", file, "--atomic")[-1] == "2 rows: 2 held, 0 refused"
    assert seller.map(one)[1]["A1"] == seller.map(other)[1]["A2"] == HELD
    table("show_id,seats", f"{house.show()},A1", "x,A1")
    broken = cli.start("batch", "hold", file.with_suffix(".csv"), "--atomic")
    assert broken.errors(64)[0] == "usher: 1 line is no row"
    table("show_id,seats", *[f"{one},B1"] * 51)
    assert "at most 50 rows" in cli.start(
        "batch", "hold", file.with_suffix(".csv"), "--atomic").errors(64)[0]


def test_bookings_are_cancelled(house, seller, cli, table):
    show_id = house.show()
    sold = [seller.hold(show_id, seats) for seats in (["A1", "A2"], ["A3"], ["A4"])]
    for booking in sold[:2]:
        seller.confirm(booking.booking_id)
    file = table("booking_id,seats", f"{sold[0].booking_id},A2", f"{sold[1].booking_id},",
                 f"{sold[2].booking_id},")
    command = cli.start("batch", "cancel", file, "--atomic")
    remarks = command.errors(1)
    assert remarks[0].startswith("usher: line 4: ") and "  reason: BOOKING_STATE" in remarks
    assert f"  next: usher booking {sold[2].booking_id}" in remarks
    command = cli.start("batch", "cancel", file)
    command.errors(1)
    assert command.lines[0].startswith("line 2: refund 20.00 EUR for A2; confirmed A1, ")
    assert ": refund 20.00 EUR for A3; cancelled A3" in command.lines[1]
    assert "(BOOKING_STATE)" in command.lines[2]
    assert command.lines[3] == "3 rows: 2 cancelled, 1 refused"
    again = next_of(command)
    assert again[-3:-1] == ["--yes", "--request-id"]
    # The same line is the same request, whose refusal is remembered; another is another.
    seller.confirm(sold[2].booking_id)
    text = file.read_text()
    file.write_text(text.replace(f"{sold[2].booking_id},", f"{sold[2].booking_id},A4"))
    assert cli.run(*again)[-1] == "3 rows: 3 cancelled, 0 refused"
    assert house.number(
        f"select count(*) from booking where show_id = {show_id} and state = 2") == 1


def test_many_rows_come_from_standard_input(house, cli):
    """More than a request takes, and none of them is in the way of another."""
    shows = [house.show() for _ in range(8)]
    lines = ["show_id,seats"] + [
        f"{show},{row}{number}" for show in shows for row in "AB" for number in range(1, 9)]
    done = subprocess.run(
        [PROGRAM, "batch", "hold", "-", "--format", "csv", "--json"], env=cli.environment,
        input="\n".join(lines), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["line"] for row in rows] == list(range(2, 130))
    assert len({row["result"]["booking"]["bookingId"] for row in rows}) == 128


def test_who_is_not_read_any_more_is_told_how_to_go_on(house, cli, table):
    show_id = house.show()
    file = table("show_id,best", f"{show_id},2", f"{show_id},2")
    reader, writer = os.pipe()
    os.close(reader)
    cut = subprocess.run(
        [PROGRAM, "batch", "hold", file], env=cli.environment, stdout=writer,
        stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert cut.returncode == 141
    again = next(line for line in cut.stderr.splitlines() if line.startswith("  next: usher "))
    assert cli.run(*again.removeprefix("  next: usher ").split())[-1] == "2 rows: 2 held, 0 refused"
    assert house.number(f"select count(*) from booking where show_id = {show_id}") == 2


@pytest.mark.parametrize("name, text, told", [
    ("rows.txt", "", "is it CSV or JSON?"), ("rows.csv", "show,seats\n", "'show'"),
    ("nowhere.csv", None, "cannot read the batch")])
def test_a_file_that_is_no_batch_is_refused(cli, tmp_path, name, text, told):
    if text is not None:
        (tmp_path / name).write_text(text)
    assert told in cli.start("batch", "hold", tmp_path / name).errors(64)[0]
    cli.run("batch", "hold", tmp_path / name, "--request-id", "x", code=64)


def test_nothing_is_nothing(cli, table):
    assert cli.run("batch", "hold", table("show_id,seats")) == ["0 rows: 0 held, 0 refused"]
    assert cli.json("batch", "cancel", table("booking_id")) == []
    # Rows from standard input leave nobody to ask.
    assert "- needs --yes" in "".join(
        cli.start("batch", "cancel", "-", "--format", "json").errors(64))
    assert cli.run("batch", "cancel", "-", "--format", "json", "--yes") == [
        "0 rows: 0 cancelled, 0 refused"]
    assert "prints no list" in cli.start(
        "batch", "hold", table("show_id"), "-o", "csv").errors(64)[0]


def test_a_batch_whose_answer_was_lost_is_done_once(sandbox, tmp_path):
    with manager(sandbox) as keeper:
        house, cli = House(sandbox, keeper), CommandLine(sandbox, tmp_path)
        cli.environment["USHER_TOKEN"] = keeper.key
        show_id = house.show()
        (tmp_path / "rows.csv").write_text(f"show_id,seats\n{show_id},A1\n{show_id},A2\n")
        cli.run("sandbox", "fault", "booking.BatchHoldSeats", "--lose-answer", "--code", "internal",
                "--times", 1)
        command = cli.start("batch", "hold", tmp_path / "rows.csv")
        assert "Whether it happened is not known" in "".join(command.errors(1)) and not command.lines
        assert cli.run(*next_of(command))[-1] == "2 rows: 2 held, 0 refused"
        assert house.number(f"select count(*) from booking where show_id = {show_id}") == 2
