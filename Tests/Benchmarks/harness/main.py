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
import feed
import process
import runtime
import selling
from tools import Tools


def arguments():
    parser = argparse.ArgumentParser(prog="Tests/Benchmarks/run", description=__doc__)
    parser.add_argument(
        "part", nargs="?", default="all", 
        choices=["all", "runtime", "fanout", "selling", "feed", "codec"])
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds, 1 to 50")
    parser.add_argument("--seconds", type=float, default=3, help="of load per case, 0.2 to 30")
    parser.add_argument("--root", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--grpc-swift-server", help=argparse.SUPPRESS)
    parser.add_argument("--swift-protobuf-peer", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not (1 <= given.rounds <= 50 and 0.2 <= given.seconds <= 30):
        parser.error("--rounds takes 1 to 50, --seconds 0.2 to 30")
    return given


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
        if given.part in ("all", "feed"):
            feed.run(tools, given.rounds, given.seconds)
        if given.part in ("all", "codec"):
            codec.run_part(tools, given.rounds, given.seconds)
        if given.part in ("all", "selling"):
            selling.run(tools, given.rounds, given.seconds)
    except (process.Failed, subprocess.TimeoutExpired) as error:
        print(f"benchmark failed: {error}", file=sys.stderr)
        return 1
    finally:
        process.stop_all()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
