"""Passwords of accounts: who counts as having given a wrong one."""

import concurrent.futures
import threading
import time

import grpc
import pytest

from partner import Refusal, new_id, refusal
from test_accounts import PASSWORD, WRONG, Accounts, Customer
from usher.v1 import account_pb2 as api

CHANGED = (grpc.StatusCode.FAILED_PRECONDITION, "PASSWORD_CHANGED")


@pytest.fixture
def door(demo):
    with demo.partner(None) as connection:
        yield Accounts(connection.channel)


@pytest.mark.parametrize("guesses", [0, 6])
def test_who_is_turned_away_unheard_is_not_locked_out(demo, door, guesses):
    """While others keep the line for passwords full: who is told to come again has not failed, however often
    others have guessed before."""
    ada, stopped = Customer(demo), threading.Event()

    def guessed():
        if guesses:
            demo.server.sql(
                "insert into login_failure (email_hash, failure_count, last_at, locked_until)"
                f" values (sha256('{ada.email.lower()}'), {guesses}, now(), now())")

    def crowd():
        while not stopped.wait(0.05):
            refusal(door.LogIn, email=f"crowd-{new_id()}@example.org", password=PASSWORD)

    threads = [threading.Thread(target=crowd) for _ in range(50)]
    for thread in threads:
        thread.start()
    unheard, end = 0, time.monotonic() + 60
    guessed()
    try:
        # Five wrong passwords in a row lock an address.
        while unheard < 12 and time.monotonic() < end:
            try:
                door.LogIn(email=ada.email, password=PASSWORD)
                unheard = 0
                guessed()
            except grpc.RpcError as error:
                assert Refusal(error).reason == "OVERLOADED"
                unheard += 1
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    assert unheard == 12, "there was always room in the line"
    ada.log_in()


def test_who_gives_up_unheard_is_not_locked_out(demo, door):
    """The time of its calls is over while the password is looked at."""
    ada, late = Customer(demo), 0
    wanted = api.LogInRequest(email=ada.email, password=PASSWORD)
    end = time.monotonic() + 60
    # Five wrong passwords in a row lock an address.
    while late < 12 and time.monotonic() < end:
        try:
            door._stub.LogIn(wanted, timeout=0.02)
            late = 0
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
            late += 1
        # Passwords are looked at one after the other: the one before is done.
        refusal(door.LogIn, email=f"{new_id()}@example.org", password=PASSWORD)
    assert late == 12, "nobody is late"
    ada.log_in()


def test_of_two_changes_of_a_password_one_is_told_of_the_other(demo):
    """It was right when it was looked at, so nobody is told that it was wrong."""
    def change(ada, password):
        try:
            ada.call("ChangePassword", password=PASSWORD, new_password=password)
        except grpc.RpcError as error:
            return Refusal(error).code, Refusal(error).reason

    with concurrent.futures.ThreadPoolExecutor(2) as crowd:
        for _ in range(20):
            ada = Customer(demo)
            told = set(crowd.map(change, (ada, ada), ("one new password", "another one")))
            assert None in told and told <= {None, CHANGED, WRONG}
            if CHANGED in told:
                return
    pytest.fail("no two changes met")
