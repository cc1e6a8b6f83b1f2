"""How often a credential may call: two lanes, per key, over all loops of a node."""

import time

import grpc
import pytest

from partner import Partner, Refusal, new_id, refusal
from serving import Serving
from test_operators import Operator
from usher.v1 import booking_pb2, catalog_pb2
from usherd import Folder

SLOW = 5


@pytest.fixture(scope="module")
def node(demo):
    data = demo.server.data
    with Folder() as folder, Serving(
            demo, folder, certificate=data / "server.pem", key=data / "server.key",
            selling_per_second=SLOW, loops=2, anonymous_reads="true",
            anonymous_per_second=SLOW) as node:
        node.authority = (data / "ca.pem").read_bytes()
        yield node


@pytest.fixture
def operator(demo):
    with demo.partner(None) as connection:
        yield Operator(demo, connection.channel)


def calls(node, secret, count, connections=1):
    """How many of so many calls go through, and the first refusal."""
    partners = [Partner(node.tcp, node.authority, secret) for _ in range(connections)]
    good, first = 0, None
    began = time.monotonic()
    for number in range(count):
        found = refusal(partners[number % connections].get, new_id())
        if found.reason == "RATE_LIMITED":
            first = first or found
        else:
            assert found.reason == "BOOKING_NOT_FOUND"
            good += 1
    for partner in partners:
        partner.channel.close()
    return good, first, time.monotonic() - began


def test_too_many_calls_are_told_when_to_come_again(node, operator):
    _, secret = operator.key(operator.partner(f"Eager {new_id()}").partner_id)
    # Over several connections, which lie on both loops.
    good, found, seconds = calls(node, secret, 60, connections=6)
    assert SLOW <= good <= SLOW * (1 + seconds) + 1
    assert found.code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert found.metadata == {"lane": "selling", "calls_per_second": str(SLOW)}
    assert 0 < found.retry_after <= 1 / SLOW
    # Whoever waits as told is served.
    time.sleep(found.retry_after)
    assert calls(node, secret, 1)[0] == 1


def test_one_key_does_not_use_up_anothers(node, operator):
    partner = operator.partner(f"Two tills {new_id()}").partner_id
    _, eager = operator.key(partner)
    _, calm = operator.key(partner)
    assert calls(node, eager, 30)[1] is not None
    assert calls(node, calm, SLOW)[1] is None


def test_callers_without_a_credential_are_counted_by_their_address(node, operator):
    _, secret = operator.key(operator.partner(f"Polite {new_id()}").partner_id)
    request = catalog_pb2.ListCitiesRequest(page_size=1)

    with Partner(node.tcp, node.authority) as one, Partner(node.tcp, node.authority) as other:
        one.catalog.ListCities(request)
        with pytest.raises(grpc.RpcError) as refused:
            for _ in range(1000):
                one.catalog.ListCities(request)
                other.catalog.ListCities(request)
        found = Refusal(refused.value)
        assert found.reason == "RATE_LIMITED" and found.metadata["lane"] == "selling"
        # A key at the same address has calls of its own.
        with Partner(node.tcp, node.authority, secret) as partner:
            partner.catalog.ListCities(request)


def test_a_key_may_have_a_limit_of_its_own(node, operator):
    partner = operator.partner(f"Big {new_id()}").partner_id
    key, secret = operator.key(partner, selling_per_second=40)
    assert key.selling_per_second == 40 and key.reporting_per_second == 0
    assert calls(node, secret, 40)[1] is None
    successor = operator.RotateApiKey(key_id=key.key_id).api_key
    assert successor.selling_per_second == 40


def test_a_batch_counts_as_what_is_in_it(node, operator):
    _, secret = operator.key(operator.partner(f"Bulk {new_id()}").partner_id)
    with Partner(node.tcp, node.authority, secret) as partner:
        cancellations = [
            booking_pb2.CancelBookingRequest(booking_id=new_id(), request_id=new_id())
            for _ in range(SLOW)]
        request = booking_pb2.BatchCancelBookingsRequest(cancellations=cancellations)
        results = partner.booking.BatchCancelBookings(request).results
        assert {result.error.code for result in results} == {
            grpc.StatusCode.NOT_FOUND.value[0]}
        found = refusal(partner.booking.BatchCancelBookings, request)
        assert (found.code, found.reason) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
