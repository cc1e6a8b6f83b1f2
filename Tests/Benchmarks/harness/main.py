"""The command: reads what is wanted, builds nothing, runs the parts and cleans up after them."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import codec
import fanout
import nation
import process
import runtime
import rush
from database import Database
from tools import Tools


def arguments():
    parser = argparse.ArgumentParser(prog="Tests/Benchmarks/run", description=__doc__)
    parser.add_argument(
        "part", nargs="?", default="all",
        choices=["all", "runtime", "fanout", "codec", "rush", *rush.PARTS, "nation"])
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds, 1 to 50")
    parser.add_argument("--seconds", type=float, default=3, help="of load per case, 0.2 to 30")
    parser.add_argument(
        "--seats", type=sizes, default=(1_000_000,),
        help="show-seats in the tables, several with commas between, to compare with the small"
        " database: 400,000 to 40,000,000 each; 20,000,000 take some 9 GB of disk for a time")
    for name, least, size, help in NATION:
        parser.add_argument(f"--{name}", type=int, default=size, help=f"{help}: {least:,} to {size:,}")
    parser.add_argument("--root", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--grpc-swift-server", help=argparse.SUPPRESS)
    parser.add_argument("--swift-protobuf-peer", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not (1 <= given.rounds <= 50 and 0.2 <= given.seconds <= 30):
        parser.error("--rounds takes 1 to 50, --seconds 0.2 to 30")
    for name, least, most, _ in NATION:
        if not least <= getattr(given, name) <= most:
            parser.error(f"--{name} takes {least} to {most}")
    return given


# The largest, which are the defaults, take some 12 GB of disk for a time.
NATION = (
    ("theatres", 50, 5_000, "theatres of the nation, ten to a city"),
    ("accounts", 1, 10_000_000, "customers of the nation"),
    ("imported", 1_000, 100_000, "shows imported into the nation"),
)


def sizes(text):
    values = tuple(map(int, text.split(",")))
    if not all(400_000 < value <= 40_000_000 for value in values):
        raise ValueError
    return values


def working_folder():
    """PostgreSQL never runs as root: started by root, its own account must get in."""
    folder = tempfile.mkdtemp(prefix="usher-bench-", dir="/var/tmp")
    if os.geteuid() == 0:
        os.chmod(folder, 0o711)
    return folder


def main():
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = working_folder()
    try:
        tools = Tools(given.root, given.build, folder, given.grpc_swift_server, given.swift_protobuf_peer)
        print(f"facts: {tools.facts}")
        if given.part in ("all", "runtime"):
            runtime.run(tools, given.rounds, given.seconds)
        if given.part in ("all", "fanout"):
            fanout.run(tools, given.rounds, given.seconds)
        if given.part in ("all", "codec"):
            codec.run_part(tools, given.rounds, given.seconds)
        if given.part in ("all", "rush", *rush.PARTS):
            parts = rush.PARTS if given.part in ("all", "rush") else (given.part,)
            if not rush.run(tools, parts, given.rounds, given.seconds, given.seats):
                return 1
        if given.part in ("all", "nation"):
            with Database(tools) as database:
                size = nation.Size(given.theatres, given.accounts, given.imported)
                if not nation.run(database, given.rounds, given.seconds, size):
                    return 1
    except (process.Failed, subprocess.TimeoutExpired) as error:
        print(f"benchmark failed: {error}", file=sys.stderr)
        return 1
    finally:
        process.stop_all()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
