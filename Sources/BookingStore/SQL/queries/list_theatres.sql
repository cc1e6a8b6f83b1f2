-- Theatres in city $1, with movie $2 to come and postal code $3 (null: any), by name, after ($4 name,
-- $5 id), at most $6.
select t.theatre_id, t.city_id, c.name, t.name, t.address, t.postal_code, t.time_zone,
       t.latitude, t.longitude,
       (select count(*) from auditorium a
         where a.theatre_id = t.theatre_id and a.closed_at is null)::integer
  from theatre t join city c using (city_id)
 where (t.name, t.theatre_id) > ($4::text, $5::bigint)
   and t.closed_at is null
   and t.city_id = $1 -- if $1
   and exists ( -- if $2
         select 1 from show s -- if $2
          where s.theatre_id = t.theatre_id and s.movie_id = $2 and s.sales_state <> 4 -- if $2
            and upper(s.during) > now()) -- if $2
   and plain_postal_code(t.postal_code) = plain_postal_code($3) -- if $3
 order by t.name, t.theatre_id
 limit $6::bigint
