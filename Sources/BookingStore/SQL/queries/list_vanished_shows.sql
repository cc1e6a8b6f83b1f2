-- Shows of theatre $1 with a reference that start from $2 to before $3, are not cancelled and not among
-- $4, by start, after ($5 start, $6 id), at most $7; and whether somebody has seats of each or waits.
select s.show_id, s.partner_reference, lower(s.during), is_sold_from(s.lane, s.show_id)
  from show s
 where s.theatre_id = $1::bigint and s.partner_reference is not null and s.sales_state <> 4
   and upper(s.during) > $2::timestamptz
   and lower(s.during) >= $2 and lower(s.during) < $3::timestamptz
   and s.show_id <> all ($4::bigint[])
   and (lower(s.during), s.show_id) > ($5::timestamptz, $6::bigint)
 order by lower(s.during), s.show_id
 limit $7::bigint
