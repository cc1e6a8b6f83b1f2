"""The codec against its peers: CPU time to encode and to decode one message, on one core. And the
schema compiler over all our .proto files, beside protoc."""

import glob
import os
import statistics
import sys
import tempfile
import time

from process import Failed, run
from report import Figures, Judgement, machine_line, table

CORE = 1
PEERS = {"swift-protobuf": 3.0, "c++ protobuf": 1.0}
SCHEMA_SECONDS = 0.3


def stubs(tools, folder):
    """Stock Python classes of our public schema and of the benchmark's own."""
    from grpc_tools import protoc

    bench = tools.source("Codec/Protos")
    protos = os.path.join(tools.root, "Protos")
    names = [f"usher/v1/{name}.proto" for name in ("common", "add_on", "booking", "seat_map")]
    arguments = [f"-I{protos}", f"-I{bench}", f"--python_out={folder}"]
    if protoc.main(["protoc", *arguments, *names, "bench/deep.proto"]) != 0:
        raise Failed("protoc refused the schema")
    sys.path.insert(0, folder)
    from bench import deep_pb2
    from usher.v1 import booking_pb2, seat_map_pb2

    return booking_pb2, seat_map_pb2, deep_pb2


def messages(tools, folder):
    """What is coded, by name."""
    booking_pb2, seat_map_pb2, deep_pb2 = stubs(tools, folder)
    seat_map = seat_map_pb2.GetSeatMapResponse(show_id=90210, version=1234567)
    for number in range(300):
        row, place = divmod(number, 20)
        seat_map.seats.add(
            seat_number=number + 1, label=f"{chr(65 + row)}{place + 1}", row=chr(65 + row),
            x=place * 2, y=row * 3, tier="premium" if row < 5 else "standard",
            attributes=[1] if place in (0, 9, 10, 19) else [], state=1 + number % 3)
    booking = booking_pb2.Booking(
        booking_id="0190c2a4-7b1e-7c3d-9f52-2a6f1d0c4e88", show_id=90210, state=2,
        seats=["F11", "F12", "F13", "F14"], expires_in_ms=420_000,
        customer_ref="loyalty-7718233", payment_reference="pay_3NkX2d9uZ", version=3)
    booking.created_at.seconds = 1_793_000_000
    booking.created_at.nanos = 123_456_000
    for seat in booking.seats:
        for kind, amount in ((1, 32_000), (2, -4_500)):
            line = booking.quote.lines.add(kind=kind, seat=seat, description="Premium, evening")
            line.amount.currency_code, line.amount.minor_units = "INR", amount
    booking.quote.total.currency_code, booking.quote.total.minor_units = "INR", 110_000
    deep = deep_pb2.Deep()
    link = deep
    for depth in range(20):
        link.value, link.name = depth + 1, f"link {depth}"
        link = link.inner
    link.value = 21
    return {"seat_map": seat_map, "booking": booking, "deep": deep}


def programs(tools):
    found = {"usher": tools.product("CodecBench"), "c++ protobuf": tools.cpp("codec_bench")}
    if tools.swift_protobuf:
        found["swift-protobuf"] = tools.swift_protobuf
    return found


def measure_codec(tools, figures, rounds, seconds, sizes):
    folder = tempfile.mkdtemp(dir=tools.folder)
    cases = []
    for name, message in messages(tools, folder).items():
        path = os.path.join(folder, name + ".bin")
        with open(path, "wb") as file:
            file.write(message.SerializeToString(deterministic=True))
        sizes[name] = message.ByteSize()
        for work in ("encode", "decode"):
            for peer, program in programs(tools).items():
                cases.append((f"{work} {name} {peer}", [program, name, work, path, str(seconds)]))
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}: codec", file=sys.stderr, flush=True)
        for case, command in cases if number % 2 == 0 else reversed(cases):
            output, _ = run(command, 30 + seconds * 20, core=CORE)
            figures.add(case, ns=float(output))


def measure_schema(tools, figures, rounds):
    """Wall time of a whole run: read, check, write Swift. protoc writes C++."""
    protos = os.path.join(tools.root, "Protos")
    files = sorted(glob.glob(os.path.join(protos, "**", "*.proto"), recursive=True))
    for number in range(rounds):
        with tempfile.TemporaryDirectory(dir=tools.folder) as out:
            for case, command in {
                "schema usher": [tools.product("protogen"), "--out", out, "--root", protos],
                "schema protoc": ["protoc", f"--cpp_out={out}", f"-I{protos}"],
            }.items():
                began = time.monotonic()
                run([*command, *files], 60, core=CORE)
                figures.add(case, seconds=time.monotonic() - began)
    return len(files)


def judge(figures, tools):
    judgement = Judgement()
    for case in figures.cases():
        work, _, peer = case.partition(" usher")
        if peer or not case.endswith(" usher") or case.startswith("schema"):
            continue
        for other, goal in PEERS.items():
            if f"{work} {other}" in figures.samples:
                judgement.add(
                    f"{work}: {other} / usher", figures.ratio(f"{work} {other}", case, "ns"),
                    at_least=goal)
    seconds = figures.samples["schema usher"]["seconds"]
    judgement.add(
        "schema compiler, seconds", (statistics.median(seconds), min(seconds), max(seconds)),
        at_most=SCHEMA_SECONDS)
    return judgement


def run_part(tools, rounds, seconds):
    figures, sizes = Figures(), {}
    measure_codec(tools, figures, rounds, min(seconds, 1.0) / 3, sizes)
    file_count = measure_schema(tools, figures, rounds)
    print(f"\nCodec: CPU time per message on core {CORE}, {rounds} rounds; " + ", ".join(
        f"{name} {size} bytes" for name, size in sizes.items()))
    rows = []
    for case in figures.cases():
        measure = "seconds" if case.startswith("schema") else "ns"
        middle = figures.median(case, measure)
        shown = f"{middle * 1000:,.0f} ms" if measure == "seconds" else f"{middle:,.0f} ns"
        rows.append([case, shown, f"±{figures.spread(case, measure) * 100:.0f}%"])
    table([f"medians; schema: {file_count} files", "", ""], rows)
    judgement = judge(figures, tools)
    judgement.show()
    machine_line("codec", figures, judgement, tools.facts)
