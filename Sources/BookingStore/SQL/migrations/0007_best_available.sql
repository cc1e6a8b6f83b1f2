-- Chooses adjacent free seats of one tier in one row, as near to the focal point as can be had.
--
-- Neighbours share grid_y and follow each other in grid_x: an island is a run of them, and every
-- stretch of p_count seats within an island is a candidate. Wheelchair and companion places are
-- taken only when nothing else is left, seats with a restricted view only after the others.
-- Returns the seats by label and their tier, or no row. The caller holds the show row.

create function best_available(
  p_lane smallint, p_show_id bigint, p_count integer, p_tiers text[], p_taken integer[],
  p_now timestamptz
) returns table (tier text, seat_nos integer[])
language sql stable as $$
  with free as (
    select l.seat_no, l.label, l.tier, l.grid_x, l.grid_y,
           (l.attributes & 6 <> 0)::integer as reserved,
           (l.attributes & 8 <> 0)::integer as restricted,
           power(l.grid_x * 100 - f.focal_x_hundredths, 2)
             + power(l.grid_y * 100 - f.focal_y_hundredths, 2) as distance
      from show s
      join layout f using (auditorium_id, layout_version)
      join show_seat h using (lane, show_id)
      join layout_seat l
        on l.auditorium_id = s.auditorium_id and l.layout_version = s.layout_version
       and l.seat_no = h.seat_no
     where s.lane = p_lane and s.show_id = p_show_id
       and (h.state = 1 or h.state = 2 and h.hold_until + hold_grace() <= p_now)
       and l.tier = any (p_tiers)
       and h.seat_no <> all (p_taken)
  ), island as (
    select f.*, f.grid_x - row_number() over (partition by f.grid_y, f.tier order by f.grid_x) as run
      from free f
  ), candidate as (
    select i.tier, i.grid_x, i.grid_y,
           count(*) over w as width, sum(i.reserved) over w as reserved,
           sum(i.restricted) over w as restricted, sum(i.distance) over w as distance,
           array_agg(i.seat_no) over w as seat_nos, array_agg(i.label) over w as labels
      from island i
    window w as (partition by i.grid_y, i.tier, i.run order by i.grid_x
                 rows between current row and p_count - 1 following)
  ), chosen as (
    select c.* from candidate c where c.width = p_count
     order by c.reserved, c.restricted, c.distance, c.grid_y, c.grid_x limit 1
  )
  select c.tier,
         (select array_agg(u.seat_no order by u.label)
            from unnest(c.seat_nos, c.labels) as u(seat_no, label))
    from chosen c
$$;
