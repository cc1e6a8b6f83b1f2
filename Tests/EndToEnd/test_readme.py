"""The README's way from an empty database to a first sale, run as it is printed."""

import os
import re
import subprocess

from usherd import BINARY, ROOT

README = (ROOT / "README.md").read_text()
HEADING = "### From an empty database to a first sale"


def script():
    """The commands of the section's console block as a shell's program: what follows a prompt, and the
    lines of its here documents."""
    block = re.search(rf"^{HEADING}\n.*?^```console\n(.*?)^```$", README, re.M | re.S)[1]
    lines = [line.removeprefix("$ ") for line in block.splitlines()]
    assert lines[0].startswith("usherd migrate") and lines[-1].startswith("usher ")
    # The server goes with its shell.
    return "\n".join(["set -euo pipefail", "trap 'kill %1; wait' EXIT", *lines, ""])


def test_the_commands_of_the_readme_sell(demo, own_folder):
    folder = demo.server.data / "postgres" / "data"
    database = f"host={folder} port=5432 user=usher dbname=readme"
    demo.server.sql("create database readme")
    try:
        done = subprocess.run(
            ["bash", "-c", script()], cwd=own_folder, capture_output=True, text=True, timeout=120,
            env={"PATH": f"{BINARY.parent}:{os.environ['PATH']}", "HOME": str(own_folder),
                 "LANG": "C.UTF-8", "USHER_DATABASE": database})
        assert done.returncode == 0, done.stdout + done.stderr

        def sql(statement):
            answer = subprocess.run(
                ["psql", database, "-XAtqc", statement], capture_output=True, text=True, timeout=60)
            assert answer.returncode == 0, answer.stderr
            return answer.stdout.splitlines()

        assert sql("select state, payment_reference, total from booking") == ["2|till 1|2900"]
        assert sql("select hold_minutes, orphan_rule, refund_basis_points from theatre") == ["7|1|8000"]
        # What the dry run would have added, the import did.
        assert done.stdout.count("  18 added: ") == 2, done.stdout
        assert "Confirmed C2, C3, 29.00 EUR, payment till 1" in done.stdout
        checked = subprocess.run(
            [BINARY, "verify", "--database", database], capture_output=True, text=True, timeout=60)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    finally:
        demo.server.sql("drop database readme with (force)")
