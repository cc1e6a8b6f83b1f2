"""The testee of protobuf's conformance runner against Python's protobuf runtime: random messages in
every direction, and the cases of the format where runtimes differ or break."""

import random
import struct

import pytest
from google.protobuf import json_format

from testee import POOL, Everything, Request, Testee, random_message

SEEDS = range(300)
STYLES = [
    {},
    {"preserving_proto_field_name": True, "indent": None},
    {"use_integers_for_enums": True, "ensure_ascii": False},
]


@pytest.fixture(scope="module")
def testee():
    with Testee() as running:
        yield running
    assert running.process.returncode == 0


def canonical(message):
    return message.SerializeToString(deterministic=True)


def from_json(text, **options):
    return json_format.Parse(text, Everything(), descriptor_pool=POOL, **options)


def to_json(message, style):
    return json_format.MessageToJson(message, descriptor_pool=POOL, **style)


def test_random_messages_in_every_direction(testee):
    compared = 0
    for seed in SEEDS:
        message = random_message(seed)
        result, data = testee.play(message.SerializeToString(), "binary")
        assert (result, Everything.FromString(data)) == ("protobuf_payload", message), seed
        result, text = testee.play(message.SerializeToString(), "json")
        assert result == "json_payload", (seed, text)
        assert canonical(from_json(text)) == canonical(message), (seed, text)
        text = to_json(message, STYLES[seed % len(STYLES)])
        result, data = testee.play(text, "binary")
        assert result == "protobuf_payload", (seed, data, text)
        assert canonical(Everything.FromString(data)) == canonical(message), (seed, text)
        result, again = testee.play(text, "json")
        assert canonical(from_json(again)) == canonical(message), (seed, text)
        compared += len(message.ListFields())
    assert compared > 5 * len(SEEDS)


def test_damaged_messages_are_refused_by_both_or_neither(testee):
    """Python is the judge of what is a message, except of varints: it drops bits beyond 64, which Go
    and we refuse."""
    rng = random.Random(0xDA)
    outcomes = {"protobuf_payload": 0, "parse_error": 0}
    for seed in range(200):
        data = bytearray(random_message(seed).SerializeToString())
        if not data:
            continue
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        result, answer = testee.play(bytes(data), "binary")
        outcomes[result] += 1
        try:
            expected = Everything.FromString(bytes(data))
        except Exception:
            expected = None
        if result == "parse_error" and "varint is too long" in answer:
            continue
        if expected is None:
            assert result == "parse_error", (seed, bytes(data))
        else:
            assert result == "protobuf_payload", (seed, bytes(data), answer)
            assert testee.play(answer, "binary") == (result, answer), seed
    assert min(outcomes.values()) > 20, outcomes


TAKEN = [
    ('{"optionalInt32":"1e5"}', {"optional_int32": 100000}),
    ('{"optionalInt32":-0}', {}),
    ('{"optionalUint64":1.8446744073709551615e19}', {"optional_uint64": 2**64 - 1}),
    ('{"optional_int32":1,"optionalString":"\\u00e9\\ud83c\\udf9f"}',
     {"optional_int32": 1, "optional_string": "é🎟"}),
    ('{"FieldName8":1,"FieldName3":2,"FIELDNAME11":3}',
     {"FieldName8": 1, "_field_name3": 2, "FIELD_NAME11": 3}),
    ('{"oneofUint32":null,"oneofString":"x"}', {"oneof_string": "x"}),
    ('{"oneofNullValue":null}', {"oneof_null_value": 0}),
    ('{"optionalValue":null}', {"optional_value": {"null_value": 0}}),
    ('{"optionalAny":{}}', {"optional_any": {}}),
    ('{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Empty"}}',
     {"optional_any": {"type_url": "type.googleapis.com/google.protobuf.Empty"}}),
    ('{"optionalEmpty":{},"repeatedEmpty":[{},{}]}',
     {"optional_empty": {}, "repeated_empty": [{}, {}]}),
    ('{"optionalAny":null,"optionalInt32Wrapper":null}', {}),
    ('{"optionalBytes":"-_"}', {"optional_bytes": b"\xfb"}),
    ('{"optionalAliasedEnum":"moo"}', {"optional_aliased_enum": 2}),
    ('{"optionalTimestamp":"9999-12-31T23:59:59+00:01"}',
     {"optional_timestamp": {"seconds": 253402300739}}),
    ('{"optionalValue":' + "[" * 25 + "1" + "]" * 25 + "}", None),
    ('{"optionalStruct":{' + '"n":{' * 25 + '"v":1' + "}" * 25 + "}}", None),
]


