-- What is and was set aside of show $1, by id from after $3 ($2 is not used), at most $4. Columns 0 to 5 as
-- in list_allocations.
select a.allocation_id, a.partner_id, a.seat_nos, a.tier, a.seat_count, a.returns_at,
       not a.active or a.returns_at <= clock_timestamp(), a.created_at
  from seat_allocation a
 where a.show_id = $1::bigint and $2::text is not null and a.allocation_id > $3::bigint
 order by a.allocation_id
 limit $4::bigint
