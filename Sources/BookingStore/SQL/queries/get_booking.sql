-- Booking ($1 lane, $2 id) of partner $3, in the columns of booking_outcome. A hold whose time and
-- grace are over is told as expired, whether or not it was swept.
select 1, 'found', b.booking_id, b.show_id, booking_state_at(b.state, b.hold_until, clock_timestamp()),
       b.seat_nos, b.total, b.currency, b.quote,
       hold_left_ms(b.state, b.hold_until, clock_timestamp()),
       b.customer_ref, b.payment_reference, b.created_at, b.version,
       null::integer[], null::smallint[]
  from booking b
 where b.lane = $1::smallint and b.booking_id = $2::uuid and b.partner_id = $3::bigint
