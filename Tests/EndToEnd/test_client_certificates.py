"""Certificates of clients, as grpcio and `usher` show them: good ones are let in, others never
reach a call. What OpenSSL makes of each fault is in Tests/TLSTests."""

import hashlib
import ssl
import subprocess

import grpc
import pytest

from authority import Authority
from command_line import CommandLine
from partner import Partner, new_id, refusal
from serving import Serving, check, code_of
from test_operators import DENIED, Operator
from usher.v1 import catalog_pb2
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

    def till(self, name, also):
        """A client's certificate with alternative names."""
        return self.authority.issue("client", name, also=also)

    def partner(self, node, certificate, key=None):
        return Partner(
            node.tcp, self.authority.certificate.read_bytes(), key,
            certificate=tuple(file.read_bytes() for file in certificate))

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
    shown = usher(node, papers, "--client-cert", papers.good[0], "--client-key", papers.good[1])
    assert shown.returncode == 0, shown.stderr
    assert "Berlin" in shown.stdout or len(shown.stdout.splitlines()) > 2
    refused = usher(node, papers, "--client-cert", papers.expired[0], "--client-key", papers.expired[1])
    assert refused.returncode == 75 and "certificate expired" in refused.stderr
    alone = usher(node, papers, "--client-cert", papers.good[0])
    assert alone.returncode == 64 and "--client-key" in alone.stderr


NOBODY = (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
NO_BOOKING = (grpc.StatusCode.NOT_FOUND, "BOOKING_NOT_FOUND")


@pytest.fixture
def operator(demo, node, papers):
    """On the node itself, where what is changed counts at once."""
    with papers.partner(node, papers.good) as connection:
        yield Operator(demo, connection.channel)


@pytest.fixture
def lumen(operator):
    return operator.partner(f"Lumen {new_id()}").partner_id


def fingerprint(chain):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(chain.read_text())).hexdigest()


def asks(partner):
    """What becomes of a call that only partners may make."""
    found = refusal(partner.get, new_id())
    return found.code, found.reason


def test_a_certificate_stands_for_a_key(demo, node, papers, operator, lumen):
    name = f"spiffe://lumen/Till/{new_id()}"
    first = papers.till("till-1", f"URI:{name}")
    with papers.partner(node, first) as till:
        found = refusal(till.get, new_id())
        assert (found.code, found.reason) == NOBODY
        assert found.metadata == {"sha256": fingerprint(first[0])}
        # Reading is free here, also for those whom nobody knows.
        assert till.catalog.ListCities(catalog_pb2.ListCitiesRequest()).cities
    answer = operator.CreateApiKey(
        partner_id=lumen, scopes=["sell"], certificate=f"uri:{name}")
    assert answer.secret == "" and answer.api_key.certificate == f"uri:{name}"
    # A renewed certificate has the same name, and so needs no registering.
    for chain in (first, papers.till("till-2", f"URI:{name}")):
        with papers.partner(node, chain) as till:
            wait_until(lambda: asks(till) == NO_BOOKING, 20, "the key to be known")
            held = till.hold(demo.fresh_show().show_id, best=(1, ""))
            assert till.get(held.booking_id).booking_id == held.booking_id
            till.release(held.booking_id)
    other = papers.till("till-3", f"URI:{name.lower()}")
    with papers.partner(node, other) as stranger:
        assert asks(stranger) == NOBODY
    operator.RevokeApiKey(key_id=answer.api_key.key_id)
    with papers.partner(node, first) as till:
        wait_until(lambda: asks(till) == NOBODY, 20, "the key to be gone")


def test_the_name_is_no_secret_that_can_be_shown_as_text(node, papers, operator, lumen):
    chain = papers.till("text", f"DNS:text.{new_id()}.example")
    names = [f"sha256:{fingerprint(chain[0])}", fingerprint(chain[0])]
    operator.CreateApiKey(partner_id=lumen, scopes=["sell"], certificate=names[0].upper())
    with papers.partner(node, chain) as till:
        wait_until(lambda: asks(till) == NO_BOOKING, 20, "the key to be known")
    for name in names + ["certificate"]:
        with papers.partner(node, papers.good, key=name) as thief:
            assert asks(thief) == NOBODY


