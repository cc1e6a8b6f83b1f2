-- Layout $1 (auditorium), $2 (version): the grid once and its seats as parallel arrays by number.
select l.grid_columns, l.grid_lines, l.focal_x_hundredths, l.focal_y_hundredths,
       s.seat_nos, s.labels, s.row_labels, s.grid_xs, s.grid_ys, s.tiers, s.attributes
  from layout l
 cross join lateral (
   -- Sorted once: each aggregate with an order of its own would sort for itself.
   select array_agg(x.seat_no) as seat_nos, array_agg(x.label) as labels,
          array_agg(x.row_label) as row_labels, array_agg(x.grid_x) as grid_xs,
          array_agg(x.grid_y) as grid_ys, array_agg(x.tier) as tiers,
          array_agg(x.attributes) as attributes
     from (select * from layout_seat y
            where y.auditorium_id = l.auditorium_id and y.layout_version = l.layout_version
            order by y.seat_no) x) s
 where l.auditorium_id = $1::bigint and l.layout_version = $2::integer
