-- The version of show $1 and the state of each of its seats, at one moment: one statement.
select s.lane, s.version,
       array(select h.seat_no from show_seat h
              where h.lane = s.lane and h.show_id = s.show_id order by h.seat_no),
       array(select h.state from show_seat h
              where h.lane = s.lane and h.show_id = s.show_id order by h.seat_no)
  from show s
 where s.show_id = $1::bigint
