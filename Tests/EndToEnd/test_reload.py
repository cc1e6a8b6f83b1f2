"""SIGHUP: new certificates for new connections, and not a call dropped on those that are open."""

import shutil
import socket
import ssl
import threading

import grpc
import pytest

from authority import Authority
from serving import HEALTH_WATCH, SERVING, Serving, check, code_of


class Files:
    """The files a node reads, and what is put into them."""

    def __init__(self, folder):
        self.authority = Authority(folder / "authority")
        self.certificate, self.key, self.revocations = (
            folder / name for name in ("server.pem", "server.key", "crl.pem"))
        self.authority.write_revocations(self.revocations)

    def put(self, pair):
        for source, target in zip(pair, (self.certificate, self.key)):
            shutil.copy(source, target)

    def credentials(self, pair):
        chain, key = (file.read_bytes() for file in pair)
        return grpc.ssl_channel_credentials(self.authority.certificate.read_bytes(), key, chain)


@pytest.fixture
def files(own_folder):
    made = Files(own_folder)
    made.put(made.authority.issue("server", "first"))
    return made


@pytest.fixture
def node(demo, own_folder, files):
    node = Serving(
        demo, own_folder / "serving", certificate=files.certificate, key=files.key,
        client_auth="require", client_ca=files.authority.certificate,
        client_crl=files.revocations, loops=2)
    with node:
        yield node


def open_channel(node, credentials):
    return grpc.secure_channel(
        node.tcp, credentials, options=[("grpc.use_local_subchannel_pool", 1)])


def shown_name(node, files, pair):
    """The common name in the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=str(files.authority.certificate))
    context.load_cert_chain(*pair)
    context.set_alpn_protocols(["h2"])
    host, port = node.tcp.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=20) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as connection:
            return dict(part[0] for part in connection.getpeercert()["subject"])["commonName"]


class Caller:
    """Calls without a pause on a channel, on a thread of its own, until it is stopped."""

    def __init__(self, channel):
        self._channel = channel
        self._stop = threading.Event()
        self.count = 0
        self.error = None
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            while not self._stop.is_set():
                check(self._channel)
                self.count += 1
        except grpc.RpcError as error:
            self.error = error

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(60)


def test_certificates_change_under_running_calls(node, files):
    client = files.authority.issue("client", "partner")
    revoked = files.authority.issue("client", "former-partner")
    credentials = files.credentials(client)
    with open_channel(node, credentials) as old, \
            open_channel(node, files.credentials(revoked)) as former:
        watch = old.unary_stream(HEALTH_WATCH)(b"", timeout=120)
        assert next(watch) == SERVING
        check(former)
        with Caller(old) as caller:
            assert shown_name(node, files, client) == "first"

            files.put(files.authority.issue("server", "second"))
            files.authority.revoke(revoked[0])
            files.authority.write_revocations(files.revocations)
            node.hang_up()
            # Every loop has its own listener: enough connections meet each of them.
            assert {shown_name(node, files, client) for _ in range(8)} == {"second"}
            with open_channel(node, files.credentials(revoked)) as again:
                assert code_of(again) == grpc.StatusCode.UNAVAILABLE
            # Whoever is connected stays: certificates are looked at in handshakes.
            check(former)

            files.certificate.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")
            node.hang_up()
            assert "certificates not reloaded" in node.log()
            assert str(files.certificate) in node.log()
            assert {shown_name(node, files, client) for _ in range(8)} == {"second"}

            files.put(files.authority.issue("server", "third"))
            files.key.unlink()
            node.hang_up()
            assert {shown_name(node, files, client) for _ in range(4)} == {"second"}
            count = caller.count
        assert caller.error is None
        assert caller.count >= count > 0
        check(old)
        # The stream that was there before the first reload ends when the server does, not before.
        assert watch.is_active()
        assert node.terminate() == 0
        assert next(watch) == b"\x08\x02"  # NOT_SERVING
