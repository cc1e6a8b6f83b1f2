"""Calls that their clients have given up stop their SQL: a flood of resets leaves no query behind."""

import contextlib
import subprocess

import pytest

from partner import catalog_pb2
from raw_wire import RawClient, envelope
from usherd import wait_until

LIST_SHOWS = "/usher.v1.CatalogService/ListShows"
CANCEL = 8


@contextlib.contextmanager
def locked(server, table):
    """Holds a lock that makes every reader of the table wait, in a session of its own."""
    socket = server.data / "postgres" / "data"
    session = subprocess.Popen(
        ["psql", f"host={socket} port=5432 user=usher dbname=usher", "-XAtq",
         "-v", "ON_ERROR_STOP=1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    try:
        session.stdin.write(f"begin; lock table {table} in access exclusive mode; select 'held';\n")
        session.stdin.flush()
        assert session.stdout.readline().strip() == "held"
        yield
    finally:
        session.stdin.close()
        session.wait(30)
        session.stdout.close()


def waiting(server):
    """Lists of shows that wait for the lock; what the server does of its own accord may wait, too."""
    return int(server.sql(
        "select count(*) from pg_stat_activity where application_name = 'usher'"
        " and wait_event_type = 'Lock' and query like '-- Shows that have not ended%'")[0][0])


@pytest.fixture
def request_bytes():
    return envelope(catalog_pb2.ListShowsRequest(page_size=11).SerializeToString())


def test_reset_calls_stop_their_queries(demo, request_bytes):
    key = [("authorization", f"Bearer {demo.partner_key}")]
    with RawClient(demo) as client, locked(demo.server, "show"):
        assert client.call("/grpc.health.v1.Health/Check", envelope(b"")).grpc_status == 0
        streams = [client.open(LIST_SHOWS, key) for _ in range(40)]
        for stream in streams:
            client.h2.send_data(stream, request_bytes, end_stream=True)
        client.flush()
        wait_until(lambda: waiting(demo.server) > 0, what="a query that waits for the lock")
        for stream in streams:
            client.h2.reset_stream(stream, CANCEL)
        client.flush()
        wait_until(lambda: waiting(demo.server) == 0, what="the end of the queries")
        # The lock is still held: only their calls' end can have stopped them.
        assert client.call("/grpc.health.v1.Health/Check", envelope(b"")).grpc_status == 0


def test_a_lost_connection_stops_its_queries(demo, request_bytes):
    key = [("authorization", f"Bearer {demo.partner_key}")]
    with locked(demo.server, "show"):
        client = RawClient(demo)
        for _ in range(20):
            client.h2.send_data(client.open(LIST_SHOWS, key), request_bytes, end_stream=True)
        client.flush()
        wait_until(lambda: waiting(demo.server) > 0, what="a query that waits for the lock")
        client.sock.close()
        wait_until(lambda: waiting(demo.server) == 0, what="the end of the queries")
