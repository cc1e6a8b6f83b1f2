"""What a TLS client may agree on with the server: Python's ssl and the openssl program try."""

import socket
import ssl
import subprocess
import types

import pytest

from authority import RSA, Authority
from serving import Serving
from usherd import Folder

V1_1, V1_2, V1_3 = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
SETTINGS_FRAME = 4


@pytest.fixture(scope="module")
def rsa(demo):
    """A node with an RSA key: with it, and not with the demo's, suites without forward secrecy
    would be possible."""
    with Folder() as folder:
        authority = Authority(folder / "authority")
        chain, key = authority.issue("server", "server", key=RSA)
        with Serving(demo, folder / "serving", certificate=chain, key=key) as node:
            yield types.SimpleNamespace(
                address=node.tcp, authority=authority.certificate.read_bytes())


@pytest.fixture(params=["demo", "rsa"])
def either(request):
    return request.getfixturevalue(request.param)


def context(demo, version=V1_3, protocols=("h2",), ciphers=None):
    made = ssl.create_default_context(cadata=demo.authority.decode())
    made.minimum_version = made.maximum_version = version
    # Only so that this side does not refuse first.
    made.set_ciphers(ciphers or "ALL:@SECLEVEL=0")
    if protocols:
        made.set_alpn_protocols(protocols)
    return made


def connect(demo, made):
    host, port = demo.address.rsplit(":", 1)
    raw = socket.create_connection((host, int(port)), timeout=20)
    try:
        return made.wrap_socket(raw, server_hostname="localhost")
    except BaseException:
        raw.close()
        raise


@pytest.mark.parametrize(
    "version, told, ciphers",
    [(V1_2, "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
     (V1_2, "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
     (V1_2, "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
     (V1_3, "TLSv1.3", None)])
def test_versions_and_suites_that_are_spoken(demo, version, told, ciphers):
    with connect(demo, context(demo, version, ciphers=ciphers)) as connection:
        assert connection.version() == told
        assert connection.selected_alpn_protocol() == "h2"
        assert ciphers is None or connection.cipher()[0] == ciphers
        assert connection.compression() is None
        assert connection.recv(9)[3] == SETTINGS_FRAME


@pytest.mark.parametrize(
    "version, ciphers",
    [(V1_1, "ALL:@SECLEVEL=0"),
     # No forward secrecy, no authenticated encryption, no elliptic curve.
     (V1_2, "AES128-GCM-SHA256:AES256-GCM-SHA384"),
     (V1_2, "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384"),
     (V1_2, "DHE-RSA-AES128-GCM-SHA256"),
     (V1_2, "AECDH-AES128-SHA:@SECLEVEL=0")])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_versions_and_suites_that_are_refused(either, version, ciphers):
    with pytest.raises(ssl.SSLError) as refusal:
        connect(either, context(either, version, ciphers=ciphers))
    assert "alert" in str(refusal.value).lower()


def test_another_protocol_is_refused(demo):
    with pytest.raises(ssl.SSLError) as refusal:
        connect(demo, context(demo, protocols=["http/1.1", "h3"]))
    assert "alert no application protocol" in str(refusal.value)


@pytest.mark.parametrize("version", [V1_2, V1_3])
def test_a_client_that_names_no_protocol_gets_nothing(demo, version):
    try:
        with connect(demo, context(demo, version, protocols=None)) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            assert connection.recv(9) == b""
    except (ssl.SSLError, ConnectionError):
        pass


def test_renegotiation_is_refused(demo):
    result = subprocess.run(
        ["openssl", "s_client", "-connect", demo.address, "-tls1_2", "-alpn", "h2"],
        input=b"R\n", capture_output=True, timeout=60)
    assert b"RENEGOTIATING" in result.stdout + result.stderr
    assert b"no renegotiation" in result.stderr
