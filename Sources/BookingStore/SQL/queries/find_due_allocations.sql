-- Shows of which something has returned since who waits was served last, at most $1; with the allocations.
-- By the time at which the statement began, so that the index is used.
select s.lane, s.show_id, array_agg(d.allocation_id)
  from (select a.lane, a.show_id, a.allocation_id from seat_allocation a
         where not a.swept and a.returns_at <= statement_timestamp()
         order by a.returns_at limit $1::integer) d
  join show s using (lane, show_id)
 group by s.lane, s.show_id
