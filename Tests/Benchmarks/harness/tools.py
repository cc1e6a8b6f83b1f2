"""What a run needs beside itself: built programs, a folder to work in, a certificate, versions."""

import os
import platform
import subprocess

from process import run


class Tools:
    """Paths and facts. `grpc_swift` and `swift_protobuf` are None when that peer is left out."""

    def __init__(self, root, build, folder, grpc_swift, swift_protobuf):
        self.root, self.build, self.folder = root, build, folder
        self.grpc_swift, self.swift_protobuf = grpc_swift, swift_protobuf
        self.products = run(
            ["swift", "build", "-c", "release", "--package-path", root, "--scratch-path", build,
             "--show-bin-path"], seconds=120)[0].splitlines()[-1]
        self.certificate = self._issue()
        self.facts = self._facts()

    def product(self, name):
        return os.path.join(self.products, name)

    def cpp(self, name):
        return os.path.join(self.build, "cpp", name)

    @property
    def fan_load(self):
        return os.path.join(self.build, "fan_load")

    @property
    def call_load(self):
        return os.path.join(self.build, "call_load")

    def source(self, path):
        return os.path.join(self.root, "Tests/Benchmarks", path)

    def _issue(self):
        files = [os.path.join(self.folder, name) for name in ("cert.pem", "key.pem")]
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=bench", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
            seconds=30)
        return files

    def _facts(self):
        import grpc

        def output(*command):
            return subprocess.run(
                command, capture_output=True, text=True, check=False).stdout.strip()

        with open("/proc/cpuinfo") as file:
            models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        return {
            "commit": output("git", "-C", self.root, "rev-parse", "--short", "HEAD"),
            "date": output("date", "-u", "+%Y-%m-%dT%H:%MZ"),
            "machine": f"{len(models)} × {models[0] if models else platform.machine()}",
            "swift": output("swift", "--version").split("(")[0].strip(),
            "grpc_cpp": output("pkg-config", "--modversion", "grpc++"),
            "grpcio": grpc.__version__,
            "grpc_swift": _pinned(self.source("Peers/grpc-swift/Package.resolved"))
            if self.grpc_swift else None,
            "swift_protobuf": _pinned(
                os.path.join(self.build, "codec-peer/Package.resolved"), "swift-protobuf")
            if self.swift_protobuf else None,
            "protoc": output("protoc", "--version"),
            "h2load": output("h2load", "--version"),
            "postgres": output("psql", "--version"),
            "load_at_start": round(os.getloadavg()[0], 2),
        }


def _pinned(path, prefix="grpc-swift"):
    import json

    try:
        with open(path) as file:
            pins = json.load(file)["pins"]
    except (OSError, KeyError, ValueError):
        return "unknown"
    return {
        pin["identity"]: pin["state"].get("version")
        for pin in pins if pin["identity"].startswith(prefix)
    }
