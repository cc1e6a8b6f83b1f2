"""One request_id, one effect: repeated calls get the first answer, other bodies are refused."""

import threading

import grpc

from partner import HELD, new_id, refusal


def test_every_change_can_be_repeated(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)[:2]
    hold_id, confirm_id, cancel_id = new_id(), new_id(), new_id()

    def hold():
        return partner.hold(show.show_id, labels, customer="c", request_id=hold_id)

    first = hold()
    again = hold()
    assert again.booking_id == first.booking_id
    assert (again.seats, again.quote, again.version) == (first.seats, first.quote, first.version)
    confirmed = partner.confirm(first.booking_id, request_id=confirm_id)
    assert partner.confirm(first.booking_id, request_id=confirm_id) == confirmed
    cancelled = partner.cancel(first.booking_id, request_id=cancel_id)
    assert partner.cancel(first.booking_id, request_id=cancel_id) == cancelled
    # Late repeats of the earlier calls still get their own answers and change nothing.
    assert partner.confirm(first.booking_id, request_id=confirm_id).state == confirmed.state
    assert hold().booking_id == first.booking_id
    version, _ = partner.map(show.show_id)
    assert version == cancelled.version


def test_a_release_can_be_repeated(demo, partner):
    show = demo.fresh_show()
    held = partner.hold(show.show_id, best=(2, ""))
    request_id = new_id()
    released = partner.release(held.booking_id, request_id=request_id)
    assert partner.release(held.booking_id, request_id=request_id) == released


def test_a_refusal_is_repeated_too(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)
    held = partner.hold(show.show_id, labels[:1])
    request_id = new_id()
    first = refusal(partner.hold, show.show_id, labels[:2], request_id=request_id)
    assert first.reason == "SEATS_UNAVAILABLE"
    partner.release(held.booking_id)
    again = refusal(partner.hold, show.show_id, labels[:2], request_id=request_id)
    assert (again.reason, again.lost_seats) == (first.reason, first.lost_seats)


def test_another_body_is_refused(demo, partner):
    show, other = demo.fresh_show(), demo.fresh_show()
    labels = demo.labels(show.show_id)
    request_id = new_id()
    held = partner.hold(show.show_id, labels[:2], customer="c", request_id=request_id)
    calls = [
        lambda: partner.hold(show.show_id, labels[:1], customer="c", request_id=request_id),
        lambda: partner.hold(show.show_id, labels[1::-1], customer="c", request_id=request_id),
        lambda: partner.hold(show.show_id, labels[:2], customer="d", request_id=request_id),
        lambda: partner.hold(other.show_id, best=(2, ""), customer="c", request_id=request_id),
        lambda: partner.confirm(held.booking_id, request_id=request_id),
        lambda: partner.cancel(held.booking_id, request_id=request_id),
    ]
    for call in calls:
        refused = refusal(call)
        assert refused.code == grpc.StatusCode.INVALID_ARGUMENT
        assert refused.reason == "REQUEST_ID_REUSED"
    confirm_id = new_id()
    partner.confirm(held.booking_id, "pay-1", request_id=confirm_id)
    assert refusal(
        partner.confirm, held.booking_id, "pay-2", request_id=confirm_id
    ).reason == "REQUEST_ID_REUSED"


def test_partners_do_not_share_request_ids(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)
    request_id = new_id()
    mine = partner.hold(show.show_id, labels[:1], request_id=request_id)
    with demo.partner(demo.other_key) as other:
        theirs = other.hold(show.show_id, labels[1:2], request_id=request_id)
    assert mine.booking_id != theirs.booking_id


def test_sixty_four_at_once_have_one_effect(demo, partner):
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)[:3]
    request_id = new_id()
    answers, threads = [], []
    with demo.partner() as second:
        def send(number):
            client = (partner, second)[number % 2]
            while True:
                try:
                    answers.append(
                        client.hold(show.show_id, labels, request_id=request_id).booking_id)
                    return
                except grpc.RpcError as error:
                    # In flight: the one refusal that a repetition may get.
                    if error.code() != grpc.StatusCode.ABORTED:
                        answers.append(error)
                        return

        threads = [threading.Thread(target=send, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert len(answers) == 64 and len(set(answers)) == 1, set(answers)
    _, states = partner.map(show.show_id)
    assert [label for label, state in states.items() if state == HELD] == labels or sorted(
        label for label, state in states.items() if state == HELD) == labels
