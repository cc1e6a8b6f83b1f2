"""A first booking on stock grpcio, as the README has it: run it beside `Scripts/demo`.

Stubs: python -m grpc_tools.protoc -I Protos --python_out=. --grpc_python_out=. Protos/usher/v1/*.proto
Then:  PYTHONPATH=. python Clients/python/first_booking.py
"""

import grpc, json, uuid
from usher.v1 import booking_pb2 as b, booking_pb2_grpc, catalog_pb2 as c, catalog_pb2_grpc
tls = grpc.ssl_channel_credentials(open(".demo/ca.pem", "rb").read())
key = json.load(open(".demo/credentials.json"))["partner_key"]
with grpc.secure_channel("127.0.0.1:7443", tls) as channel:
    show = catalog_pb2_grpc.CatalogServiceStub(channel).ListShows(c.ListShowsRequest(page_size=1)).shows[0]
    selling, auth = booking_pb2_grpc.BookingServiceStub(channel), [("authorization", f"Bearer {key}")]
    held = selling.HoldSeats(b.HoldSeatsRequest(show_id=show.show_id, request_id=str(uuid.uuid4()), best_available=b.BestAvailable(count=2)), metadata=auth).booking
    sold = selling.ConfirmBooking(b.ConfirmBookingRequest(booking_id=held.booking_id, payment_reference="paid-1", request_id=str(uuid.uuid4())), metadata=auth).booking
    print(show.title, list(sold.seats), sold.quote.total)
