"""Parses, checks and serializes protobuf messages for the Swift tests.

Usage: round_trip.py PROTO_FOLDER WORK_FOLDER

Compiles every .proto file below PROTO_FOLDER with grpcio-tools, reads records (type, message, JSON, each behind
a four-byte little-endian length) from WORK_FOLDER/in and writes to WORK_FOLDER/out for each: the
message parsed and serialized again, a complaint about its JSON or nothing, Python's own JSON of it or
nothing when it has none, and what Python reads back from that.
"""

import pathlib
import struct
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc


# The ways of writing the same message that a reader must take for one.
STYLES = [
    {},
    {"preserving_proto_field_name": True, "indent": None},
    {"use_integers_for_enums": True, "ensure_ascii": False},
]


def load_schema(protos, work):
    """Compiles every .proto file; returns a pool of its own, so that nothing meets the copies of
    google.rpc or google.protobuf that are installed."""
    names = sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))
    out = work / "schema"
    arguments = ["protoc", f"-I{protos}", "--include_imports", f"--descriptor_set_out={out}"]
    if protoc.main([*arguments, *names]) != 0:
        sys.exit("grpc_tools.protoc refused the schema")
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    return pool


def check_json(pool, message, text, style):
    """Compares Swift's JSON with Python's reading of it; returns a complaint or "", Python's JSON or
    "", and what Python reads back from its own."""
    if not text:
        return "", "", b""
    known = type(message)()
    known.CopyFrom(message)
    known.DiscardUnknownFields()
    try:
        expected = json_format.MessageToJson(known, descriptor_pool=pool, **style)
    except Exception:
        return "", "", b""
    try:
        # What Python reads back from its own JSON: some values change on the way there already.
        parsed = json_format.Parse(expected, type(message)(), descriptor_pool=pool)
        wanted = parsed.SerializeToString(deterministic=True)
    except Exception:
        return "", "", b""
    try:
        parsed = json_format.Parse(
            text.decode("utf-8"), type(message)(), descriptor_pool=pool
        )
    except Exception as error:
        return f"{error}\nSwift:  {text.decode('utf-8', 'replace')}\nPython: {expected}", expected, wanted
    if parsed.SerializeToString(deterministic=True) != wanted:
        return f"Swift:  {text.decode('utf-8')}\nPython: {expected}", expected, wanted
    return "", expected, wanted


def records(data):
    offset = 0

    def take():
        nonlocal offset
        (length,) = struct.unpack_from("<I", data, offset)
        offset += 4 + length
        return data[offset - length : offset]

    while offset < len(data):
        yield take().decode("ascii"), take(), take()


def prefixed(data):
    return struct.pack("<I", len(data)) + data


def main():
    protos, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    pool = load_schema(protos, work)
    with open(work / "out", "wb") as out:
        for index, (name, data, text) in enumerate(records((work / "in").read_bytes())):
            descriptor = pool.FindMessageTypeByName(name)
            message = message_factory.GetMessageClass(descriptor)()
            message.MergeFromString(data)
            complaint, theirs, read_back = check_json(pool, message, text, STYLES[index % len(STYLES)])
            out.write(prefixed(message.SerializeToString(deterministic=True)))
            out.write(prefixed(complaint.encode("utf-8")))
            out.write(prefixed(theirs.encode("utf-8", "surrogatepass")))
            out.write(prefixed(read_back))


main()
