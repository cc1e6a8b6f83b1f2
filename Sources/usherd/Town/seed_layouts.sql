-- The first layout of each auditorium that has none; a layout in use never changes.
-- $1: [{city, theatre, name, layout}], $2: [{layout, grid_columns, …, seats: [{seat_no, …}]}]
-- → how many seats were new.
with wanted as (
  select auditorium.auditorium_id, drawing.*
    from jsonb_to_recordset($1) as new(city text, theatre text, name text, layout text)
    join city on city.name = new.city
    join theatre on theatre.city_id = city.city_id and theatre.name = new.theatre
    join auditorium on auditorium.theatre_id = theatre.theatre_id and auditorium.name = new.name
    join jsonb_to_recordset($2) as drawing(
           layout text, grid_columns integer, grid_lines integer, focal_x_hundredths integer,
           focal_y_hundredths integer, seats jsonb)
      on drawing.layout = new.layout
   where not exists (
     select 1 from layout where layout.auditorium_id = auditorium.auditorium_id)
), made as (
  insert into layout (auditorium_id, layout_version, grid_columns, grid_lines,
                      focal_x_hundredths, focal_y_hundredths)
  select auditorium_id, 1, grid_columns, grid_lines, focal_x_hundredths, focal_y_hundredths
    from wanted
  returning auditorium_id
), added as (
  insert into layout_seat (auditorium_id, layout_version, seat_no, label, row_label, grid_x,
                           grid_y, tier, attributes)
  select wanted.auditorium_id, 1, seat.*
    from made join wanted using (auditorium_id),
         jsonb_to_recordset(wanted.seats) as seat(
           seat_no integer, label text, row_label text, grid_x integer, grid_y integer,
           tier text, attributes smallint)
  returning 1
)
select count(*) from added
