-- Theatres in city $1, with movie $2 to come (0: any) and postal code $3 ('': any), by name, after
-- ($4 name, $5 id), at most $6.
select t.theatre_id, t.city_id, c.name, t.name, t.address, t.postal_code, t.time_zone,
       t.latitude, t.longitude,
       (select count(*) from auditorium a where a.theatre_id = t.theatre_id)::integer
  from theatre t join city c using (city_id)
 where (t.name, t.theatre_id) > ($4::text, $5::bigint)
   and ($1::bigint = 0 or t.city_id = $1)
   and ($2::bigint = 0 or exists (
         select 1 from show s
          where s.theatre_id = t.theatre_id and s.movie_id = $2 and s.sales_state <> 4
            and upper(s.during) > now()))
   and ($3::text = '' or plain_postal_code(t.postal_code) = plain_postal_code($3))
 order by t.name, t.theatre_id
 limit $6::bigint
