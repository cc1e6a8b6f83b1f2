-- Auditoriums of theatre $1, or auditorium $2 alone (0: all), by name, after ($3 name, $4 id), at most $5,
-- with the newest version of each one's layout and how many seats it has.
select a.auditorium_id, a.theatre_id, a.name, coalesce(l.layout_version, 0),
       coalesce(l.seat_count, 0)::integer
  from auditorium a
  left join lateral (
    select x.layout_version,
           (select count(*) from layout_seat s
             where s.auditorium_id = x.auditorium_id and s.layout_version = x.layout_version)
             as seat_count
      from layout x where x.auditorium_id = a.auditorium_id
     order by x.layout_version desc limit 1) l on true
 where a.theatre_id = $1::bigint and a.closed_at is null and ($2::bigint = 0 or a.auditorium_id = $2)
   and (a.name, a.auditorium_id) > ($3::text, $4::bigint)
 order by a.name, a.auditorium_id
 limit $5::bigint