@pytest.mark.parametrize("text,expected", TAKEN, ids=range(len(TAKEN)))
def test_taken(testee, text, expected):
    result, data = testee.play(text, "binary")
    assert result == "protobuf_payload", data
    wanted = from_json(text) if expected is None else Everything(**expected)
    assert Everything.FromString(data) == wanted


REFUSED = [
    "", "[]", "null", "{", '{"optionalInt32":1}}', '{"optionalInt32":1,}', "{'optionalInt32':1}",
    '{"optionalInt32":1,"optional_int32":2}', '{"oneofUint32":1,"oneofString":"x"}',
    '{"optionalInt32":""}', '{"optionalInt32":" 1"}', '{"optionalInt32":1.5}',
    '{"optionalInt32":"1,5"}', '{"optionalInt32":true}', '{"optionalUint64":"1e20"}',
    '{"optionalInt32":01}', '{"optionalInt32":2147483648}', '{"optionalInt32":[1]}',
    '{"repeatedInt32":1}', '{"repeatedInt32":[1,]}', '{"repeatedInt32":[null]}',
    '{"repeatedNestedMessage":{"a":1}}', '{"mapInt32Int32":{"a":1}}',
    '{"mapInt32Int32":{"1":null}}', '{"mapBoolBool":{"1":true}}', '{"mapStringString":[]}',
    '{"optionalNestedEnum":"foo"}', '{"optionalNestedEnum":["FOO"]}', '{"optionalNestedEnum":true}',
    '{"optionalDouble":NaN}', '{"optionalDouble":"nan"}', '{"optionalDouble":1e999}',
    '{"optionalFloat":1e39}', '{"optionalDouble":""}', '{"optionalBool":"true"}',
    '{"optionalString":1}', '{"optionalString":"\\ud800"}', '{"optionalString":"\\udc00\\ud800"}',
    '{"optionalString":"\x01"}', '{"optionalBytes":"a"}', '{"optionalBytes":"*"}',
    '{"optionalDuration":"1"}', '{"optionalDuration":"315576000001s"}',
    '{"optionalTimestamp":"2023-02-29T00:00:00Z"}', '{"optionalTimestamp":"1970-01-01T00:00:00"}',
    '{"optionalTimestamp":"0001-01-01T00:00:00+00:01"}',
    '{"optionalTimestamp":"1970-01-01T00:00:00-1130"}', '{"optionalFieldMask":"a_b"}',
    '{"optionalAny":{"@type":"","value":""}}', '{"optionalAny":{"@type":"not_a_url","value":""}}',
    '{"optionalAny":{"@type":"type.googleapis.com/unknown.Type"}}', '{"optionalAny":{"value":1}}',
    '{"optionalEmpty":[]}', '{"optionalEmpty":{"a":1}}',
    '{"optionalAny":{"@type":"type.googleapis.com/google.protobuf.Empty","a":1}}',
    '{"optionalStruct":null,"optionalStruct":{}}', '{"unknown":1}',
    '{"optionalValue":' + "[" * 200 + "1" + "]" * 200 + "}",
    '{"recursiveMessage":' * 20000 + "{}" + "}" * 20000,
]


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_refused(testee, text):
    result, reason = testee.play(text, "binary")
    assert result == "parse_error"
    assert reason.startswith("invalid JSON at ")


def test_names_from_the_future_are_passed_over_on_request(testee):
    text = ('{"future":{"a":[1,null]},"optionalNestedEnum":"LATER","repeatedNestedEnum":["LATER",'
            '"BAZ"],"mapStringNestedEnum":{"a":"LATER","b":"BAR"},"optionalInt32":7}')
    result, data = testee.play(text, "binary", ignore_unknown=True)
    assert result == "protobuf_payload"
    assert Everything.FromString(data) == Everything(
        optional_int32=7, repeated_nested_enum=[2], map_string_nested_enum={"b": 1})
    assert testee.play(text, "binary")[0] == "parse_error"


