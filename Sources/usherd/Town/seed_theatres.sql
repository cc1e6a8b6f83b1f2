-- $1: [{city, region, country_code, name, lane, …}] → how many were new.
with added as (
  insert into theatre (lane, city_id, name, address, postal_code, time_zone, latitude, longitude)
  select new.lane, city.city_id, new.name, new.address, new.postal_code, new.time_zone,
         new.latitude, new.longitude
    from jsonb_to_recordset($1) as new(
           city text, region text, country_code text, name text, lane smallint, address text,
           postal_code text, time_zone text, latitude double precision,
           longitude double precision)
    join city on (city.name, city.region, city.country_code)
               = (new.city, new.region, new.country_code)
   -- One that was closed stays so.
   where not exists (
     select from theatre there where there.city_id = city.city_id and there.name = new.name)
  on conflict do nothing
  returning 1
)
select count(*) from added
