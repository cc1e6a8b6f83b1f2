"""A certificate authority made by the openssl program: its certificates owe nothing to our code."""

import subprocess
import time

CONFIG = """
[ca]
default_ca = authority
[authority]
database = {folder}/index
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
crlnumber = {folder}/crlnumber
default_md = sha256
default_days = 10
default_crl_days = 10
rand_serial = yes
policy = anything
unique_subject = no
[anything]
commonName = supplied
[req]
distinguished_name = nothing
[nothing]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1
[client]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
"""

EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
RSA = ["-newkey", "rsa:2048", "-nodes"]


def openssl(*arguments):
    result = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def in_days(days):
    """A time as openssl writes it."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86_400))


class Authority:
    """An authority in a folder. Certificates are pairs of files: chain and key."""

    def __init__(self, folder, name="an authority"):
        self.folder = folder
        folder.mkdir()
        self._config = folder / "config"
        self._config.write_text(CONFIG.format(folder=folder))
        (folder / "index").touch()
        (folder / "crlnumber").write_text("01\n")
        self.certificate = folder / "ca.pem"
        self._kinds = 0
        openssl(
            "req", "-x509", *EC, "-config", self._config, "-extensions", "root", "-days", 10,
            "-subj", f"/CN={name}", "-keyout", folder / "ca.key", "-out", self.certificate)

    def issue(self, kind, name, begins=-1, ends=5, key=EC, also=""):
        """A certificate of a kind, good from and to so many days from now. `also`: alternative names, as
        openssl writes them."""
        request, chain, secret = (self.folder / f"{name}.{end}" for end in ("csr", "pem", "key"))
        if also:
            self._kinds += 1
            named = f"{kind}_{self._kinds}"
            section = CONFIG.split(f"[{kind}]")[1].split("[")[0]
            with self._config.open("a") as config:
                config.write(f"[{named}]{section}subjectAltName = {also}\n")
            kind = named
        openssl(
            "req", "-new", *key, "-config", self._config, "-subj", f"/CN={name}",
            "-keyout", secret, "-out", request)
        openssl(
            "ca", "-batch", "-notext", "-config", self._config, "-extensions", kind,
            "-startdate", in_days(begins), "-enddate", in_days(ends), "-in", request,
            "-out", chain)
        return chain, secret

    def revoke(self, chain):
        openssl("ca", "-config", self._config, "-revoke", chain)

    def write_revocations(self, file):
        openssl("ca", "-config", self._config, "-gencrl", "-out", file)
        return file
