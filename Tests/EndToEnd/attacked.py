"""A server to attack, and what must hold for it afterwards.

Targets are `interop-server` processes: they have every kind of method, need no database, and take
their limits as flags, so that no test waits for minutes.
"""

import contextlib
import os
import pathlib
import select
import ssl
import subprocess
import tempfile
import time

import frames
import interop_programs
from usherd import wait_until

SERVICE = "/grpc.testing.TestService/"
EMPTY, UNARY = SERVICE + "EmptyCall", SERVICE + "UnaryCall"
DOWN, UP, CHAT = (
    SERVICE + "StreamingOutputCall", SERVICE + "StreamingInputCall", SERVICE + "FullDuplexCall")
START_SECONDS = 30
# Growth that is no leak: a tenth, or what malloc keeps of the largest messages on each loop.
MEMORY_TOLERANCE = 0.1
MEMORY_KEPT_BYTES = 8 << 20
# Attacks of one connection land on one loop, whichever: by then each has most likely seen it.
WARM_UPS = 5
# The first attack that a loop sees may still come later, and fills its caches; a leak costs each time.
TRIES = 5
SETTLING_SECONDS = 6

IMPATIENT = {
    "handshake_ms": 1_500, "header_block_ms": 500, "unary_body_ms": 500,
    "stalled_response_ms": 500, "stalled_socket_ms": 500, "housekeeping_ms": 50,
}
# Apart, so that on a busy machine no ping decides what another limit is to decide.
PINGING = {"keepalive_interval_ms": 500, "keepalive_timeout_ms": 2_000, "housekeeping_ms": 50}


class Target:
    """An interop-server that is about to have a bad day."""

    def __init__(self, certificate=None, **limits):
        self.certificate = certificate
        self._limits = {"connections_per_peer": 5_000} | limits
        self._log = tempfile.TemporaryFile(prefix="usher-target-")

    def __enter__(self):
        command = [interop_programs.ours("server"), "--port=0", "--log_level=info"]
        command += [f"--limit={name}={value}" for name, value in self._limits.items()]
        if self.certificate:
            chain, key = self.certificate
            command += ["--use_tls=true", f"--tls_cert={chain}", f"--tls_key={key}"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert select.select([self.process.stdout], [], [], START_SECONDS)[0], "no address"
        self.address = self.process.stdout.readline().strip()
        assert self.serves(), self.log()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self._log.close()

    def dial(self):
        return frames.dial(self.address)

    def connect(self, greeting=None):
        """A connection that has said hello, or the given bytes instead."""
        raw = self.dial()
        if self.certificate:
            context = ssl.create_default_context(cafile=self.certificate[0])
            context.set_alpn_protocols(["h2"])
            raw = context.wrap_socket(raw, server_hostname="localhost")
        return frames.Wire(raw) if greeting is None else frames.Wire(raw, greeting)

    def serves(self):
        """Whether a new connection gets a good answer."""
        with self.connect() as wire:
            wire.send(frames.call(EMPTY))
            return wire.verdict() == ("end", None)

    @property
    def is_running(self):
        return self.process.poll() is None

    def log(self, start=0):
        return os.pread(self._log.fileno(), 1 << 20, start).decode(errors="replace")

    def log_size(self):
        return os.fstat(self._log.fileno()).st_size

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def resident_bytes(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text()
        return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def unharmed(target, says=None):
    """What holds after every attack: the server lives and serves, descriptors and threads are
    those of before, and the log names the event."""
    wait_until(lambda: target.serves(), what="service before the attack")
    log, descriptors, threads = target.log_size(), target.descriptors(), target.threads()
    yield
    assert target.is_running, target.log()
    assert target.serves()
    wait_until(lambda: target.descriptors() <= descriptors, what="closing of descriptors")
    assert target.threads() <= threads
    if says:
        wait_until(lambda: says in target.log(log), what=f"a log line with {says!r}")


def endure(target, attack, says=None):
    """The same attack again and again: the first fill caches, one of the last must cost no memory."""
    for _ in range(WARM_UPS):
        with unharmed(target, says):
            attack()
    growth = []
    for _ in range(TRIES):
        before = target.resident_bytes()
        with unharmed(target, says):
            result = attack()
        if settles(target, max(before * (1 + MEMORY_TOLERANCE), before + MEMORY_KEPT_BYTES)):
            return result
        growth.append(target.resident_bytes() - before)
    raise AssertionError(f"each attack costs memory, in bytes: {growth}")


def settles(target, most):
    """Whether the server comes to have so many bytes at most."""
    end = time.monotonic() + SETTLING_SECONDS
    while target.resident_bytes() > most:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
