-- How far sales are counted (null: not at all yet), and whether the days $1 to $2 are over and counted on the
-- clocks of all theatres of which $3 is one (0: any) and $4 has them (null: all).
select nullif(s.counted_until, '-infinity'),
       (select coalesce(bool_and(s.counted_until >= ($2::date + 1)::timestamp at time zone z.time_zone
                                 and s.began_at <= $1::date::timestamp at time zone z.time_zone), false)
          from (select distinct t.time_zone from theatre t
                 where ($3::bigint = 0 or t.theatre_id = $3)
                   and ($4::bigint[] is null or t.theatre_id = any ($4))) z)
  from sales_stream s
