"""A short soak: thousands of calls and hundreds of streams that come, go and break off, and then
nothing of them left. `Tests/Benchmarks/soak` runs the long one."""

import json
import subprocess

from serving import Serving
from usherd import BINARY

SOAK = BINARY.parent / "Soak"


def test_nothing_is_left_of_a_rush(demo, own_folder):
    data = demo.server.data
    with Serving(
            demo, own_folder / "serving", certificate=data / "server.pem",
            key=data / "server.key", connections_per_peer=500, loops=2) as node:
        result = subprocess.run(
            [SOAK, f"target={node.tcp}", f"ca={data / 'ca.pem'}", f"token={demo.other_key}",
             "calls=6000", "streams=400", "connections=8", "callers=32"],
            capture_output=True, text=True, timeout=240)
        assert node.is_running, node.log()
    assert result.stdout, result.stderr
    report = json.loads(result.stdout)
    assert report["faults"] == [] and report["left"] == [], result.stdout
    assert report["peak"]["streams"] >= 400, result.stdout
    assert {"OK", "CANCELLED", "UNIMPLEMENTED", "broken off"} <= set(report["outcomes"])
    assert result.returncode == 0
