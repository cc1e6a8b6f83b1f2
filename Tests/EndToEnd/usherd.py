"""A real `usherd` as a child process: start, stop, kill, and its database as psql sees it.

Knows nothing of gRPC. Every wait has a bound, and only processes started here are ever signalled.
"""

import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("USHERD", ROOT / ".build" / "debug" / "usherd"))
START_SECONDS = 120


def wait_until(condition, seconds=30, what="the condition"):
    """Polls until the condition is true, and returns what it returned."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < end, f"{what} did not come true in {seconds} s"
        time.sleep(0.02)


class Folder:
    """A folder that the database's account may enter, gone afterwards."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="usher-", dir="/tmp"))
        self.path.chmod(0o755)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


class Usherd:
    """One `usherd demo` on a folder. The port stays the same over restarts."""

    def __init__(self, data, flags=(), **settings):
        self.data = pathlib.Path(data)
        self.flags = flags
        # Every client of the tests has the same address.
        self.settings = {"connections_per_peer": 500} | settings
        self.listen = "127.0.0.1:0"
        self.address = None
        self.process = None

    def start(self):
        line = self._launch(
            [BINARY, "demo", *self.flags, "--data", self.data, "--listen", self.listen])
        assert line.startswith("ready https://"), f"usherd did not start: {line!r}\n{self.log()}"
        self.address = line.strip().removeprefix("ready https://")
        self.listen = self.address
        return self

    def _launch(self, command, **options):
        """Starts the process and returns its first line."""
        for name, value in self.settings.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        with open(self.data.parent / "usherd.log", "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, **options
            )
        return self._first_line()

    def _first_line(self):
        fd = self.process.stdout.fileno()
        line = b""
        end = time.monotonic() + START_SECONDS
        while not line.endswith(b"\n") and time.monotonic() < end:
            if select.select([fd], [], [], 0.2)[0]:
                byte = os.read(fd, 1)
                if not byte:
                    break
                line += byte
        return line.decode()

    def log(self):
        return (self.data.parent / "usherd.log").read_text(errors="replace")[-4000:]

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def terminate(self, seconds=60):
        """Asks it to drain and end; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self):
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait(30)

    def stop(self):
        if self.is_running:
            try:
                self.terminate()
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def sql(self, statement):
        """Runs SQL in the demo's database; returns rows as tuples of text."""
        socket = self.data / "postgres" / "data"
        result = subprocess.run(
            ["psql", f"host={socket} port=5432 user=usher dbname=usher", "-XAtq", "-F", "\t",
             "-v", "ON_ERROR_STOP=1", "-c", statement],
            capture_output=True, text=True, timeout=60,
        )
        assert result.returncode == 0, result.stderr
        return [tuple(line.split("\t")) for line in result.stdout.splitlines()]

    def open_transaction(self, statements):
        """A psql with a transaction that has done these statements and is not committed yet: it is
        by `communicate("commit;")`."""
        socket = self.data / "postgres" / "data"
        session = subprocess.Popen(
            ["psql", f"host={socket} port=5432 user=usher dbname=usher", "-XAtq",
             "-v", "ON_ERROR_STOP=1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        session.stdin.write(f"begin; {statements}; \\echo done\n")
        session.stdin.flush()
        assert session.stdout.readline() == "done\n"
        return session

    def open_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_bytes(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def backends(self):
        """Process ids of the database sessions of this usherd."""
        rows = self.sql(
            "select pid from pg_stat_activity where application_name = 'usher'"
            " and pid <> pg_backend_pid()"
        )
        return [int(row[0]) for row in rows]

    def kill_backend(self, pid):
        self.sql(f"select pg_terminate_backend({pid})")

    def faults(self):
        """What the database's own checks of bookings, seats and waiting lists complain about."""
        return self.sql("select * from verify_sales() union all select * from verify_waits()"
            " union all select * from verify_sales_stream()")
