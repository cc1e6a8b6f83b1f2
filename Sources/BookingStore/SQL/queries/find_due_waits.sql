-- Parties whose waiting is over, at most $1 without those of shows $2, each with the state it ends in: those that waited
-- for as long as anybody may, whose show is closed, or whose stream is gone for too long. Time in which
-- the database itself was down does not count against anybody.
select w.lane, w.show_id, w.partner_id, w.request_id,
       (case when w.created_at <= t.now - wait_limit() then 5
             when s.sales_state <> 2 or upper(s.during) <= t.now then 7 else 4 end)::smallint
  from (select clock_timestamp() as now) t cross join waitlist_entry w
  join show s on s.lane = w.lane and s.show_id = w.show_id
 where w.state = 1 and w.show_id <> all ($2::bigint[])
   and (w.created_at <= t.now - wait_limit() or s.sales_state <> 2 or upper(s.during) <= t.now
        or greatest(w.seen_at, pg_postmaster_start_time()) <= t.now - wait_grace())
 order by w.lane, w.show_id, w.arrival limit $1::integer
