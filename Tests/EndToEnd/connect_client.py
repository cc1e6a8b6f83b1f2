"""Plays a conformance case by stock grpcio, and compares how it went with how it should have gone."""

import grpc
from google.rpc import status_pb2

from connect_cases import HEADERS, Outcome, RequestInfo
from connect_stubs import service_pb2, service_pb2_grpc

SECONDS = 60
METHODS = {
    "unary": "Unary", "client-stream": "ClientStream", "server-stream": "ServerStream",
    "half-duplex": "BidiStream", "full-duplex": "BidiStream",
}


def play(channel, case, compression):
    """The outcome of a case as a client sees it."""
    stub = service_pb2_grpc.ConformanceServiceStub(channel)
    method = getattr(stub, METHODS[case.kind])
    options = {
        "metadata": HEADERS, "compression": compression,
        "timeout": case.timeout_ms / 1000 if case.timeout_ms else None,
    }
    payloads = []
    try:
        if case.kind == "unary":
            response, call = method.with_call(case.requests[0], **options)
            payloads.append(response.payload)
        elif case.kind == "client-stream":
            response, call = method.with_call(iter(case.requests), **options)
            payloads.append(response.payload)
        else:
            is_single = case.kind == "server-stream"
            call = method(case.requests[0] if is_single else iter(case.requests), **options)
            for response in call:
                payloads.append(response.payload)
    except grpc.RpcError as failed:
        return Outcome(
            payloads, failed.initial_metadata() or (), failed.trailing_metadata() or (),
            _error(failed))
    return Outcome(payloads, call.initial_metadata(), call.trailing_metadata())


def _error(failed):
    error = service_pb2.Error(code=failed.code().value[0], message=failed.details())
    details = dict(failed.trailing_metadata() or ()).get("grpc-status-details-bin")
    if details is not None:
        status = status_pb2.Status.FromString(details)
        assert (status.code, status.message) == (error.code, error.message)
        error.details.extend(status.details)
    return error


def check(case, actual):
    """Fails when an outcome is not the expected one; says little of what tells it anyway."""
    expected = case.expected()
    _check_error(case, expected.error, actual.error)
    assert [p.data for p in actual.payloads] == [p.data for p in expected.payloads]
    for wanted, came in zip(expected.payloads, actual.payloads):
        assert wanted.HasField("request_info") == came.HasField("request_info")
        _check_info(wanted.request_info, came.request_info)
    for wanted, came in ((expected.headers, actual.headers), (expected.trailers, actual.trailers)):
        for name in {name for name, _ in wanted}:
            assert _values(came, name) == _values(wanted, name)


def _check_error(case, wanted, came):
    assert (came is None) == (wanted is None), came
    if wanted is None:
        return
    assert came.code == wanted.code, came
    if case.code is not None:
        return
    assert came.message == wanted.message
    assert [d.type_url for d in came.details] == [d.type_url for d in wanted.details]
    for wanted_detail, came_detail in zip(wanted.details, came.details):
        if wanted_detail.Is(RequestInfo.DESCRIPTOR):
            _check_info(_unpacked(wanted_detail), _unpacked(came_detail))
        else:
            assert came_detail == wanted_detail


def _check_info(wanted, came):
    assert [r.type_url for r in came.requests] == [r.type_url for r in wanted.requests]
    assert list(came.requests) == list(wanted.requests)
    assert wanted.HasField("timeout_ms") == came.HasField("timeout_ms")
    if wanted.HasField("timeout_ms"):
        # grpcio rounds what it sends up to three digits.
        assert 0 < came.timeout_ms <= wanted.timeout_ms * 1.01
    seen = {header.name: list(header.value) for header in came.request_headers}
    for header in wanted.request_headers:
        assert seen.get(header.name) == list(header.value)
    if not wanted.request_headers:
        assert not seen


def _unpacked(detail):
    info = RequestInfo()
    assert detail.Unpack(info)
    return info


def _values(pairs, name):
    return [value for other, value in pairs if other == name]
