-- The shows at theatre $1 that have not ended and were not cancelled, by start, at most $2; no row
-- when there is no such theatre.
select array(select s.show_id from show s
              where s.theatre_id = t.theatre_id and upper(s.during) > now() and s.sales_state <> 4
              order by lower(s.during), s.show_id
              limit $2::bigint)
  from theatre t
 where t.theatre_id = $1::bigint and t.closed_at is null
