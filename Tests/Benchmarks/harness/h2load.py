"""Unary gRPC load by h2load: the same bytes to every server, and every answer counted."""

import re

from process import Failed, run

CIPHER = "TLS_AES_128_GCM_SHA256"
# gRPC C++ takes no other: a client that begins with another group would make it ask again.
GROUP = "P-256"
GROUP_AS_TOLD = "prime256v1"


class Load:
    """What one run of h2load found."""

    def __init__(self, text, expected_bytes):
        def number(pattern):
            match = re.search(pattern, text)
            if not match:
                raise Failed(f"h2load said nothing of {pattern}:\n{text[-1500:]}")
            return match[1]

        self.rate = float(number(r"([\d.]+) req/s"))
        self.seconds = _duration(number(r"finished in ([\d.]+[mu]?s)"))
        total = int(number(r"requests: (\d+) total"))
        succeeded = int(number(r"(\d+) succeeded"))
        data = int(number(r"\((\d+)\) data"))
        # A call that fails still has HTTP status 200; only its missing message gives it away.
        if succeeded != total or data != total * expected_bytes:
            raise Failed(
                f"{succeeded} of {total} requests answered, with {data} bytes of messages"
                f" instead of {total * expected_bytes}:\n{text[-1500:]}")
        self.count = total
        row = re.search(r"time for request: +(\S+) +(\S+) +(\S+)", text)
        self.mean_seconds = _duration(row[3]) if row else 0.0
        cipher = re.search(r"Cipher: (\S+)", text)
        self.cipher = cipher[1] if cipher else None
        group = re.search(r"Server Temp Key: \w+ (\S+)", text)
        self.group = group[1] if group else None


def _duration(text):
    for unit, factor in (("us", 1e-6), ("ms", 1e-3), ("s", 1.0)):
        if text.endswith(unit):
            return float(text[: -len(unit)]) * factor
    return float(text)


def load(port, path, body_file, answer_bytes, count, *, tls, connections, streams, core):
    """Sends `count` requests. Returns a Load and h2load's CPU seconds."""
    command = [
        "h2load", f"-n{count}", f"-c{connections}", f"-m{streams}", "-t1", "-d", body_file,
        "-H", "content-type: application/grpc", "-H", "te: trailers",
        f"--tls13-ciphers={CIPHER}", f"--groups={GROUP}",
        f"{'https' if tls else 'http'}://127.0.0.1:{port}{path}",
    ]
    output, spent = run(command, seconds=120, core=core)
    result = Load(output, answer_bytes)
    if tls and (result.cipher, result.group) != (CIPHER, GROUP_AS_TOLD):
        raise Failed(f"the server chose {result.cipher} and {result.group}")
    return result, spent
