-- Bookings of the account named $1, newest first, before ($2 booking, '': from the newest; $3 unused), at
-- most $4. Columns as in get_booking.sql. A booking's id begins with its time.
select b.lane, b.booking_id, b.show_id, b.partner_id, b.customer_ref, b.request_id,
       booking_state_at(b.state, b.hold_until, clock_timestamp()), b.seat_nos, b.total, b.currency,
       b.quote, b.hold_until, b.is_extended, b.payment_reference, b.version, b.created_at,
       b.changed_at, b.is_taken_again, b.cancelled_seat_nos, b.superseded_by,
       b.supersedes, b.exchange_credit, clock_timestamp()
  from booking b
 where b.customer_ref = $1::text and b.partner_id = 0 and $3::bigint = 0
   and ($2::text = '' or b.booking_id::text collate "C" < $2)
 order by b.booking_id::text collate "C" desc
 limit $4::bigint
