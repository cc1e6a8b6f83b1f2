"""The code of the partners' guide runs as it is printed, one program per language."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from conftest import HERE, PROTOS, STUBS

ROOT = HERE.parents[1]
GUIDE = (ROOT / "Clients" / "GUIDE.md").read_text()
SECTIONS = re.split(r"^## ", GUIDE, flags=re.M)[1:]


def program(language, sandbox):
    """All the blocks of a language, on a sandbox in place of the guide's own."""
    code = "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, flags=re.M | re.S))
    for name in ("127.0.0.1:7443", ".demo/ca.pem", ".demo/credentials.json"):
        assert name in code, f"the guide does not say {name}"
    return code.replace("127.0.0.1:7443", sandbox.address).replace(".demo/", f"{sandbox.server.data}/")


def run(command, code, folder, **environment):
    file = folder / "program"
    file.write_text(code)
    result = subprocess.run(
        [*command, file], capture_output=True, text=True, timeout=60, cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def ruby_stubs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ruby")
    files = [*(PROTOS / "usher" / "v1").glob("*.proto"), *(PROTOS / "google" / "rpc").glob("*.proto")]
    made = subprocess.run(
        ["protoc", f"-I{PROTOS}", f"--ruby_out={folder}", f"--grpc_out={folder}",
         f"--plugin=protoc-gen-grpc={shutil.which('grpc_ruby_plugin')}", *files],
        capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    return folder


def sold(sandbox, reference):
    return sandbox.server.sql(
        "select state, cardinality(cancelled_seat_nos) from booking"
        f" where payment_reference = '{reference}'")


def test_the_python_of_the_guide_sells(sandbox, tmp_path):
    told = run([sys.executable], program("python", sandbox), tmp_path, PYTHONPATH=STUBS.name)
    assert "sold [" in told and "refund " in told
    assert sold(sandbox, "payment-4711") == [("2", "1")]
    assert sold(sandbox, "payment-4713") == [("2", "")]


def test_the_ruby_of_the_guide_sells(sandbox, tmp_path, ruby_stubs):
    told = run(["ruby", "-I", str(ruby_stubs)], program("ruby", sandbox), tmp_path)
    assert "sold [" in told and "CANCELLED" in told
    assert [state for state, _ in sold(sandbox, "payment-4712")] == ["5"]
    assert sold(sandbox, "payment-4714") == [("2", "")]


def test_the_guide_shows_both_languages_where_it_shows_one():
    for section in SECTIONS:
        languages = set(re.findall(r"^```(python|ruby)$", section, flags=re.M))
        assert len(languages) in (0, 2), section.splitlines()[0]
