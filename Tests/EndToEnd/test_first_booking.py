"""The example of the README runs as it is printed."""

import subprocess
import sys

from conftest import HERE, STUBS

ROOT = HERE.parents[1]
EXAMPLE = ROOT / "Clients" / "python" / "first_booking.py"


def test_the_readme_quotes_the_example():
    code = EXAMPLE.read_text().split('"""\n')[1].strip()
    assert f"```python\n{code}\n```" in (ROOT / "README.md").read_text()


def test_the_example_books(demo, tmp_path):
    code = EXAMPLE.read_text()
    assert "127.0.0.1:7443" in code and ".demo/" in code
    copy = tmp_path / "example.py"
    copy.write_text(
        code.replace("127.0.0.1:7443", demo.address).replace(".demo/", f"{demo.server.data}/"))
    result = subprocess.run(
        [sys.executable, copy], capture_output=True, text=True, timeout=60,
        env={"PYTHONPATH": STUBS.name},
    )
    assert result.returncode == 0, result.stderr
    assert "minor_units" in result.stdout
    rows = demo.server.sql("select state from booking where payment_reference = 'paid-1'")
    assert rows == [("2",)]
