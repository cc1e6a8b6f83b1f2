"""Processes of a run: started on a core, watched by the scheduler's own accounting, ended by pid.

Knows nothing of what they serve.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 120
STOP_SECONDS = 40
_alive = []


class Failed(Exception):
    """Something that makes the run's figures worthless."""


def on_core(core, command):
    return command if core is None else ["taskset", "-c", str(core), *command]


def cpu_seconds(pid):
    """User and system time of all threads a process has and had (proc(5), fields 14 and 15)."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def family_cpu_seconds(pid):
    """A process with its children: the ended through its own account, the living, which have one
    thread each, to the nanosecond: there are too many of them to round each one's time."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    total = sum(int(field) for field in fields[11:15]) / TICKS
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = file.read().split()
    for child in children:
        try:
            with open(f"/proc/{child}/schedstat") as file:
                total += int(file.read().split()[0]) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            pass  # ended in between; the next look finds it in the parent's account
    return total


def machine_busy_seconds():
    """Time all cores together did not idle, stolen time included."""
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


class Server:
    """A process that prints `ready …` when it serves. It ends when this one does."""

    def __init__(self, command, core=None, log=None, environment=None):
        self.log = log or os.devnull
        with open(self.log, "ab") as errors:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=TERM", "--", *on_core(core, command)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env={**os.environ, **(environment or {})},
            )
        _alive.append(self)
        self.pid = self.process.pid
        try:
            self.words = self._await_ready(command)
        except BaseException:
            self.stop()
            raise
        self.port = int(self.words[1].rpartition(":")[2]) if ":" in self.words[1] else None

    def _await_ready(self, command):
        deadline = time.monotonic() + START_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while time.monotonic() < deadline:
                if not selector.select(timeout=1):
                    continue
                line = self.process.stdout.readline().decode()
                if line.startswith("ready "):
                    return line.split(maxsplit=2)
                if not line:
                    break
        with open(self.log, errors="replace") as log:
            raise Failed(f"{command[0]} did not become ready:\n{log.read()[-2000:]}")

    def ask(self, line, seconds):
        """Says a line and returns the one that comes back, nothing when the process has ended."""
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return ""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(timeout=seconds):
                raise Failed(f"no answer to {line} within {seconds} s")
        return self.process.stdout.readline().decode()

    def cpu_seconds(self):
        return cpu_seconds(self.pid)

    def stop(self):
        if self in _alive:
            _alive.remove(self)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Cluster(Server):
    """A private PostgreSQL: ends by itself when its standard input does."""

    def stop(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        super().stop()


def stop_all():
    for server in list(reversed(_alive)):
        server.stop()


def run(command, seconds, core=None, **options):
    """Runs a program to its end within a time. Returns its output and its CPU seconds."""
    before = os.times()
    result = subprocess.run(
        on_core(core, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
        text=True, **options,
    )
    after = os.times()
    if result.returncode != 0:
        raise Failed(f"{' '.join(command[:6])} failed:\n{result.stdout[-2000:]}")
    spent = (after.children_user - before.children_user) + (
        after.children_system - before.children_system)
    return result.stdout, spent