def message(**fields):
    return Everything(**fields).SerializeToString()


@pytest.mark.parametrize("data", [
    message(optional_timestamp={"seconds": 253402300800}),
    message(optional_timestamp={"seconds": 5, "nanos": -1}),
    message(optional_duration={"seconds": 1, "nanos": -1}),
    message(optional_field_mask={"paths": ["fooBar"]}),
    message(optional_value={"number_value": float("nan")}),
    message(optional_any={"type_url": "a/unknown.Type"}),
], ids=range(6))
def test_what_has_no_json_is_said_to_have_none(testee, data):
    assert testee.play(data, "json")[0] == "serialize_error"
    assert testee.play(data, "binary") == ("protobuf_payload", data)


REFUSED_BYTES = [
    b"\x08", b"\x08\xff", b"\x08" + b"\xff" * 10 + b"\x01", b"\x00", b"\x06", b"\x07", b"\x72\x05a",
    b"\x72\x01\xff", b"\x0c", b"\x0b\x08\x01", b"\x0b\x14", b"\x92\x01\x01\x08",
    b"\x88\x80\x80\x80\x80\x00\x01", b"\xff\xff\xff\xff\xff\x01\x01",
    b"\x92\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x0b" * 101 + b"\x0c" * 101,
]


@pytest.mark.parametrize("data", REFUSED_BYTES, ids=range(len(REFUSED_BYTES)))
def test_bytes_that_are_no_message(testee, data):
    result, reason = testee.play(data, "binary")
    assert result == "parse_error"
    assert reason.startswith("invalid protobuf at byte ")


def test_unknown_fields_stay(testee):
    data = b"\xa8\x1f\x01" + b"\xb2\x1f\x02ab" + b"\xbb\x1f\x08\x01\xbc\x1f" + b"\xfd\x1f\0\0\0\0"
    assert testee.play(data, "binary") == ("protobuf_payload", data)
    assert testee.play(data, "json") == ("json_payload", "{}")


def test_keys_that_only_swift_takes_for_equal_are_kept_in_binary(testee):
    data = message(map_string_string={"\u00e9": "1", "e\u0301": "2"})
    result, again = testee.play(data, "binary")
    assert result == "protobuf_payload"
    assert Everything.FromString(again) == Everything.FromString(data)
    text = to_json(Everything.FromString(data), {})
    assert testee.play(text, "binary")[0] == "parse_error"


@pytest.mark.parametrize("fields", [
    {"message_type": "protobuf_test_messages.proto2.TestAllTypesProto2", "protobuf_payload": b""},
    {"message_type": "protobuf_test_messages.editions.TestAllTypesEdition2023",
     "protobuf_payload": b""},
    {"message_type": Everything.DESCRIPTOR.full_name, "text_payload": ""},
    {"message_type": Everything.DESCRIPTOR.full_name, "jspb_payload": "[]"},
    {"message_type": Everything.DESCRIPTOR.full_name, "protobuf_payload": b"",
     "requested_output_format": 4},
], ids=["proto2", "editions", "text", "jspb", "text out"])
def test_other_formats_are_skipped(testee, fields):
    request = Request(**{"requested_output_format": 1, **fields})
    assert testee.ask(request).WhichOneof("result") == "skipped"


def test_no_case_is_known_to_fail(testee):
    response = testee.ask(Request(message_type="conformance.FailureSet", requested_output_format=1))
    assert response.WhichOneof("result") == "protobuf_payload"
    assert response.protobuf_payload == b""


def test_frames_may_come_in_pieces():
    with Testee() as testee:
        data = Request(
            message_type=Everything.DESCRIPTOR.full_name, json_payload="{}",
            requested_output_format=2).SerializeToString()
        for byte in struct.pack("<I", len(data)) + data:
            testee.write(bytes([byte]))
        assert testee.answer().json_payload == "{}"
    assert testee.process.returncode == 0


@pytest.mark.parametrize("frame", [b"\1\0", b"\5\0\0\0ab", b"\xff\xff\xff\xff"])
def test_a_broken_frame_ends_it(frame):
    with Testee() as testee:
        testee.write(frame)
        testee.process.stdin.close()
        assert testee.process.wait(30) != 0
