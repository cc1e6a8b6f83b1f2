-- Cities with theatres, by name, after ($1 name, $2 id), at most $3.
select c.city_id, c.name, c.region, c.country_code,
       (select count(*) from theatre t where t.city_id = c.city_id and t.closed_at is null)::integer
  from city c
 where (c.name, c.city_id) > ($1::text, $2::bigint)
   and exists (select 1 from theatre t where t.city_id = c.city_id and t.closed_at is null)
 order by c.name, c.city_id
 limit $3::bigint
