"""The built `usher` against a demo, as a person's shell would run it."""

import json
import os
import signal
import subprocess

from usherd import BINARY, wait_until

PROGRAM = BINARY.parent / "usher"


class CommandLine:
    """`usher` with a demo's address, authority and key."""

    def __init__(self, demo, home):
        self.home = home
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8",
            "USHER_SERVER": demo.address, "USHER_CA": str(demo.server.data / "ca.pem"),
            "USHER_TOKEN": demo.partner_key,
        }

    def start(self, *arguments):
        return Running(self, [str(argument) for argument in arguments])

    def run(self, *arguments, code=0):
        """Runs to the end and returns the lines of standard output."""
        return self.start(*arguments).end(code)

    def json(self, *arguments, code=0):
        """As `run`, each line an object."""
        return [json.loads(line) for line in self.run(*arguments, "--json", code=code)]


class Running:
    """A command under way. What it writes goes to files, so that nothing ever waits for a reader."""

    def __init__(self, cli, arguments):
        name = cli.home / f"run-{os.urandom(8).hex()}"
        self._out, self._err = name.with_suffix(".out"), name.with_suffix(".err")
        with open(self._out, "wb") as out, open(self._err, "wb") as err:
            self.process = subprocess.Popen(
                [PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env=cli.environment)

    @property
    def lines(self):
        return self._out.read_text().splitlines()

    @property
    def remarks(self):
        return self._err.read_text()

    def wait_line(self, text):
        def found():
            assert self.process.poll() is None or text in self.lines, self.remarks
            return text in self.lines
        wait_until(found, 30, f"the line {text!r}")
        return self

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self

    def errors(self, code):
        """Ends, and returns the lines of standard error."""
        self.end(code)
        return self.remarks.splitlines()

    def end(self, code=0):
        """Ends, and returns the lines of standard output."""
        try:
            ended = self.process.wait(60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(30)
        assert ended == code, f"exit code {ended}: {self.remarks}"
        return self.lines
