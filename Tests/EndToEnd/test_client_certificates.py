"""Certificates of clients, as grpcio and `usher` show them: good ones are let in, others never
reach a call. What OpenSSL makes of each fault is in Tests/TLSTests."""

import subprocess

import grpc
import pytest

from authority import Authority
from serving import Serving, check, code_of
from usherd import BINARY, Folder, wait_until

USHER = BINARY.parent / "usher"


class Papers:
    def __init__(self, folder):
        self.authority = Authority(folder / "authority")
        self.server = self.authority.issue("server", "server")
        self.good = self.authority.issue("client", "good")
        self.revoked = self.authority.issue("client", "revoked")
        self.expired = self.authority.issue("client", "expired", begins=-3, ends=-1)
        self.early = self.authority.issue("client", "early", begins=1)
        self.other_use = self.authority.issue("server", "other-use")
        self.foreign = Authority(folder / "stranger").issue("client", "foreign")
        self.authority.revoke(self.revoked[0])
        self.revocations = self.authority.write_revocations(folder / "crl.pem")

    def node(self, demo, folder, demand):
        return Serving(
            demo, folder, certificate=self.server[0], key=self.server[1], client_auth=demand,
            client_ca=self.authority.certificate, client_crl=self.revocations, anonymous_reads=True)

    def channel(self, node, certificate=None):
        chain, key = (file.read_bytes() for file in certificate) if certificate else (None, None)
        credentials = grpc.ssl_channel_credentials(
            self.authority.certificate.read_bytes(), key, chain)
        return grpc.secure_channel(
            node.tcp, credentials, options=[("grpc.use_local_subchannel_pool", 1)])


@pytest.fixture(scope="module")
def papers():
    with Folder() as folder:
        yield Papers(folder)


@pytest.fixture(scope="module", params=["request", "require"])
def node(request, demo, papers):
    with Folder() as folder, papers.node(demo, folder, request.param) as node:
        node.demand = request.param
        yield node


def test_a_good_certificate_is_let_in(node, papers):
    with papers.channel(node, papers.good) as channel:
        check(channel)


@pytest.mark.parametrize(
    "fault, told",
    [("foreign", "unable to get"), ("expired", "has expired"), ("early", "not yet valid"),
     ("revoked", "certificate revoked"), ("other_use", "unsuitable certificate purpose")])
def test_a_bad_certificate_ends_the_handshake(node, papers, fault, told):
    before = node.log_text().count(told)
    with papers.channel(node, getattr(papers, fault)) as channel:
        assert code_of(channel) == grpc.StatusCode.UNAVAILABLE
    wait_until(lambda: node.log_text().count(told) > before, 10, f"'{told}' in the log")


def test_no_certificate(node, papers):
    with papers.channel(node) as channel:
        expected = {
            "request": grpc.StatusCode.OK, "require": grpc.StatusCode.UNAVAILABLE}[node.demand]
        assert code_of(channel) == expected


def usher(node, papers, *arguments):
    return subprocess.run(
        [USHER, "cities", "--server", node.tcp, "--ca", papers.authority.certificate,
         "--timeout", "20s", *arguments],
        capture_output=True, text=True, timeout=60, env={"HOME": "/nonexistent"})


def test_the_command_line_shows_a_certificate(node, papers):
    shown = usher(node, papers, "--cert", papers.good[0], "--key", papers.good[1])
    assert shown.returncode == 0, shown.stderr
    assert "Berlin" in shown.stdout or len(shown.stdout.splitlines()) > 2
    refused = usher(node, papers, "--cert", papers.expired[0], "--key", papers.expired[1])
    assert refused.returncode == 75 and "certificate expired" in refused.stderr
    alone = usher(node, papers, "--cert", papers.good[0])
    assert alone.returncode == 64 and "--key" in alone.stderr
