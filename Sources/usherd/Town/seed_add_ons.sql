-- What theatres sell with their seats, of those that sell nothing yet: what somebody has changed or ended
-- stays so.
-- $1: [{city, theatre, title, category, minor_units, currency, most_per_seat}] → how many were new.
with added as (
  insert into add_on (theatre_id, title, category, minor_units, currency, most_per_seat)
  select theatre.theatre_id, new.title, new.category, new.minor_units, new.currency,
         new.most_per_seat
    from rows from (jsonb_to_recordset($1) as (
           city text, theatre text, title text, category text, minor_units bigint, currency text,
           most_per_seat integer)
         ) with ordinality as new(
           city, theatre, title, category, minor_units, currency, most_per_seat, place)
    join city on city.name = new.city
    join theatre on theatre.city_id = city.city_id and theatre.name = new.theatre
   where not exists (select from add_on where add_on.theatre_id = theatre.theatre_id)
   order by new.place
  returning 1
)
select count(*) from added
