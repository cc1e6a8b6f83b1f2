"""Clients/service-config.json with stock grpcio: reads are repeated, and of the writes those that
carry a request id; nothing else is."""

import concurrent.futures
import contextlib
import json
import pathlib
import threading

import grpc
import pytest

from google.protobuf import descriptor_pb2
from usher.admin.v1 import admin_pb2, catalog_admin_pb2, operator_pb2
from usher.v1 import (
    account_pb2,
    booking_pb2,
    catalog_pb2,
    partner_pb2,
    recommendation_pb2,
    review_pb2,
    sales_pb2,
    sandbox_pb2,
    seat_map_pb2,
    waitlist_pb2,
)

CONFIG = (pathlib.Path(__file__).resolve().parents[2] / "Clients" / "service-config.json").read_text()
SERVICES = [
    service
    for module in (
        account_pb2, admin_pb2, booking_pb2, catalog_admin_pb2, catalog_pb2, operator_pb2, partner_pb2,
        recommendation_pb2, review_pb2, sales_pb2, sandbox_pb2, seat_map_pb2, waitlist_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
]
METHODS = [method for service in SERVICES for method in service.methods]
SECONDS = 60


def is_safe(method):
    """Whether a second call does no more than the first."""
    level = method.GetOptions().idempotency_level
    has_no_effects = level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
    return has_no_effects or has_id(method.input_type)


def has_id(message):
    """Whether a request, or each item of a batch, carries a request id."""
    return "request_id" in message.fields_by_name or any(
        field.message_type and has_id(field.message_type) for field in message.fields)


def policies(method):
    """The retry policies that the configuration has for a method."""
    found = []
    for entry in json.loads(CONFIG)["methodConfig"]:
        for name in entry["name"]:
            if name["service"] == method.containing_service.full_name:
                if name.get("method", method.name) == method.name:
                    found.append(entry.get("retryPolicy"))
    return found


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_exactly_the_safe_methods_have_a_policy(method):
    assert len([policy for policy in policies(method) if policy]) == (1 if is_safe(method) else 0)


class Flaky(grpc.GenericRpcHandler):
    """Serves every method with an empty message, after it was unavailable for some attempts."""

    def __init__(self, failures):
        self.failures = failures
        self.attempts = []
        self._lock = threading.Lock()

    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._serve(request, context, details)
        )

    def _serve(self, request, context, details):
        previous = dict(details.invocation_metadata).get("grpc-previous-rpc-attempts")
        with self._lock:
            self.attempts.append((details.method, request, previous))
            count = len(self.attempts)
        if count <= self.failures:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return b""


@contextlib.contextmanager
def flaky(failures, config=CONFIG):
    """A server that fails at first, and a channel to it."""
    handler = Flaky(failures)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    options = [("grpc.service_config", config)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield channel, handler
    server.stop(0).wait()


def call(channel, path, request=b""):
    return channel.unary_unary(path)(request, timeout=SECONDS)


def test_a_read_is_repeated_and_says_how_often():
    with flaky(2) as (channel, server):
        assert call(channel, "/usher.v1.CatalogService/ListCities") == b""
    assert [previous for _, _, previous in server.attempts] == [None, "1", "2"]


def test_a_write_is_repeated_under_the_same_request_id():
    request = booking_pb2.HoldSeatsRequest(show_id=7, request_id="an id").SerializeToString()
    with flaky(3) as (channel, server):
        assert call(channel, "/usher.v1.BookingService/HoldSeats", request) == b""
    assert {sent for _, sent, _ in server.attempts} == {request}
    assert len(server.attempts) == 4


def test_reads_give_up_after_three_attempts():
    with flaky(100) as (channel, server), pytest.raises(grpc.RpcError) as failure:
        call(channel, "/usher.v1.SeatMapService/GetSeatMap")
    assert failure.value.code() == grpc.StatusCode.UNAVAILABLE
    assert len(server.attempts) == 3


def test_what_the_configuration_does_not_name_is_made_once():
    with flaky(1) as (channel, server), pytest.raises(grpc.RpcError) as failure:
        call(channel, "/usher.v1.BookingService/SellEverything")
    assert failure.value.code() == grpc.StatusCode.UNAVAILABLE
    assert len(server.attempts) == 1


def test_grpcio_would_refuse_a_configuration_with_a_mistake():
    """That it takes ours is worth something only if it refuses others."""
    broken = CONFIG.replace('"maxAttempts": 3', '"maxAttempts": 1')
    assert broken != CONFIG
    with flaky(0, broken) as (channel, server), pytest.raises(grpc.RpcError) as failure:
        call(channel, "/usher.v1.CatalogService/ListCities")
    assert "maxAttempts" in failure.value.details()
    assert server.attempts == []
