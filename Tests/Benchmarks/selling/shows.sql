-- The shows of the selling benchmark, in usher's schema: 64 theatres, one in each lane, :shows shows
-- numbered from 1, each of :seats seats S0, S1, …, and a partner with a key that may sell.

insert into city (name, country_code) values ('Bench', 'DE');
insert into theatre (lane, city_id, name, time_zone, latitude, longitude)
select n, 1, 'Theatre ' || n, 'UTC', 0, 0 from generate_series(0, 63) n;
insert into auditorium (theatre_id, name) select theatre_id, 'Hall' from theatre;
insert into layout (auditorium_id, layout_version, grid_columns, grid_lines,
                    focal_x_hundredths, focal_y_hundredths)
select auditorium_id, 1, 20, 1 + (:seats - 1) / 20, 1000, 500 from auditorium;
insert into layout_seat (auditorium_id, layout_version, seat_no, label, row_label, grid_x, grid_y,
                         tier)
select auditorium_id, 1, n, 'S' || n, 'R' || n / 20, n % 20, n / 20, 'FRONT'
  from auditorium, generate_series(0, :seats - 1) n;

-- Neighbouring numbers are neighbouring lanes; the shows of a hall follow each other.
select count(create_show(
         (n % 64 + 1)::bigint, 4::smallint, null, 'Show ' || n, '', '',
         now() + make_interval(days => 1, hours => 3 * (n / 64)),
         now() + make_interval(days => 1, hours => 3 * (n / 64) + 2), 'EUR',
         array['FRONT'], array[1200::bigint]))
  from generate_series(0, :shows - 1) n;

insert into partner (name) values ('Bench');
insert into api_key (key_hash, partner_id, prefix, scopes)
select sha256(convert_to(:'token', 'UTF8')), partner_id, left(:'token', 12), array['sell']
  from partner;
vacuum analyze;
