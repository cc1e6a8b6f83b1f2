"""`usherd verify` on a database with sales: sound, then with planted faults; the exit codes."""

import json
import subprocess

from usherd import BINARY


def verify(demo, *arguments, database=None):
    socket = demo.server.data / "postgres" / "data"
    result = subprocess.run(
        [BINARY, "verify", "--database",
         database or f"host={socket} port=5432 user=usher dbname=usher", *arguments],
        capture_output=True, text=True, timeout=120)
    return result.returncode, result.stdout, result.stderr


def test_faults_are_printed_and_told_by_the_exit_code(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)
    held = partner.hold(show.show_id, labels[:2]).booking_id
    # Not paid: what is settled of it would differ as well.
    other = partner.hold(show.show_id, labels[2:3]).booking_id
    assert verify(demo) == (0, "sound\n", "")
    assert verify(demo, "--json") == (0, "", "")
    lane, seat = demo.server.sql(
        f"update show_seat set hold_until = hold_until + interval '1 s' where booking_id = '{held}'"
        f" and seat_no = (select min(seat_no) from show_seat where booking_id = '{held}')"
        " returning lane, seat_no")[0]
    demo.server.sql(f"update booking set total = total + 1 where booking_id = '{other}'")
    try:
        code, table, _ = verify(demo)
        lines = [line.split() for line in table.splitlines()]
        assert code == 65 and lines[0] == ["FAULT", "LANE", "SHOW", "SEAT", "BOOKING"]
        show_id = str(show.show_id)
        assert sorted(lines[1:]) == [
            ["hold_end_differs", lane, show_id, seat, held],
            ["quote_not_total", lane, show_id, "-", other]]
        code, text, _ = verify(demo, "--json")
        faults = sorted(map(json.loads, text.splitlines()), key=lambda fault: fault["fault"])
        assert code == 65 and faults == [
            {"fault": "hold_end_differs", "lane": int(lane), "show": show.show_id,
             "seat": int(seat), "booking": held},
            {"fault": "quote_not_total", "lane": int(lane), "show": show.show_id, "seat": None,
             "booking": other}]
    finally:
        demo.server.sql(
            "update show_seat h set hold_until = b.hold_until from booking b"
            f" where h.booking_id = b.booking_id and b.booking_id = '{held}'")
        demo.server.sql(f"update booking set total = total - 1 where booking_id = '{other}'")
    assert verify(demo)[0] == 0


def test_what_cannot_be_read_is_not_called_sound(demo):
    for database, expected in (("host=/nonexistent dbname=usher", 69), ("= no string", 69)):
        code, told, complaint = verify(demo, database=database)
        assert (code, told) == (expected, "") and complaint.startswith("usherd: ")
    socket = demo.server.data / "postgres" / "data"
    code, told, _ = verify(
        demo, database=f"host={socket} port=5432 user=usher dbname=postgres")
    assert (code, told) == (69, "")
    result = subprocess.run(
        [BINARY, "verify"], capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin"})
    assert result.returncode == 78
