"""Who may call what: selling needs a good key, reading none in the demo, health never one."""

import grpc
import pytest

from partner import booking_pb2, refusal

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


def selling_calls(client):
    return [
        lambda: client.hold(1, ["A1"]), lambda: client.confirm("x"), lambda: client.release("x"),
        lambda: client.cancel("x"), lambda: client.get("x"),
    ]


@pytest.mark.parametrize(
    "key", [None, "usher_pk_wrong", "x" * 600, "usher_pk_" + "a" * 52, "ü".encode().hex()])
def test_selling_needs_a_good_key(demo, key):
    with demo.partner(key) as client:
        for call in selling_calls(client):
            refused = refusal(call)
            assert refused.code == UNAUTHENTICATED
            expected = "CREDENTIALS_MISSING" if key is None else "CREDENTIALS_INVALID"
            assert refused.reason == expected
            assert not key or key not in refused.message


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "bearer", "usher_pk_x", "Bearer  x"])
def test_only_bearer_keys_are_read(demo, header):
    with demo.partner(None) as client:
        refused = refusal(
            client.booking.GetBooking, booking_pb2.GetBookingRequest(booking_id="x"),
            metadata=[("authorization", header)], timeout=20)
        assert (refused.code, refused.reason) == (UNAUTHENTICATED, "CREDENTIALS_INVALID")


def test_a_key_of_nothing_is_refused(demo):
    """The value then ends with a space, which HTTP/2 itself forbids (RFC 9113, 8.2.1)."""
    with demo.partner("") as client:
        assert refusal(client.hold, 1, ["A1"]).code in (
            UNAUTHENTICATED, grpc.StatusCode.INTERNAL)


def test_reading_is_free(demo):
    show = demo.fresh_show()
    with demo.partner(None) as nobody:
        assert nobody.map(show.show_id)[0] >= 1
        assert next(iter(nobody.watch(show.show_id))).snapshot.show_id == show.show_id


def test_a_bad_key_is_refused_even_for_reading(demo):
    show = demo.fresh_show()
    with demo.partner("usher_pk_wrong") as client:
        assert refusal(client.map, show.show_id).code == UNAUTHENTICATED


def test_a_revoked_key_and_a_blocked_partner_are_refused(own_demo):
    demo = own_demo
    show = demo.fresh_show()
    demo.server.sql("update partner set state = 3 where name = 'Demo partner'")
    demo.server.sql(
        "update api_key set revoked_at = now() where 'admin' = any (scopes)")
    for key in (demo.partner_key, demo.other_key):
        with demo.partner(key) as client:
            refused = refusal(client.hold, show.show_id, best=(1, ""))
            assert (refused.code, refused.reason) == (UNAUTHENTICATED, "CREDENTIALS_INVALID")
