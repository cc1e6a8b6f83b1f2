-- A national platform, in usher's schema: :cities cities, :theatres theatres of one screen of :seats
-- seats, :movies movies of which 200 are showing, :turns shows a day on every screen for :days days from
-- tomorrow on, :accounts accounts, and a partner with a key. Whole tables at a time; the rows of shows
-- are those of create_show(). Everything is computed from numbers, so that a load knows what there is:
-- theatre T is in city 1 + T % :cities, and shows on day D in turn K
-- movie 1 + (7 T + 13 (D / 4) + 31 K) % 200.

insert into city (name, region, country_code)
select 'City ' || lpad(n::text, 4, '0'), 'Region ' || n % 16, 'DE'
  from generate_series(1, :cities) n;

with bench as (insert into partner (name) values ('Bench') returning partner_id)
insert into api_key (key_hash, partner_id, prefix, scopes)
select sha256(convert_to(:'token', 'UTF8')), partner_id, left(:'token', 12),
       array['sell', 'manage', 'report']
  from bench;

-- Cities lie on a grid over the country, theatres around their city.
insert into theatre (lane, city_id, name, address, postal_code, time_zone, latitude, longitude, partner_id)
select n % 64, 1 + n % :cities, 'Theatre ' || lpad(n::text, 5, '0'), n || ' High Street',
       (10000 + n % :cities * 100 + n / :cities)::text, 'Europe/Berlin',
       47.5 + n % :cities / 25 * 0.35 + n / :cities * 0.01,
       6.0 + n % :cities % 25 * 0.35 + n / :cities * 0.013, (select max(partner_id) from partner)
  from generate_series(1, :theatres) n;
insert into auditorium (theatre_id, name) select theatre_id, 'Screen 1' from theatre order by theatre_id;
insert into layout (auditorium_id, layout_version, grid_columns, grid_lines,
                    focal_x_hundredths, focal_y_hundredths)
select auditorium_id, 1, 20, 1 + (:seats - 1) / 20, 1000, 500 from auditorium;
insert into layout_seat (auditorium_id, layout_version, seat_no, label, row_label, grid_x, grid_y, tier)
select auditorium_id, 1, n, chr(65 + n / 20) || 1 + n % 20, chr(65 + n / 20), n % 20, n / 20,
       case when n < 40 then 'FRONT' else 'REAR' end
  from auditorium, generate_series(0, :seats - 1) n;

create temporary table word (kind integer, n integer, text text);
insert into word select 1, row_number() over () - 1, w from unnest(array[
  'Silent', 'Golden', 'Broken', 'Distant', 'Crimson', 'Hidden', 'Winter', 'Electric', 'Paper', 'Glass',
  'Savage', 'Gentle', 'Midnight', 'Burning', 'Frozen', 'Hollow', 'Velvet', 'Iron', 'Wandering', 'Last',
  'First', 'Lost', 'Secret', 'Bitter', 'Sweet', 'Northern', 'Southern', 'Ancient', 'Modern', 'Endless',
  'Restless', 'Stolen', 'Painted', 'Whispering', 'Dancing', 'Sleeping', 'Rising', 'Falling', 'Shining',
  'Crooked']) w;
insert into word select 2, row_number() over () - 1, w from unnest(array[
  'River', 'Orchard', 'Garden', 'Harbour', 'Mountain', 'Station', 'Letter', 'Promise', 'Stranger', 'Shadow',
  'Kingdom', 'Lighthouse', 'Violin', 'Carousel', 'Detective', 'Voyage', 'Island', 'Machine', 'Mirror',
  'Summer', 'Empire', 'Echo', 'Horizon', 'Labyrinth', 'Meadow', 'Nightfall', 'Ocean', 'Parade', 'Question',
  'Railway', 'Signal', 'Theory', 'Umbrella', 'Valley', 'Window', 'Anthem', 'Bridge', 'Circus', 'Dragon',
  'Envoy', 'Festival', 'Gambler', 'Heiress', 'Inheritance', 'Jury', 'Kestrel', 'Lantern', 'Marathon',
  'Navigator', 'Oracle']) w;
insert into movie (title, synopsis, genres, languages, duration_minutes, release_date, certificate)
select 'The ' || a.text || ' ' || b.text, 'A ' || lower(a.text) || ' story of a ' || lower(b.text) || '.',
       array[(array['Drama', 'Comedy', 'Thriller', 'Family', 'Documentary'])[1 + g % 5]],
       array['de', 'en'], 90 + g % 60, current_date - g / 8, '12'
  from generate_series(0, :movies - 1) g
  join word a on a.kind = 1 and a.n = g % 40
  join word b on b.kind = 2 and b.n = g / 40 % 50
 order by g;

insert into show (lane, kind, movie_id, theatre_id, auditorium_id, layout_version, language, format,
                  during, currency, seat_count)
select t.lane, 1, 1 + (7 * t.theatre_id + 13 * (d / 4) + 31 * k) % 200, t.theatre_id, t.theatre_id, 1,
       case when k % 2 = 0 then 'de' else 'en' end, case when t.theatre_id % 3 = 0 then '3D' else '2D' end,
       tstzrange(start, start + interval '130 minutes'), 'EUR', :seats
  from theatre t, generate_series(0, :days - 1) d, generate_series(0, :turns - 1) k,
       lateral (select (current_date + 1 + d + time '11:00') at time zone 'Europe/Berlin'
                       + make_interval(hours => 3 * k, mins => (t.theatre_id % 4)::integer * 10) as start) s
 order by d, t.theatre_id, k;
insert into show_price (lane, show_id, tier, minor_units)
select lane, show_id, tier, minor_units
  from show, (values ('FRONT', 900), ('REAR', 1200)) price (tier, minor_units);

-- An index over rows that are there takes a third of the time.
alter table show_seat drop constraint show_seat_pkey;
insert into show_seat (lane, show_id, seat_no)
select lane, show_id, n from show, generate_series(0, seat_count - 1) n;
alter table show_seat add primary key (lane, show_id, seat_no);

alter table account drop constraint account_email_key_key;
insert into account (account_id, email, email_key, name, password_hash)
select md5(n::text)::uuid, 'customer' || n || '@example.org', 'customer' || n || '@example.org',
       'Customer ' || n, '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$bm9ib2R5IGxvZ3MgaW4gYnkgdGhpcw'
  from generate_series(1, :accounts) n;
alter table account add unique (email_key);
vacuum analyze;
