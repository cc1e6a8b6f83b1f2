"""Parses, checks and serializes protobuf messages for the Swift tests.

Usage: round_trip.py PROTO_FOLDER WORK_FOLDER

Compiles every .proto file below PROTO_FOLDER with grpcio-tools, reads records (type, message, JSON, each behind
a four-byte little-endian length) from WORK_FOLDER/in and writes to WORK_FOLDER/out for each: the
message parsed and serialized again, a complaint about its JSON or nothing, and a byte 1 when Python
has a JSON form of it too.
"""

import pathlib
import struct
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc


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


def check_json(pool, message, text):
    """Compares Swift's JSON with Python's reading of it; returns (complaint, has_json)."""
    known = type(message)()
    known.CopyFrom(message)
    known.DiscardUnknownFields()
    try:
        expected = json_format.MessageToJson(known, descriptor_pool=pool)
    except Exception:
        return "", False
    try:
        # What Python reads back from its own JSON: some values change on the way there already.
        wanted = json_format.Parse(expected, type(message)(), descriptor_pool=pool)
    except Exception:
        return "", False
    try:
        parsed = json_format.Parse(
            text.decode("utf-8"), type(message)(), descriptor_pool=pool
        )
    except Exception as error:
        return f"{error}\nSwift:  {text.decode('utf-8', 'replace')}\nPython: {expected}", True
    if parsed.SerializeToString(deterministic=True) != wanted.SerializeToString(deterministic=True):
        return f"Swift:  {text.decode('utf-8')}\nPython: {expected}", True
    return "", True


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
        for name, data, text in records((work / "in").read_bytes()):
            descriptor = pool.FindMessageTypeByName(name)
            message = message_factory.GetMessageClass(descriptor)()
            message.MergeFromString(data)
            complaint, has_json = check_json(pool, message, text)
            out.write(prefixed(message.SerializeToString(deterministic=True)))
            out.write(prefixed(complaint.encode("utf-8")))
            out.write(prefixed(b"\x01" if has_json else b"\x00"))


main()
