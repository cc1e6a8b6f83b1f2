"""`usherd serve` on the database of a demo: a second node with settings of its own, up in a second."""

import resource
import signal

import grpc

from usherd import BINARY, Usherd, wait_until

HEALTH_CHECK = "/grpc.health.v1.Health/Check"
HEALTH_WATCH = "/grpc.health.v1.Health/Watch"
SERVING = b"\x08\x01"


class Serving(Usherd):
    """A node beside the demo's. `listen` may name several addresses; `tcp` and `unix` are the ones
    it told. `descriptors` limits how many it may open."""

    def __init__(self, demo, folder, listen="127.0.0.1:0", descriptors=None, **settings):
        self.demo = demo
        data = demo.server.data
        folder.mkdir(exist_ok=True)
        super().__init__(
            folder / "node",
            database=f"host={data / 'postgres' / 'data'} port=5432 user=usher dbname=usher",
            **settings,
        )
        self.listen = listen
        self.descriptors = descriptors
        self.tcp = self.unix = None

    def start(self):
        limit = self.descriptors and (
            lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors,) * 2)
        )
        line = self._launch([BINARY, "serve", "--listen", self.listen], preexec_fn=limit)
        assert line.startswith("ready "), f"usherd did not start: {line!r}\n{self.log()}"
        for address in line.split()[1:]:
            if address.startswith("unix:"):
                self.unix = address
            else:
                self.tcp = address.split("://")[1]
        return self

    def hang_up(self):
        """SIGHUP; returns when the server has said what became of it."""
        before = self.log_text().count("certificates")
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log_text().count("certificates") > before, 30, "the reload")

    def log_text(self):
        return (self.data.parent / "usherd.log").read_text(errors="replace")


def check(channel, seconds=20):
    """One call of a method that is open to all."""
    assert channel.unary_unary(HEALTH_CHECK)(b"", timeout=seconds) == SERVING


def code_of(channel):
    """The code with which a call fails, or OK."""
    try:
        check(channel)
        return grpc.StatusCode.OK
    except grpc.RpcError as error:
        return error.code()
