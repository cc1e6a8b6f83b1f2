-- Theatres in city $2 that show movie $1 on the theatre's day $3, in language $4 and format $5 (null: any), by
-- name, after ($6 name, $7 id), at most $8, each with its first $9 shows: a row for each show, columns as in
-- list_theatres.sql, then those of list_shows.sql.
with page as materialized (
  select t.theatre_id, t.city_id, t.name, t.address, t.postal_code, t.time_zone, t.latitude, t.longitude,
         c.name as city_name
    from theatre t join city c using (city_id)
   where (t.name, t.theatre_id) > ($6::text, $7::bigint)
     and t.city_id = $2 -- if $2
     and exists (
       select 1 from show s
        where s.theatre_id = t.theatre_id and s.movie_id = $1::bigint and s.sales_state <> 4
          and upper(s.during) > now()
          and (lower(s.during) at time zone t.time_zone)::date = $3 -- if $3
          and language_fits(s.language, $4) -- if $4
          and lower(s.format) = lower($5) -- if $5
     )
   order by t.name, t.theatre_id
   limit $8::bigint)
select t.theatre_id, t.city_id, t.city_name, t.name, t.address, t.postal_code, t.time_zone,
       t.latitude, t.longitude,
       (select count(*) from auditorium a
         where a.theatre_id = t.theatre_id and a.closed_at is null)::integer,
       s.show_id, s.lane, s.kind, s.movie_id, m.title,
       t.theatre_id, t.name, t.city_id, t.city_name, s.auditorium_id, a.name, s.language, s.format,
       lower(s.during), upper(s.during), lower(s.during) at time zone t.time_zone at time zone 'UTC', t.time_zone,
       s.sales_state, s.currency, s.seat_count, s.layout_version, s.pricing_version,
       coalesce(p.tiers, '{}'), coalesce(p.amounts, '{}')
  from page t
  join movie m on m.movie_id = $1
  cross join lateral (
    select s.* from show s
     where s.theatre_id = t.theatre_id and s.movie_id = $1 and s.sales_state <> 4
       and upper(s.during) > now()
       and (lower(s.during) at time zone t.time_zone)::date = $3 -- if $3
       and language_fits(s.language, $4) -- if $4
       and lower(s.format) = lower($5) -- if $5
     order by lower(s.during), s.show_id
     limit $9::bigint) s
  join auditorium a on a.auditorium_id = s.auditorium_id
  cross join lateral (
    select array_agg(p.tier) as tiers, array_agg(p.minor_units) as amounts
      from show_price p where p.lane = s.lane and p.show_id = s.show_id) p
 order by t.name, t.theatre_id, lower(s.during), s.show_id
