"""A server that may open no more descriptors: those who are in are served, the others wait."""

import contextlib
import socket

import grpc

from serving import Serving, check
from usherd import wait_until

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"


def test_accepting_pauses_at_the_limit_and_recovers(demo, own_folder):
    node = Serving(
        demo, own_folder / "serving", cleartext=True, loops=1, pool_connections=1, descriptors=100)
    with node, grpc.insecure_channel(node.tcp) as inside, contextlib.ExitStack() as crowd:
        check(inside)
        host, port = node.tcp.rsplit(":", 1)
        for _ in range(120):
            peer = crowd.enter_context(socket.create_connection((host, int(port)), timeout=20))
            peer.sendall(PREFACE)
        wait_until(lambda: "accepting pauses" in node.log_text(), 30, "the pause")
        # The last of the crowd is connected as far as its own system knows, and is told nothing.
        peer.settimeout(0.5)
        try:
            heard = peer.recv(1)
        except TimeoutError:
            heard = None
        assert heard is None
        check(inside)
        crowd.close()
        wait_until(lambda: "accepting goes on" in node.log_text(), 30, "the recovery")
        with grpc.insecure_channel(
                node.tcp, options=[("grpc.use_local_subchannel_pool", 1)]) as outside:
            check(outside)
        assert node.log_text().count("accepting pauses") < 5
        wait_until(lambda: node.open_descriptors() < 60, 30, "descriptors to be given back")
