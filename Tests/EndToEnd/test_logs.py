"""What the log tells: events, never a secret, and no line that a stranger has written."""

import grpc

import usherd as servers
from conftest import Demo
from raw_wire import RawClient, envelope
from test_accounts import PASSWORD, Customer
from usher.admin.v1 import operator_pb2, operator_pb2_grpc

FORGED = "forged-line-by-a-stranger"
WRONG_KEY = "usher_pk_" + "w" * 32
CUSTOMER, PAYMENT = "customer-8d1f-secret", "payment-77aa-secret"
GET_MAP = "/usher.v1.SeatMapService/GetSeatMap"


def sell(demo):
    """A sale and refusals, each with something that nobody else may learn."""
    show = demo.fresh_show()
    with demo.partner() as partner:
        held = partner.hold(show.show_id, best=(2, ""), customer=CUSTOMER)
        partner.confirm(held.booking_id, payment=PAYMENT)
    with demo.partner(WRONG_KEY) as stranger:
        try:
            stranger.get(held.booking_id)
            raise AssertionError("a wrong key was accepted")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAUTHENTICATED


def make_key(demo):
    """A new key's secret, which the server tells once and says nowhere else."""
    with demo.partner(demo.other_key) as operator:
        stub = operator_pb2_grpc.OperatorServiceStub(operator.channel)
        partner = stub.CreatePartner(operator_pb2.CreatePartnerRequest(name="New"), timeout=20)
        request = operator_pb2.CreateApiKeyRequest(
            partner_id=partner.partner.partner_id, scopes=["sell"])
        return stub.CreateApiKey(request, timeout=20).secret


def log_in(demo):
    """All that is secret or personal of a customer that signs up, logs in, guesses and leaves."""
    customer = Customer(demo, phone="+32470998877", name="Ada of the logs")
    tokens = customer.tokens
    try:
        customer.log_in("a wrong password")
        raise AssertionError("a wrong password was accepted")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED
    next_tokens = customer.refresh()
    customer.call("CloseAccount", next_tokens.access_token, password=PASSWORD)
    return [
        customer.email, customer.email.lower(), PASSWORD, "a wrong password", "+32470998877",
        "Ada of the logs", tokens.access_token, tokens.refresh_token, next_tokens.access_token,
        next_tokens.refresh_token, "argon2"]


def forge(demo):
    """Line ends and control characters wherever a stranger's bytes go in."""
    line = f"x\r\n2026-01-01T00:00:00Z critical usherd: {FORGED}\n\x1b[31m"
    for extra in [[("user-agent", line)], [("x-request", line)], [("grpc-timeout", line)],
                  [("grpc-encoding", line)], [("authorization", f"Bearer {line}")]]:
        with RawClient(demo) as client:
            client.call(GET_MAP, envelope(b""), extra)
    for path in ["/" + line, f"/usher.v1.SeatMapService/{FORGED}", GET_MAP + "%0a" + FORGED]:
        with RawClient(demo) as client:
            client.call(path, envelope(b""))
    with RawClient(demo) as client:
        client.call(GET_MAP, envelope(b"\n" + FORGED.encode()))


def test_logs_hold_no_secret_and_no_forged_line(own_folder):
    with servers.Usherd(own_folder / "demo", log_level="trace") as server:
        demo = Demo(server)
        sell(demo)
        made = [make_key(demo), *log_in(demo)]
        forge(demo)
        for pid in server.backends():
            server.kill_backend(pid)
        sell_again_when_healed(demo)
        log = (server.data.parent / "usherd.log").read_text(errors="strict")
        assert "call" in log and "UNAUTHENTICATED" in log, "the log is too quiet to judge"
        for secret in (
                demo.partner_key, demo.other_key, *made, WRONG_KEY, CUSTOMER, PAYMENT):
            assert secret not in log
        assert FORGED not in log
        assert all(char.isprintable() or char == "\n" for char in log)


def sell_again_when_healed(demo):
    def sold():
        try:
            sell(demo)
            return True
        except grpc.RpcError:
            return False

    servers.wait_until(sold, what="a sale after the database's sessions were killed")
