"""Several `usherd serve` on one PostgreSQL, and haproxy before them, as child processes.

The town, its keys and certificates are a demo's; the database runs without the demo, so that it can
be stopped as a crash would stop it. Only processes started here are ever signalled.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from conftest import Demo
from usherd import BINARY, Usherd, wait_until

POSTGRES_SETTINGS = {
    "listen_addresses": "", "port": "5432", "unix_socket_permissions": "0700",
    "wal_level": "logical", "max_replication_slots": "16", "max_wal_senders": "16",
    "max_connections": "200", "fsync": "on", "synchronous_commit": "on",
}


class Postgres:
    """The primary, on a data folder that is there."""

    def __init__(self, data):
        self.data = data
        folder = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        self.program = os.path.join(folder, "postgres")
        self.log = data.parent / "postgres.log"
        self.process = None

    def start(self):
        """After the postmaster alone was killed, its backends take a moment to notice and to let go
        of the shared memory; until then a new one refuses to start."""
        end = time.monotonic() + 60
        while True:
            begin = self.log.stat().st_size if self.log.exists() else 0
            self._launch()
            if wait_until(lambda: self._has_ended() or self._accepts(), 60, "PostgreSQL") == "yes":
                return self
            told = self.log.read_text(errors="replace")[begin:]
            assert "pre-existing shared memory block" in told and time.monotonic() < end, told
            time.sleep(0.1)

    def _launch(self):
        owner = self.data.stat()
        command = [self.program, "-D", self.data, "-k", self.data]
        for name, value in POSTGRES_SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        if os.geteuid() == 0:
            # Not by Popen itself: that would fork, which gRPC's threads do not survive.
            command = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}",
                       "--clear-groups", "--", *command]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _has_ended(self):
        return "no" if self.process.poll() is not None else None

    def _accepts(self):
        is_ready = subprocess.run(
            ["pg_isready", "-q", "-h", self.data, "-p", "5432"], check=False).returncode == 0
        return "yes" if is_ready else None

    def wait_ready(self):
        wait_until(self._accepts, 60, "PostgreSQL")

    def kill(self):
        """Ends the postmaster as kill -9 does: nothing is written down, the next start recovers."""
        self._end(signal.SIGKILL)

    def stop(self):
        """At once: what is in the folder goes with it."""
        if self.process is not None and self.process.poll() is None:
            self._end(signal.SIGQUIT)

    def _end(self, how):
        self.process.send_signal(how)
        self.process.wait(60)


class Crashing(Usherd):
    """A demo whose database may be away for a while."""

    AWAY = ("recovery mode", "starting up", "not yet accepting", "shutting down",
            "closed the connection", "Connection refused", "No such file", "terminating connection")

    def sql(self, statement):
        end = time.monotonic() + 60
        while True:
            try:
                return super().sql(statement)
            except AssertionError as error:
                if time.monotonic() > end or not any(word in str(error) for word in self.AWAY):
                    raise
            time.sleep(0.05)


class NodeServer(Usherd):
    """One node of a town. Its address stays the same over restarts."""

    def __init__(self, town, name, **settings):
        folder = town.folder / name
        folder.mkdir()
        super().__init__(
            folder / "node", database=town.database, certificate=town.demo.data / "server.pem",
            key=town.demo.data / "server.key", anonymous_reads="true", drain_seconds=5,
            connections_per_peer=10_000, **settings)
        self.name = name

    def start(self):
        line = self._launch([BINARY, "serve", "--listen", self.listen])
        assert line.startswith("ready https://"), f"usherd did not start: {line!r}\n{self.log()}"
        self.address = self.listen = line.strip().removeprefix("ready https://")
        return self


class Proxy:
    """haproxy in TCP mode: TLS is between clients and nodes."""

    def __init__(self, folder, nodes):
        program = shutil.which("haproxy") or "/usr/sbin/haproxy"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        servers = "\n".join(
            f"  server {node.name} {node.address} check inter 100ms fall 1 rise 1"
            " on-marked-down shutdown-sessions" for node in nodes)
        file = pathlib.Path(folder) / "haproxy.cfg"
        file.write_text(
            "defaults\n  mode tcp\n  timeout connect 2s\n  timeout client 1h\n"
            "  timeout server 1h\n  option redispatch\n  balance roundrobin\n"
            f"listen nodes\n  bind {self.address}\n{servers}\n")
        with open(folder / "haproxy.log", "ab") as log:
            self.process = subprocess.Popen(
                [program, "-db", "-f", file], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._accepts, 30, "haproxy")

    def _accepts(self):
        host, port = self.address.split(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Town:
    """The database of a demo and nodes that serve it."""

    def __init__(self, folder, node_count, **settings):
        self.folder = folder
        self.demo = Crashing(folder / "demo")
        self.database = (
            f"host={self.demo.data / 'postgres' / 'data'} port=5432 user=usher dbname=usher")
        self.postgres = None
        self.proxy = None
        self.nodes = []
        self._node_count, self._settings = node_count, settings

    def __enter__(self):
        try:
            self.demo.start()
            self.demo.terminate()
            self.postgres = Postgres(self.demo.data / "postgres" / "data").start()
            self.nodes = [
                NodeServer(self, name, **self._settings)
                for name in "abcdef"[: self._node_count]]
            for node in self.nodes:
                node.start()
            # Shows and keys as any client of the first node sees them.
            self.demo.address = self.nodes[0].address
            self.clients = Demo(self.demo)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.proxy is not None:
            self.proxy.stop()
        for node in self.nodes:
            node.stop()
        if self.postgres is not None:
            self.postgres.stop()
        self.demo.stop()

    def start_proxy(self):
        self.proxy = Proxy(self.folder, self.nodes)
        return self.proxy

    def partner(self, node, key="own"):
        """A connection to a node, or to the proxy."""
        return self.clients.partner_at(node.address, key)

    def fresh_show(self, seat_count=None):
        return self.clients.fresh_show(seat_count)

    def labels(self, show_id):
        return self.clients.labels(show_id)

    def sql(self, statement):
        return self.demo.sql(statement)

    def faults(self):
        return self.demo.faults()

    def verify(self, *arguments):
        """`usherd verify` on the town's database: exit code, output."""
        result = subprocess.run(
            [BINARY, "verify", "--database", self.database, *arguments],
            capture_output=True, text=True, timeout=120)
        return result.returncode, result.stdout
