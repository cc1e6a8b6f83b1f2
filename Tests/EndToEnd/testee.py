"""The testee of protobuf's conformance runner, driven over its pipe, and its schema as Python's
protobuf runtime understands it."""

import os
import pathlib
import random
import struct
import subprocess
import tempfile
import unicodedata

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOS = ROOT / "Tests" / "Conformance" / "ProtobufTestee" / "Protos"
PRODUCTS = pathlib.Path(os.environ.get("USHERD", ROOT / ".build" / "debug" / "usherd")).parent


def _load_schema():
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "schema"
        names = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
        arguments = ["protoc", f"-I{PROTOS}", "--include_imports", f"--descriptor_set_out={out}"]
        assert protoc.main([*arguments, *names]) == 0, "protoc refused the schema"
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
            pool.Add(file)
        return pool


POOL = _load_schema()


def message_type(name):
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))


Request = message_type("conformance.ConformanceRequest")
Response = message_type("conformance.ConformanceResponse")
Everything = message_type("protobuf_test_messages.proto3.TestAllTypesProto3")


class Testee:
    __test__ = False

    """A running testee. Ends with its `with` block."""

    def __init__(self):
        self.process = subprocess.Popen(
            [PRODUCTS / "protobuf-testee"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def answer(self):
        prefix = self.process.stdout.read(4)
        assert len(prefix) == 4, "the testee has ended"
        (length,) = struct.unpack("<I", prefix)
        return Response.FromString(self.process.stdout.read(length))

    def ask(self, request):
        data = request.SerializeToString()
        self.write(struct.pack("<I", len(data)) + data)
        return self.answer()

    def play(self, payload, output, ignore_unknown=False):
        """Sends bytes as binary, text as JSON; returns (result, value)."""
        request = Request(message_type=Everything.DESCRIPTOR.full_name, test_category=2)
        request.requested_output_format = {"binary": 1, "json": 2}[output]
        if isinstance(payload, bytes):
            request.protobuf_payload = payload
        else:
            request.json_payload = payload
        if ignore_unknown:
            request.test_category = 3
        response = self.ask(request)
        result = response.WhichOneof("result")
        return result, getattr(response, result)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self.process.stderr.close()


LETTERS = ["a", "Z", "0", " ", '"', "\\", "\n", "\0", "é", "e\u0301", "漢", "🎟", "\u2028", "\x7f"]
LARGEST_DEPTH = 4


def _integer(rng, low, high):
    edges = [low, high, 0, 1, 127, 128, 2**31 - 1, 2**53 + 1]
    value = rng.choice(edges) if rng.random() < 0.5 else rng.randint(low, high)
    return min(max(value, low), high)


def _double(rng, single):
    # Not the largest float: Python does not read what it writes of it.
    edges = [0.0, -0.0, 1.5, float("inf"), float("-inf"), 1.401298464324817e-45, 2.0**127]
    if rng.random() < 0.5:
        return rng.choice(edges)
    value = rng.gauss(0, 1) * 10.0 ** rng.randint(-30, 30)
    return struct.unpack("<f", struct.pack("<f", value))[0] if single else value


def _scalar(rng, field):
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        unnamed = field.enum_type.full_name != "google.protobuf.NullValue" and rng.random() < 0.1
        return 77 if unnamed else rng.choice(field.enum_type.values).number
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return _double(rng, kind == FieldDescriptor.CPPTYPE_FLOAT)
    if kind == FieldDescriptor.CPPTYPE_STRING:
        text = "".join(rng.choices(LETTERS, k=rng.choice([0, 1, 3, 20])))
        return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
    low, high = {
        FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
        FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
        FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
        FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
    }[kind]
    return _integer(rng, low, high)


def _fill_well_known(rng, message):
    """Values that have a JSON form; True when the type is one of those with conditions."""
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        message.seconds = rng.choice([-62135596800, 253402300799, 0, rng.randint(-(10**9), 10**9)])
        message.nanos = rng.choice([0, 1, 10**6, 999999999, rng.randint(0, 999999999)])
    elif name == "google.protobuf.Duration":
        sign = rng.choice([-1, 1])
        message.seconds = sign * rng.choice([0, 1, 315576000000, rng.randint(0, 10**9)])
        message.nanos = sign * rng.choice([0, 1, 10**6, 999999999])
    elif name == "google.protobuf.FieldMask":
        message.paths.extend(rng.choices(["a", "show_id", "a.b_c", "x9"], k=rng.randint(0, 3)))
    elif name == "google.protobuf.Any":
        inner = message_type(rng.choice([
            "google.protobuf.Duration", "google.protobuf.Empty", "google.protobuf.Int64Value",
            "google.protobuf.Value", "protobuf_test_messages.proto3.ForeignMessage"]))()
        fill(rng, inner, LARGEST_DEPTH)
        message.type_url = "type.googleapis.com/" + inner.DESCRIPTOR.full_name
        message.value = inner.SerializeToString(deterministic=True)
    elif name == "google.protobuf.Value":
        kind = rng.choice(["null_value", "number_value", "string_value", "bool_value"])
        setattr(message, kind, {"null_value": 0, "number_value": rng.randint(-9, 9) / 4,
                                "string_value": rng.choice(LETTERS), "bool_value": True}[kind])
    elif name == "google.protobuf.Struct":
        for key in rng.sample(LETTERS, rng.randint(0, 3)):
            if not _is_taken(message.fields, key):
                _fill_well_known(rng, message.fields[key])
    else:
        return False
    return True


def fill(rng, message, depth=0):
    """Sets a few fields at random, all of them possible."""
    if _fill_well_known(rng, message):
        return message
    fields = message.DESCRIPTOR.fields
    for field in fields:
        if rng.random() > (12 / max(12, len(fields))) / (depth + 1):
            continue
        if field.message_type and depth >= LARGEST_DEPTH:
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            _fill_map(rng, getattr(message, field.name), field.message_type, depth)
        elif field.is_repeated:
            for _ in range(rng.randint(1, 4)):
                if field.message_type:
                    fill(rng, getattr(message, field.name).add(), depth + 1)
                else:
                    getattr(message, field.name).append(_scalar(rng, field))
        elif field.message_type:
            inner = getattr(message, field.name)
            inner.SetInParent()
            fill(rng, inner, depth + 1)
        else:
            setattr(message, field.name, _scalar(rng, field))
    return message


def _is_taken(entries, key):
    """Whether a Swift dictionary with these entries cannot hold the key beside them: their JSON differs
    from Python's, and has a test of its own."""
    if not isinstance(key, str):
        return False
    same = unicodedata.normalize("NFC", key)
    return any(unicodedata.normalize("NFC", other) == same for other in entries)


def _fill_map(rng, entries, entry, depth):
    key_field, value_field = entry.fields_by_name["key"], entry.fields_by_name["value"]
    for _ in range(rng.randint(1, 3)):
        key = _scalar(rng, key_field)
        if _is_taken(entries, key):
            continue
        if value_field.message_type:
            fill(rng, entries[key], depth + 1)
        else:
            entries[key] = _scalar(rng, value_field)


def random_message(seed):
    return fill(random.Random(seed), Everything())
