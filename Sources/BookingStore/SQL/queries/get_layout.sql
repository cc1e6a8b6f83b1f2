-- Layout $1 (auditorium), $2 (version): the grid once and its seats as parallel arrays by number.
select l.grid_columns, l.grid_lines, l.focal_x_hundredths, l.focal_y_hundredths,
       s.seat_nos, s.labels, s.row_labels, s.grid_xs, s.grid_ys, s.tiers, s.attributes
  from layout l
 cross join lateral (
   select array_agg(x.seat_no order by x.seat_no) as seat_nos,
          array_agg(x.label order by x.seat_no) as labels,
          array_agg(x.row_label order by x.seat_no) as row_labels,
          array_agg(x.grid_x order by x.seat_no) as grid_xs,
          array_agg(x.grid_y order by x.seat_no) as grid_ys,
          array_agg(x.tier order by x.seat_no) as tiers,
          array_agg(x.attributes order by x.seat_no) as attributes
     from layout_seat x
    where x.auditorium_id = l.auditorium_id and x.layout_version = l.layout_version) s
 where l.auditorium_id = $1::bigint and l.layout_version = $2::integer
