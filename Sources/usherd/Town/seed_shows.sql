-- Shows that are not there yet: a room that has any show at the time, even a cancelled one, is
-- left alone.
-- Local days and minutes become instants by the theatre's zone, daylight saving included.
-- $1: [{city, theatre, auditorium, kind, movie, title, day, start_minute, minutes, …}],
-- $2: [{city, theatre, auditorium, weekend, tier, minor_units}] → how many were new.
with place as materialized (
  select city.name as city, theatre.name as theatre, auditorium.name as auditorium,
         auditorium.auditorium_id, theatre.time_zone
    from auditorium join theatre using (theatre_id) join city using (city_id)
   where auditorium.closed_at is null and theatre.closed_at is null
), price as materialized (
  select city, theatre, auditorium, weekend, array_agg(tier order by tier) as tiers,
         array_agg(minor_units order by tier) as minor_units
    from jsonb_to_recordset($2) as price(
           city text, theatre text, auditorium text, weekend boolean, tier text,
           minor_units bigint)
   group by city, theatre, auditorium, weekend
), movie_by_title as materialized (
  select title, min(movie_id) as movie_id from movie group by title
), wanted as (
  select place.auditorium_id, new.*, movie_by_title.movie_id, price.tiers, price.minor_units,
         (date '1970-01-01' + new.day + make_interval(mins => new.start_minute))
           at time zone place.time_zone as starts_at
    from jsonb_to_recordset($1) as new(
           city text, theatre text, auditorium text, kind smallint, movie text, title text,
           language text, format text, currency text, weekend boolean, day integer,
           start_minute integer, minutes integer)
    join place using (city, theatre, auditorium)
    join price using (city, theatre, auditorium, weekend)
    left join movie_by_title on movie_by_title.title = new.movie
), missing as materialized (
  select wanted.*, starts_at + make_interval(mins => minutes) as ends_at
    from wanted
   where not exists (
     select 1 from show
      where show.auditorium_id = wanted.auditorium_id
        and show.during && tstzrange(
              starts_at, starts_at + make_interval(mins => wanted.minutes)))
)
select count(create_show(
         auditorium_id, kind, movie_id, title, language, format, starts_at, ends_at, currency,
         tiers, minor_units))
  from (select * from missing order by starts_at, auditorium_id) as missing
