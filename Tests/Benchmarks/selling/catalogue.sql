-- A national programme in usher's schema, without seats to sell: :cities cities with ten theatres each,
-- 1,000 movies, and in each theatre's hall :days days of four shows from tomorrow on.

insert into city (name, country_code)
select 'City ' || lpad(n::text, 4, '0'), 'DE' from generate_series(1, :cities) n;
insert into theatre (lane, city_id, name, time_zone, latitude, longitude)
select n % 64, 1 + n / 10, 'Theatre ' || lpad(n::text, 5, '0'), 'Europe/Berlin',
       47 + n % 80 / 10.0, 6 + n % 90 / 10.0
  from generate_series(0, 10 * :cities - 1) n;
insert into auditorium (theatre_id, name) select theatre_id, 'Hall' from theatre order by theatre_id;
insert into layout select auditorium_id, 1, 20, 20, 1000, 500 from auditorium;
insert into movie (title, synopsis, genres, languages, duration_minutes, release_date, certificate)
select (array['Glass', 'Paper', 'Silent', 'Second', 'Northern', 'Broken', 'Golden', 'Hidden'])[1 + n % 8]
         || ' ' || (array['Orchard', 'Moons', 'River', 'Winter', 'Garden', 'Letters', 'Harbour', 'Hour',
                          'Window', 'Song'])[1 + n / 8 % 10] || ' ' || n,
       'The ' || n || 'th story of two people, a town by the sea and what the tide brings to their door.',
       array[(array['Drama', 'Comedy', 'Thriller'])[1 + n % 3]], array['de', 'en'], 90 + n % 60,
       date '2026-01-01' + n % 300, '12'
  from generate_series(1, 1000) n;
insert into show (lane, kind, movie_id, theatre_id, auditorium_id, layout_version, language, during,
                  currency, seat_count)
select t.lane, 1, 1 + (t.theatre_id * 7 + day * 4 + slot) % 60 + t.city_id % 900, t.theatre_id,
       t.theatre_id, 1, 'de',
       tstzrange(date_trunc('day', now()) + make_interval(days => day, hours => 11 + 3 * slot),
                 date_trunc('day', now()) + make_interval(days => day, hours => 13 + 3 * slot)),
       'EUR', 400
  from theatre t, generate_series(1, :days) day, generate_series(0, 3) slot;
insert into show_price (lane, show_id, tier, minor_units)
select lane, show_id, tier, 1200 from show, unnest(array['FRONT', 'BACK']) tier;
vacuum analyze;
