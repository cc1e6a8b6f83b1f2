-- The line for a show in order, then what became of those parties that are asked for by request; with
-- each the version of the line.
select p.partner_id, p.request_id, p.seat_count, p.booking_id, p.state,
       (select s.queue_version from show s where s.lane = $1::smallint and s.show_id = $2::bigint)
  from (select w.* from waitlist_entry w
         where w.lane = $1::smallint and w.show_id = $2::bigint and w.state = 1
        union all
        select w.* from unnest($3::bigint[], $4::uuid[]) as q(partner_id, request_id)
          join waitlist_entry w on w.partner_id = q.partner_id and w.request_id = q.request_id
         where w.state <> 1) p
 order by p.state = 1 desc, p.arrival
