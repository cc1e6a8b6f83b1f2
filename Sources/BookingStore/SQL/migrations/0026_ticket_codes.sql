-- usher:no-transaction
-- Finds paid bookings, and what became of them, by the codes on their tickets: the lane and the last 44
-- bits of the id. Not unique: two bookings may share a code, and no sale fails for it.
drop index concurrently if exists booking_by_ticket;
create index concurrently booking_by_ticket
  on booking (lane, (('x' || right(booking_id::text, 11))::bit(44)::bigint)) where payment_reference <> '';
