-- The version of show $1, its layout, and the seats of it that are not available, with their states, at one
-- moment: one statement. All others of the layout are available, with a row or without.
select s.lane, s.version, s.auditorium_id, s.layout_version, coalesce(h.seat_nos, '{}'),
       coalesce(h.states, '{}')
  from show s
 cross join lateral (
   select array_agg(x.seat_no) as seat_nos, array_agg(x.state) as states
     from show_seat x
    where x.lane = s.lane and x.show_id = s.show_id and x.state <> 1) h
 where s.show_id = $1::bigint
