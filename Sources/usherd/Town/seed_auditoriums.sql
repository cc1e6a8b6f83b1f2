-- $1: [{city, theatre, name}] → how many were new.
with added as (
  insert into auditorium (theatre_id, name)
  select theatre.theatre_id, new.name
    from jsonb_to_recordset($1) as new(city text, theatre text, name text)
    join city on city.name = new.city
    join theatre on theatre.city_id = city.city_id and theatre.name = new.theatre
   -- One that was closed stays so.
   where not exists (
     select from auditorium there
      where there.theatre_id = theatre.theatre_id and there.name = new.name)
  on conflict do nothing
  returning 1
)
select count(*) from added
