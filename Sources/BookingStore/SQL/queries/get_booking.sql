-- Booking ($1 lane, $2 id) of partner $3, in the columns of the table, then the time. A hold whose
-- time and grace are over is told as expired, whether or not it was swept.
select b.lane, b.booking_id, b.show_id, b.partner_id, b.customer_ref, b.request_id,
       booking_state_at(b.state, b.hold_until, clock_timestamp()), b.seat_nos, b.total, b.currency,
       b.quote, b.hold_until, b.is_extended, b.payment_reference, b.version, b.created_at,
       b.changed_at, b.is_taken_again, b.cancelled_seat_nos, b.superseded_by,
       b.supersedes, b.exchange_credit, clock_timestamp()
  from booking b
 where b.lane = $1::smallint and b.booking_id = $2::uuid and b.partner_id = $3::bigint
