-- What booking ($1 lane, $2 id) gave back, oldest first.
select r.booking_id, r.seat_nos, r.amount, r.currency
  from refund r
 where r.lane = $1::smallint and r.booking_id = $2::uuid
 order by r.created_at, r.request_id
