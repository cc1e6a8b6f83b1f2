-- Makes theatre $8 of partner $3 in city $4, or where that is 0 in the city of name $5, region $6 and
-- country $7, which is made if it is new; $9 address, $10 postal code, $11 time zone, $12 and $13 place,
-- policies $14 to $18. $1 is the key and $2 the name of who does it. Its lane is the one with the fewest
-- theatres. Tells whether there is such a time zone, and such a city; with both and without a theatre the
-- name is taken.
--
-- A zone is named as Area/Location: other texts that PostgreSQL takes, abbreviations and POSIX rules, are
-- no places whose clock anybody keeps right.
with zone as materialized (
  select z.name from pg_timezone_names z
   where z.name = $11::text and (z.name ~ '^[A-Z][^/]*/' or z.name = 'UTC')),
new_city as (
  insert into city (name, region, country_code)
  select $5::text, $6::text, $7::text from zone where $4::bigint = 0
  on conflict (name, region, country_code) do update set name = excluded.name
  returning city_id, name, region, country_code),
town as (
  select n.city_id, n.name, n.region, n.country_code from new_city n
  union all
  select c.city_id, c.name, c.region, c.country_code from city c where c.city_id = $4::bigint),
made as (
  insert into theatre (
    lane, partner_id, city_id, name, address, postal_code, time_zone, latitude, longitude,
    hold_minutes, seats_per_customer, orphan_rule, refund_basis_points, refund_minutes_before)
  select (select lane.n from generate_series(0, 63) lane (n) left join theatre t on t.lane = lane.n
           group by lane.n order by count(t.theatre_id), lane.n limit 1),
         $3::bigint, o.city_id, $8::text, $9::text, $10::text, z.name, $12::double precision,
         $13::double precision, $14::smallint, $15::smallint, $16::smallint, $17::smallint,
         $18::integer
    from town o cross join zone z
  on conflict (city_id, name) where closed_at is null do nothing
  returning *),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select $1::bigint, $2::text, 'CREATE_THEATRE', m.partner_id,
         jsonb_build_object('theatre', m.theatre_id, 'name', m.name, 'city', m.city_id)
    from made m)
select exists (select from zone), exists (select from town), m.theatre_id, m.partner_id, o.city_id, o.name, o.region,
       o.country_code, m.name, m.address, m.postal_code, m.time_zone, m.latitude, m.longitude, 0,
       m.hold_minutes, m.seats_per_customer, m.orphan_rule, m.refund_basis_points,
       m.refund_minutes_before
  from (values (1)) one left join (made m join town o using (city_id)) on true
