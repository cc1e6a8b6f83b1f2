"""The programs of the interoperability tests: ours as the build left them, and those on gRPC C++,
which are built here when they are not up to date.

A server prints its address and ends when it is killed; a client prints a line per case.
"""

import contextlib
import pathlib
import select
import subprocess

import usherd

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPP_SOURCES = ROOT / "Tests" / "Conformance" / "cpp"
CPP_PROGRAMS = ROOT / ".build-interop"
OUR_PROGRAMS = usherd.BINARY.parent
BUILD_SECONDS = 600
START_SECONDS = 30
SECONDS = 120


def ours(name):
    return OUR_PROGRAMS / f"interop-{name}"


def cpp(name):
    """`client` or `server` on gRPC C++; Scripts/setup --python installs what the build needs."""
    result = subprocess.run(
        ["make", "--silent", "-j2", "-f", "interop.mk", f"OUT={CPP_PROGRAMS}"],
        cwd=CPP_SOURCES, capture_output=True, text=True, timeout=BUILD_SECONDS,
    )
    assert result.returncode == 0, f"the C++ programs did not build\n{result.stderr[-4000:]}"
    return CPP_PROGRAMS / f"interop_{name}"


@contextlib.contextmanager
def serving(program, certificate):
    """A server in a process of its own, over TLS when there is a certificate; gives its address."""
    command = [program, "--port=0"]
    if certificate:
        command += [
            "--use_tls=true", f"--tls_cert={certificate[0]}", f"--tls_key={certificate[1]}"
        ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert select.select([process.stdout], [], [], START_SECONDS)[0], "no address"
        yield process.stdout.readline().strip()
        assert process.poll() is None, "the server ended during the cases"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def play(program, port, certificate, *cases, flags=()):
    """Runs a client; returns its exit code and what it said."""
    command = [
        program, "--server_host=localhost", f"--server_port={port}",
        f"--test_case={','.join(cases)}", *flags,
    ]
    if certificate:
        command += ["--use_tls=true", f"--ca_file={certificate[0]}"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    return result.returncode, result.stdout + result.stderr


def port_of(address):
    return address.rsplit(":", 1)[1]
