-- What is set aside of show $1 and has not returned yet. What has is over for ever.
select a.allocation_id, a.partner_id, a.seat_nos, a.tier, a.seat_count, a.returns_at
  from seat_allocation a
 where a.show_id = $1::bigint and a.active and a.returns_at > clock_timestamp()
 order by a.allocation_id
