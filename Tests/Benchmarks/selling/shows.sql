-- The shows of the selling benchmarks, in usher's schema: 64 theatres, one in each lane, with :shows
-- shows numbered from 1, each of :seats seats S0, S1, …; after them, in an arena of lane 0, :halls
-- shows of :hall_seats seats; and a partner with a key that may sell. Whole tables at a time, so that
-- millions of seats take a minute; the rows are those of create_show().

insert into city (name, country_code) values ('Bench', 'DE');
insert into theatre (lane, city_id, name, time_zone, latitude, longitude)
select n % 64, 1, 'Theatre ' || n, 'UTC', 0, 0 from generate_series(0, 64) n;
insert into auditorium (theatre_id, name) select theatre_id, 'Hall' from theatre order by theatre_id;

create temporary table size as
select auditorium_id, case auditorium_id when 65 then :hall_seats else :seats end as seats,
       case auditorium_id when 65 then 50 else 20 end as grid_columns
  from auditorium;
insert into layout (auditorium_id, layout_version, grid_columns, grid_lines,
                    focal_x_hundredths, focal_y_hundredths)
select auditorium_id, 1, grid_columns, 1 + (seats - 1) / grid_columns, 1000, 500 from size;
insert into layout_seat (auditorium_id, layout_version, seat_no, label, row_label, grid_x, grid_y,
                         tier)
select auditorium_id, 1, n, 'S' || n, 'R' || n / grid_columns, n % grid_columns, n / grid_columns,
       'FRONT'
  from size, generate_series(0, seats - 1) n;

-- Neighbouring numbers are neighbouring lanes; the shows of a hall follow each other.
create temporary table plan as
select n % 64 as hall, n / 64 as turn, n from generate_series(0, :shows - 1) n
union all
select 64, n, :shows + n from generate_series(0, :halls - 1) n;
insert into show (show_id, lane, kind, title, theatre_id, auditorium_id, layout_version, during,
                  currency, seat_count)
select n + 1, hall % 64, 4, 'Show ' || n, hall + 1, hall + 1, 1,
       tstzrange(now() + make_interval(days => 1, hours => 3 * turn),
                 now() + make_interval(days => 1, hours => 3 * turn + 2)), 'EUR', seats
  from plan join size on auditorium_id = hall + 1 order by n;
insert into show_price (lane, show_id, tier, minor_units)
select lane, show_id, 'FRONT', 1200 from show;

-- An index over rows that are there takes a third of the time.
alter table show_seat drop constraint show_seat_pkey;
insert into show_seat (lane, show_id, seat_no)
select lane, show_id, n from show, generate_series(0, seat_count - 1) n;
alter table show_seat add primary key (lane, show_id, seat_no);

with bench as (insert into partner (name) values ('Bench') returning partner_id)
insert into api_key (key_hash, partner_id, prefix, scopes)
select sha256(convert_to(:'token', 'UTF8')), partner_id, left(:'token', 12), array['sell']
  from bench;
vacuum analyze;
