-- Theatres around ($1 latitude, $2 longitude), at most $3 metres away (0: any), with movie $4 to come
-- (0: any), nearest first, after ($5 chord, $6 id; null: from the start), at most $7. Columns as in
-- list_theatres.sql, then metres and chord.
select t.theatre_id, t.city_id, c.name, t.name, t.address, t.postal_code, t.time_zone,
       t.latitude, t.longitude,
       (select count(*) from auditorium a where a.theatre_id = t.theatre_id)::integer,
       round(metres_on_earth(t.place <-> place_on_earth($1, $2)))::bigint,
       t.place <-> place_on_earth($1, $2)
  from theatre t join city c using (city_id)
 where ($3::bigint = 0 or metres_on_earth(t.place <-> place_on_earth($1, $2)) <= $3)
   and ($4::bigint = 0 or exists (
         select 1 from show s
          where s.theatre_id = t.theatre_id and s.movie_id = $4 and s.sales_state <> 4
            and upper(s.during) > now()))
   and ($5::double precision is null
        or (t.place <-> place_on_earth($1, $2), t.theatre_id) > ($5, $6::bigint))
 order by t.place <-> place_on_earth($1, $2), t.theatre_id
 limit $7::bigint
