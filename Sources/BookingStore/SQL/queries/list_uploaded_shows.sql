-- Shows of theatre $1 with a reference that start from $2 to before $3 and are not cancelled, by start, after
-- ($4 start, $5 id), at most $6; and whether somebody has seats of each or waits.
select s.show_id, s.partner_reference, lower(s.during), is_sold_from(s.lane, s.show_id)
  from show s
 where s.theatre_id = $1::bigint and s.partner_reference is not null and s.sales_state <> 4
   and upper(s.during) > $4::timestamptz
   and lower(s.during) >= $2::timestamptz and lower(s.during) < $3::timestamptz
   and (lower(s.during), s.show_id) > ($4, $5::bigint)
 order by lower(s.during), s.show_id
 limit $6::bigint