def test_the_most_exact_name_decides(node, papers, operator, lumen):
    label = new_id()
    chain = papers.till("many", f"DNS:A.{label}.example,URI:urn:{label}")
    shown = fingerprint(chain[0])

    def register(name, theatre):
        return operator.CreateApiKey(
            partner_id=lumen, scopes=["sell"], certificate=name, theatre_ids=[theatre],
        ).api_key.key_id

    register(f"dns:a.{label}.example", 1)
    with papers.partner(node, chain) as till:
        wait_until(lambda: asks(till) != NOBODY, 20, "the DNS name to count")
    fixed = register(f"sha256:{shown}", 1)
    operator.RevokeApiKey(key_id=fixed)
    # The certificate itself was given up: its other names do not help it.
    with papers.partner(node, chain) as till:
        wait_until(lambda: asks(till) == NOBODY, 20, "the fingerprint to count")
    again = register(f"sha256:{shown}", 1)
    assert again != fixed
    with papers.partner(node, chain) as till:
        wait_until(lambda: asks(till) != NOBODY, 20, "the new key to count")


def test_one_certificate_one_key(operator, lumen):
    name = f"uri:urn:{new_id()}"
    key = operator.CreateApiKey(partner_id=lumen, scopes=["sell"], certificate=name).api_key
    found = refusal(operator.CreateApiKey, partner_id=lumen, scopes=["read"], certificate=name)
    assert (found.code, found.reason) == (
        grpc.StatusCode.ALREADY_EXISTS, "CERTIFICATE_TAKEN")
    found = refusal(operator.RotateApiKey, key_id=key.key_id)
    assert (found.code, found.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION, "API_KEY_OVER")
    operator.RevokeApiKey(key_id=key.key_id)
    operator.CreateApiKey(partner_id=lumen, scopes=["read"], certificate=name)


def test_what_is_said_counts_more_than_what_is_shown(demo, node, papers, operator, lumen):
    """A proxy's certificate does not lend its rights to those whose calls it forwards."""
    name = f"uri:urn:{new_id()}"
    chain = papers.till("proxy", f"URI:{name[4:]}")
    operator.CreateApiKey(partner_id=lumen, scopes=["sell"], certificate=name)
    with papers.partner(node, chain) as till, \
            papers.partner(node, chain, key="usher_pk_nobody") as guest, \
            papers.partner(node, chain, key=demo.partner_key) as other:
        wait_until(lambda: asks(till) == NO_BOOKING, 20, "the key to be known")
        assert asks(guest) == NOBODY
        held = other.hold(demo.fresh_show().show_id, best=(1, ""))
        assert asks(till) == NO_BOOKING
        assert refusal(till.get, held.booking_id).code == grpc.StatusCode.NOT_FOUND
        other.release(held.booking_id)


def test_a_certificates_key_has_bounds_as_any(demo, node, papers, operator, lumen):
    name = f"uri:urn:{new_id()}"
    chain = papers.till("bounded", f"URI:{name[4:]}")
    here = demo.fresh_show()
    elsewhere = next(show for show in demo.fresh_shows() if show.theatre_id != here.theatre_id)
    operator.CreateApiKey(
        partner_id=lumen, scopes=["sell"], certificate=name, theatre_ids=[here.theatre_id])
    with papers.partner(node, chain) as till:
        wait_until(lambda: asks(till) != NOBODY, 20, "the key to be known")
        held = till.hold(here.show_id, best=(1, ""))
        found = refusal(till.hold, elsewhere.show_id, best=(1, ""))
        assert (found.code, found.reason) == DENIED
        till.release(held.booking_id)


def test_a_certificates_key_by_the_command_line(demo, node, papers, operator, lumen, own_folder):
    name = f"urn:{new_id()}"
    chain, key = papers.till("cli", f"URI:{name}")
    office = CommandLine(demo, own_folder)
    office.environment["USHER_TOKEN"] = demo.other_key
    assert office.run(
        "admin", "create-key", lumen, "--scope", "sell", "--certificate", f"uri:{name}",
        "--selling-per-second", 100) == []
    assert any(f"uri:{name}" in line for line in office.run("admin", "keys", "--partner", lumen))
    till = CommandLine(demo, own_folder)
    del till.environment["USHER_TOKEN"]
    till.environment |= {
        "USHER_SERVER": node.tcp, "USHER_CA": str(papers.authority.certificate)}
    show = demo.fresh_show().show_id
    held, = till.json("hold", show, "--best", 1, "--client-cert", chain, "--client-key", key)
    till.run("release", held["booking"]["bookingId"], "--client-cert", chain, "--client-key", key)
