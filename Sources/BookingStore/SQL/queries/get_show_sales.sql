-- Show $1 as far as partner $2 (null: anybody) may see it by theatres $3 (null: all), at one moment: its
-- version, how many seats are in each state, then what is sold of them, a row per seat or one without:
-- seat, booking, seller, what the booking's seats and quote are. No row when nothing may be seen.
with wanted as (
  select s.lane, s.show_id, s.version, s.has_seats, s.seat_count,
         $2::bigint is null or h.partner_id is not distinct from $2 as is_owner
    from show s join theatre h on h.theatre_id = s.theatre_id
   where s.show_id = $1::bigint and ($3::bigint[] is null or s.theatre_id = any ($3))
), visible as (
  select w.* from wanted w
   where w.is_owner or exists (
     select from booking b where b.lane = w.lane and b.show_id = w.show_id and b.partner_id = $2
        and b.state in (1, 2, 5, 6, 7))
)
select v.version,
       case when v.has_seats
            then array(select count(x.seat_no)::integer from (values (1), (2), (3), (4)) as n(state)
                         left join show_seat x
                           on x.lane = v.lane and x.show_id = v.show_id and x.state = n.state
                        group by n.state order by n.state)
            else array[v.seat_count, 0, 0, 0] end,
       b.seat_no, b.booking_id, b.partner_id, b.seat_nos, b.quote, b.currency
  from visible v
  left join lateral (
    select g.seat_no, b.booking_id, b.partner_id, b.seat_nos, b.quote, b.currency
      from show_seat g join booking b on b.lane = g.lane and b.booking_id = g.booking_id
     where g.lane = v.lane and g.show_id = v.show_id and g.state = 3
       and (v.is_owner or b.partner_id = $2)
  ) b on true
 order by b.seat_no
