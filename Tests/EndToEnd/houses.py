"""Partners that keep theatres of their own, for tests: made by the operator, each with a key to manage.

Their theatres are far from everything the demo's town has."""

import contextlib

from partner import new_id
from test_operators import Operator
from usher.v1 import (
    add_on_pb2,
    layout_pb2,
    partner_pb2,
    partner_pb2_grpc,
    schedule_pb2,
    terms_pb2,
)

REQUESTS = {
    name: getattr(module, name)
    for module in (partner_pb2, layout_pb2, schedule_pb2, terms_pb2, add_on_pb2)
    for name in dir(module)
    if name.endswith("Request")}


class Manager:
    """PartnerService with a key: each method takes its request's fields, or a request."""

    def __init__(self, channel, key):
        self._stub = partner_pb2_grpc.PartnerServiceStub(channel)
        self._metadata = [("authorization", f"Bearer {key}")]

    def __getattr__(self, method):
        call = getattr(self._stub, method)
        return lambda request=None, **fields: call(
            request or REQUESTS[f"{method}Request"](**fields), metadata=self._metadata, timeout=60)

    def theatre(self, **fields):
        """A theatre with a name of its own."""
        return self.CreateTheatre(theatre=theatre(**fields)).theatre

    def room(self, theatre_id, name="Screen 1"):
        return self.CreateAuditorium(theatre_id=theatre_id, name=name).auditorium

    def upload(self, *requests):
        """Sends a schedule's requests on one stream; returns the responses."""
        return list(self._stub.UploadSchedule(
            iter([schedule_pb2.UploadScheduleRequest(**each) for each in requests]),
            metadata=self._metadata, timeout=60))

    def future(self, method, request):
        """A call under way."""
        return getattr(self._stub, method).future(request, metadata=self._metadata, timeout=60)

    def stream(self, requests):
        """Sends requests as they come; the responses as they come."""
        return self._stub.UploadSchedule(requests, metadata=self._metadata, timeout=60)

    def rows(self, theatre_id, *rows):
        """Uploads rows in one request; returns their results."""
        response, = self.upload({"theatre_id": theatre_id, "rows": rows})
        assert response.complete
        return list(response.results)

    def layout(self, auditorium_id, seats, **fields):
        return self.ImportLayout(
            auditorium_id=auditorium_id, layout=layout_pb2.LayoutPlan(seats=seats), **fields)


def theatre(**fields):
    """A theatre that any partner may have, but for the fields given."""
    wanted = {
        "name": f"House {new_id()}", "time_zone": "Antarctica/Troll", "latitude": -72.0,
        "longitude": 2.5}
    if "city" not in fields:
        wanted["city"] = {"name": "Troll", "country_code": "AQ"}
    return partner_pb2.OwnTheatre(**(wanted | fields))


def seat(label, x, y, tier="STALLS", **fields):
    return layout_pb2.PlannedSeat(
        **({"label": label, "row": label[0], "x": x, "y": y, "tier": tier} | fields))


def row(label, y, count, tier="STALLS"):
    """Seats side by side."""
    return [seat(f"{label}{x + 1}", x, y, tier) for x in range(count)]


def show(reference, local_start, **fields):
    """A row of a schedule: a play of two hours in Screen 1."""
    wanted = {
        "reference": reference, "auditorium": "Screen 1", "kind": 2, "title": "Ice",
        "local_start": local_start, "duration_minutes": 120, "currency_code": "NOK",
        "prices": [{"tier": "STALLS", "minor_units": 9000}]}
    return schedule_pb2.ScheduleRow(**(wanted | fields))


@contextlib.contextmanager
def manager(demo, **fields):
    """A new partner's manager; `fields` are those of its key."""
    with demo.partner(None) as connection:
        operator = Operator(demo, connection.channel)
        partner_id = operator.partner(f"Keeper {new_id()}").partner_id
        answer = operator.CreateApiKey(
            **({"partner_id": partner_id, "scopes": ["manage", "sell"]} | fields))
        keeper = Manager(connection.channel, answer.secret)
        keeper.partner_id, keeper.key, keeper.operator = partner_id, answer.secret, operator
        yield keeper


def acts(keeper):
    """What the audit log has of a partner, oldest first."""
    return [entry.action for entry in reversed(keeper.operator.acts(keeper.partner_id))]
