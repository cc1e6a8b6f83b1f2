"""Our client before several grpcio servers: spreading, health, one killed, a flaky one."""

import collections
import contextlib
import select
import subprocess

import pytest

import named_server
import usherd

PROBE = usherd.BINARY.parent / "channel-probe"
ANSWER_SECONDS = 90


class Probe:
    """channel-probe as a child process."""

    def __init__(self, servers, *options):
        target = "ipv4:" + ",".join(server.address for server in servers)
        self._process = subprocess.Popen(
            [PROBE, target, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_SECONDS)
        assert ready, f"no answer to {line}"
        return self._process.stdout.readline().strip()

    def counts(self, line, count):
        return collections.Counter(self(line) for _ in range(count))

    def settles(self, *names):
        """Waits until exactly these servers answer in turn."""
        fair = {name: 3 for name in names}
        usherd.wait_until(
            lambda: self.counts("wait", 3 * len(names)) == fair, ANSWER_SECONDS, f"{names} in turn"
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        assert self._process.wait(30) == 0
        self._process.stdout.close()


@pytest.fixture
def servers():
    """Starts servers by name and health."""
    with contextlib.ExitStack() as stack:
        def start(*wanted):
            started = [named_server.NamedServer(*each) for each in wanted]
            for server in started:
                stack.callback(server.kill)
            return started

        yield start


def test_round_robin_avoids_the_ill_and_the_dead(servers):
    well, other, ill = servers(("a", "SERVING"), ("b", "SERVING"), ("c", "NOT_SERVING"))
    with Probe([well, other, ill], "--policy=round_robin", "--health=usher.v1") as probe:
        probe.settles("a", "b")
        ill.feel("SERVING")
        probe.settles("a", "b", "c")
        well.feel("NOT_SERVING")
        probe.settles("b", "c")
        other.kill()
        # Calls on a connection that dies may fail; afterwards none does.
        usherd.wait_until(lambda: probe("call") == "c", what="the last server")
        assert probe.counts("call", 10) == {"c": 10}
        ill.kill()
        usherd.wait_until(lambda: probe("call") == "UNAVAILABLE", what="nobody")
        assert probe("state") == "transientFailure"


def test_pick_first_moves_on_when_its_server_is_killed(servers):
    first, second = servers(("first",), ("second",))
    with Probe([first, second]) as probe:
        assert probe.counts("call", 5) == {"first": 5}
        first.kill()
        usherd.wait_until(lambda: probe("call") == "second", what="the second server")


def test_a_server_without_health_service_is_healthy(servers):
    (plain,) = servers(("plain",))
    with Probe([plain], "--policy=round_robin", "--health=usher.v1") as probe:
        assert probe("call") == "plain"


def test_only_safe_calls_are_repeated(servers):
    (flaky,) = servers(("flaky",))
    with Probe([flaky], "--attempts=3") as probe:
        assert probe("call") == "UNAVAILABLE"
        assert probe("safe") == "flaky"
