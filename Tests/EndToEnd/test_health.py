"""grpc.health.v1: Check and Watch, for the server and for each service."""

import grpc
import pytest
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

import reflected
from conftest import PROTOS

SERVICES = ["", "usher.v1.CatalogService", "usher.v1.PartnerService", "usher.v1.AccountService",
            "usher.admin.v1.OperatorService", "grpc.health.v1.Health"]
SERVING, UNKNOWN = 1, 3


class Health:
    def __init__(self, channel):
        find = reflected.messages_of(PROTOS, "grpc/health/v1/health.proto")
        self.request = find("grpc.health.v1.HealthCheckRequest")
        answer = find("grpc.health.v1.HealthCheckResponse").FromString
        serialize = self.request.SerializeToString
        self._list = channel.unary_unary(
            "/grpc.health.v1.Health/List",
            find("grpc.health.v1.HealthListRequest").SerializeToString,
            find("grpc.health.v1.HealthListResponse").FromString)
        self.list_request = find("grpc.health.v1.HealthListRequest")
        self._check = channel.unary_unary("/grpc.health.v1.Health/Check", serialize, answer)
        self._watch = channel.unary_stream("/grpc.health.v1.Health/Watch", serialize, answer)

    def check(self, service):
        return self._check(self.request(service=service), timeout=20).status

    def list(self):
        return dict(self._list(self.list_request(), timeout=20).statuses)

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


def test_every_service_that_is_served_can_be_asked_about(demo, health):
    with demo.partner(None) as nobody:
        served = ProtoReflectionDescriptorDatabase(nobody.channel).get_services()
    told = health.list()
    assert set(told) == {"", *served} and {each.status for each in told.values()} == {SERVING}


def test_an_unknown_service_is_not_found(health):
    code = reflected.code_of(lambda: health.check("usher.v1.NoSuchService"))
    assert code == grpc.StatusCode.NOT_FOUND


def test_an_unknown_service_can_be_watched(health):
    stream = health.watch("usher.v1.NoSuchService")
    assert next(stream).status == UNKNOWN
    stream.cancel()
