-- Theatres in city $1 and with movie $2 to come (0: any), by name, after ($3 name, $4 id), at most $5.
select t.theatre_id, t.city_id, c.name, t.name, t.address, t.postal_code, t.time_zone,
       t.latitude, t.longitude,
       (select count(*) from auditorium a where a.theatre_id = t.theatre_id)::integer
  from theatre t join city c using (city_id)
 where (t.name, t.theatre_id) > ($3::text, $4::bigint)
   and ($1::bigint = 0 or t.city_id = $1)
   and ($2::bigint = 0 or exists (
         select 1 from show s
          where s.theatre_id = t.theatre_id and s.movie_id = $2 and s.sales_state <> 4
            and upper(s.during) > now()))
 order by t.name, t.theatre_id
 limit $5::bigint
