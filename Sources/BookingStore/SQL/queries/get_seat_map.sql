-- The version of show $1 and the state of each of its seats, at one moment: one statement. Seats that
-- nobody has touched yet are available and known by the layout alone.
select s.lane, s.version,
       case when s.has_seats
            then array(select h.seat_no from show_seat h
                        where h.lane = s.lane and h.show_id = s.show_id order by h.seat_no)
            else array(select l.seat_no from layout_seat l
                        where l.auditorium_id = s.auditorium_id
                          and l.layout_version = s.layout_version order by l.seat_no) end,
       case when s.has_seats
            then array(select h.state from show_seat h
                        where h.lane = s.lane and h.show_id = s.show_id order by h.seat_no)
            else array_fill(1::smallint, array[s.seat_count]) end
  from show s
 where s.show_id = $1::bigint
