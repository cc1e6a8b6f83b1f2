"""grpc.health.v1: Check and Watch, for the server and for each service."""

import grpc
import pytest

import reflected
from conftest import PROTOS

SERVICES = ["", "usher.v1.CatalogService", "usher.v1.SeatMapService", "usher.v1.BookingService",
            "usher.v1.WaitlistService"]
SERVING, UNKNOWN = 1, 3


class Health:
    def __init__(self, channel):
        find = reflected.messages_of(PROTOS, "grpc/health/v1/health.proto")
        self.request = find("grpc.health.v1.HealthCheckRequest")
        answer = find("grpc.health.v1.HealthCheckResponse").FromString
        serialize = self.request.SerializeToString
        self._check = channel.unary_unary("/grpc.health.v1.Health/Check", serialize, answer)
        self._watch = channel.unary_stream("/grpc.health.v1.Health/Watch", serialize, answer)

    def check(self, service):
        return self._check(self.request(service=service), timeout=20).status

    def watch(self, service):
        return self._watch(self.request(service=service), timeout=60)


@pytest.fixture
def health(demo):
    with demo.partner(None) as nobody:
        yield Health(nobody.channel)


@pytest.mark.parametrize("service", SERVICES)
def test_everything_is_serving(health, service):
    assert health.check(service) == SERVING
    stream = health.watch(service)
    assert next(stream).status == SERVING
    stream.cancel()


def test_an_unknown_service_is_not_found(health):
    code = reflected.code_of(lambda: health.check("usher.v1.NoSuchService"))
    assert code == grpc.StatusCode.NOT_FOUND


def test_an_unknown_service_can_be_watched(health):
    stream = health.watch("usher.v1.NoSuchService")
    assert next(stream).status == UNKNOWN
    stream.cancel()
