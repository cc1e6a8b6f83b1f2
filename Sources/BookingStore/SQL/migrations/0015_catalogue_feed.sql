-- Announces changes of the catalogue to every node, in commit order: who answers from memory learns
-- what is no longer so. Selling changes none of these columns and fires none of these triggers.

-- p_subject: 1 places, 2 movies, 3 shows of a movie (0: none) at a theatre in a city, 4 reviews of a
-- movie. What does not matter is 0.
create function tell_catalogue(
  p_subject integer, p_city_id bigint, p_theatre_id bigint, p_movie_id bigint) returns void
language sql as $$
  select pg_logical_emit_message(
    true, 'usher.catalogue',
    int2send(p_subject::smallint) || int8send(p_city_id) || int8send(p_theatre_id)
      || int8send(p_movie_id))
$$;

create function tell_places() returns trigger
language plpgsql as $$
begin
  perform tell_catalogue(1, 0, 0, 0);
  return null;
end
$$;
create trigger city_told after insert or delete or truncate
  or update of name, region, country_code on city
for each statement execute function tell_places();
create trigger theatre_told after insert or delete or truncate
  or update of city_id, name, address, postal_code, time_zone, latitude, longitude on theatre
for each statement execute function tell_places();
create trigger auditorium_told after insert or delete or truncate
  or update of theatre_id, name on auditorium
for each statement execute function tell_places();

create function tell_movies() returns trigger
language plpgsql as $$
begin
  perform tell_catalogue(2, 0, 0, 0);
  return null;
end
$$;
create trigger movie_told after insert or delete or truncate or update on movie
for each statement execute function tell_movies();

-- Once for each theatre and movie of a statement that adds or removes shows.
create function tell_shows() returns trigger
language plpgsql as $$
begin
  perform tell_catalogue(3, t.city_id, c.theatre_id, c.movie_id)
    from (select distinct s.theatre_id, coalesce(s.movie_id, 0) as movie_id from changed_show s) c
    join theatre t using (theatre_id);
  return null;
end
$$;
create trigger show_added after insert on show
referencing new table as changed_show for each statement execute function tell_shows();
create trigger show_removed after delete on show
referencing old table as changed_show for each statement execute function tell_shows();

-- A trigger that looks at some columns only cannot see the statement's rows together.
create function tell_show() returns trigger
language plpgsql as $$
begin
  perform tell_catalogue(3, t.city_id, t.theatre_id, c.movie_id)
    from (values (old.theatre_id, coalesce(old.movie_id, 0)),
                 (new.theatre_id, coalesce(new.movie_id, 0))) c(theatre_id, movie_id)
    join theatre t using (theatre_id)
   group by t.city_id, t.theatre_id, c.movie_id;
  return null;
end
$$;
create trigger show_told after update of kind, movie_id, title, theatre_id, auditorium_id, language,
  format, during, currency, seat_count, sales_state, layout_version, pricing_version
on show for each row when (
  (old.kind, old.movie_id, old.title, old.theatre_id, old.auditorium_id, old.language, old.format,
   old.during, old.currency, old.seat_count, old.sales_state, old.pricing_version)
    is distinct from
  (new.kind, new.movie_id, new.title, new.theatre_id, new.auditorium_id, new.language, new.format,
   new.during, new.currency, new.seat_count, new.sales_state, new.pricing_version))
execute function tell_show();
