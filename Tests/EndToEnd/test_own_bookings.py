"""What customers do by themselves: wait in line, exchange what they hold, batch and fence."""

import grpc

from partner import booking_pb2, new_id, refusal, waitlist_pb2
from test_accounts import Customer, operator, refused  # noqa: F401 (a fixture)
from test_waitlist import Waiter, hold_all
from usher.v1 import sales_pb2, sales_pb2_grpc

def test_a_customer_waits_in_line_and_leaves_it(demo):
    ada, eve, show = Customer(demo), Customer(demo), demo.fresh_show()
    with demo.partner() as partner, ada.connection() as own, eve.connection() as other:
        singles = hold_all(partner, show.show_id, 3)
        party = Waiter(own, show.show_id, 2).wait_position(1, 0)
        behind = Waiter(other, show.show_id, 1).wait_position(2, 2)
        # Nobody waits for somebody else, or shows anybody out.
        leave = waitlist_pb2.LeaveWaitlistRequest
        stranger = refusal(next, other.join(show.show_id, 1, customer=ada.id))
        assert stranger.reason == "INVALID_FIELDS" and stranger.fields == ["customer_ref"]
        for request_id in (party.request_id, new_id()):
            assert refused(other.waitlist.LeaveWaitlist, leave(
                show_id=show.show_id, request_id=request_id))[1] == "WAIT_NOT_FOUND"
        own.waitlist.LeaveWaitlist(leave(show_id=show.show_id, request_id=party.request_id))
        assert party.wait_end().refusal.reason == "WAIT_ENDED"
        partner.release(singles[0].booking_id)
        offer = behind.wait_end().offer
        assert offer.customer_ref == eve.id and offer.seats == singles[0].seats
        other.release(offer.booking_id)


def test_a_customer_exchanges_what_it_holds_and_not_what_was_paid(demo, operator):
    ada, eve, show = Customer(demo), Customer(demo), demo.fresh_show()
    _, secret = operator.key(0)
    with ada.connection() as own, eve.connection() as other, demo.partner(
            secret) as till, demo.partner(demo.other_key) as house:
        held = own.hold(show.show_id, best=(2, ""))
        assert refused(other.exchange, held.booking_id, show.show_id, best=1) == (
            grpc.StatusCode.NOT_FOUND, "BOOKING_NOT_FOUND")
        swapped = own.exchange(held.booking_id, show.show_id, best=1).booking
        assert len(swapped.seats) == 1 and swapped.customer_ref == ada.id
        assert refused(
            own.booking.ExchangeBooking, booking_pb2.ExchangeBookingRequest(
                booking_id=swapped.booking_id, show_id=show.show_id, request_id=new_id(),
                best_available={"count": 2}, payment_reference="paid, honestly"))[1] == "INVALID_FIELDS"
        till.confirm(swapped.booking_id)
        assert refused(own.exchange, swapped.booking_id, show.show_id, best=2) == (
            grpc.StatusCode.FAILED_PRECONDITION, "BOOKING_STATE")
        # What was paid by the house's own till is found by its ticket, also where the customer is no account.
        guest = till.hold(show.show_id, best=(1, ""), customer="guest 7")
        sales = sales_pb2_grpc.SalesServiceStub(house.channel)
        for booking in (till.confirm(guest.booking_id), own.get(swapped.booking_id)):
            ticket = sales.GetBookingByTicketCode(
                sales_pb2.GetBookingByTicketCodeRequest(ticket_code=booking.ticket_code), timeout=20)
            assert ticket.booking.booking.booking_id == booking.booking_id
        own.cancel(swapped.booking_id)


def test_a_customers_batches_and_fences_are_its_own(demo):
    ada, eve, shows = Customer(demo), Customer(demo), [demo.fresh_show(), demo.fresh_show()]
    with ada.connection() as own, eve.connection() as other:
        for atomic in (False, True):
            holds = [
                booking_pb2.HoldSeatsRequest(
                    show_id=shows[0].show_id, best_available={"count": 1}, request_id=new_id())
                for _ in range(2)]
            made = own.booking.BatchHoldSeats(
                booking_pb2.BatchHoldSeatsRequest(holds=holds, atomic=atomic)).results
            assert {each.booking.customer_ref for each in made} == {ada.id}
            cancellations = [
                booking_pb2.CancelBookingRequest(
                    booking_id=each.booking.booking_id, request_id=new_id()) for each in made]
            request = booking_pb2.BatchCancelBookingsRequest(
                cancellations=cancellations, atomic=True)
            assert refused(other.booking.BatchCancelBookings, request) == (
                grpc.StatusCode.NOT_FOUND, "BOOKING_NOT_FOUND")
            for each in made:
                own.release(each.booking.booking_id)
        holds[0].customer_ref, holds[0].request_id = eve.id, new_id()
        holds[1].request_id = new_id()
        assert refused(own.booking.BatchHoldSeats, booking_pb2.BatchHoldSeatsRequest(
            holds=holds, atomic=True))[1] == "INVALID_FIELDS"
        fenced = new_id()
        own.fence(fenced)
        assert refused(own.hold, shows[1].show_id, best=(1, ""), request_id=fenced)[1] == (
            "REQUEST_FENCED")
