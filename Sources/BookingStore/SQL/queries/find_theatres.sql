-- Theatres around ($1 latitude, $2 longitude), at most $3 metres away, with movie $4 to come (null: any),
-- nearest first, after ($5 chord, $6 id; null: from the start), at most $7. Columns as in
-- list_theatres.sql, then metres and chord.
--
-- The nearest come one by one out of the index, as many as the largest page has and one more: a number that
-- the planner knows. From a parameter it expects so many that it looks at all theatres and sorts them.
with here as (select place_on_earth($1, $2) as place)
select t.theatre_id, t.city_id, c.name, t.name, t.address, t.postal_code, t.time_zone,
       t.latitude, t.longitude,
       (select count(*) from auditorium a
         where a.theatre_id = t.theatre_id and a.closed_at is null)::integer,
       round(metres_on_earth(t.chord))::bigint, t.chord
  from (select t.*, t.place <-> (select place from here) as chord
          from theatre t
         where t.closed_at is null
           and metres_on_earth(t.place <-> (select place from here)) <= $3::bigint -- if $3
           and exists ( -- if $4
                 select 1 from show s -- if $4
                  where s.theatre_id = t.theatre_id and s.movie_id = $4 -- if $4
                    and s.sales_state <> 4 and upper(s.during) > now()) -- if $4
           and (t.place <-> (select place from here), t.theatre_id) > ($5, $6::bigint) -- if $5
         order by t.place <-> (select place from here)
         fetch first 201 rows with ties) t
  join city c using (city_id)
 order by t.chord, t.theatre_id
 limit $7::bigint
