-- Checks what no constraint can: that bookings and seats tell the same story. No row means sound.

create function verify_sales()
returns table (fault text, lane smallint, show_id bigint, seat_no integer, booking_id uuid)
language sql stable as $$
  -- A seat in two live bookings.
  select 'seat_sold_twice', b.lane, b.show_id, n.seat_no, null::uuid
    from booking b cross join unnest(b.seat_nos) as n(seat_no)
   where b.state in (1, 2, 7) and (n.seat_no = any (b.cancelled_seat_nos)) is not true
   group by b.lane, b.show_id, n.seat_no having count(*) > 1
  union all
  -- A live booking whose seat is not its own.
  select 'booking_without_seat', b.lane, b.show_id, n.seat_no, b.booking_id
    from booking b cross join unnest(b.seat_nos) as n(seat_no)
    left join show_seat h
      on h.lane = b.lane and h.show_id = b.show_id and h.seat_no = n.seat_no
     and h.booking_id = b.booking_id and h.state = case b.state when 1 then 2 else 3 end
     and (b.state <> 1 or h.hold_until = b.hold_until)
   where b.state in (1, 2, 7) and (n.seat_no = any (b.cancelled_seat_nos)) is not true
     and h.seat_no is null
  union all
  -- A held or sold seat without its booking.
  select 'seat_without_booking', h.lane, h.show_id, h.seat_no, h.booking_id
    from show_seat h
    left join booking b
      on b.lane = h.lane and b.booking_id = h.booking_id and b.show_id = h.show_id
     and h.seat_no = any (b.seat_nos) and (h.seat_no = any (b.cancelled_seat_nos)) is not true
     and b.state = any (case h.state when 2 then array[1] else array[2, 7] end)
   where h.state in (2, 3) and b.booking_id is null
  union all
  -- A booking from a version that its show has not reached.
  select 'version_ahead_of_show', b.lane, b.show_id, null::integer, b.booking_id
    from booking b left join show s on s.lane = b.lane and s.show_id = b.show_id
   where s.version is null or b.version > s.version
  union all
  -- A quote whose lines do not add up.
  select 'quote_not_total', b.lane, b.show_id, null::integer, b.booking_id
    from booking b
   where b.total <> (select sum(split_part(l.line, chr(9), 2)::bigint)
                       from string_to_table(b.quote, chr(10)) as l(line))
  union all
  -- A logged hold without its booking.
  select 'request_without_booking', l.lane, 0::bigint, null::integer, l.booking_id
    from request_log l left join booking b on b.lane = l.lane and b.booking_id = l.booking_id
   where l.booking_id is not null and b.booking_id is null
  union all
  -- Cancelled seats that the booking never had.
  select 'cancelled_seat_unknown', b.lane, b.show_id, null::integer, b.booking_id
    from booking b where not b.cancelled_seat_nos <@ b.seat_nos
  union all
  -- A cancelled seat without its refund, or a refund of a seat that was not cancelled.
  select 'refund_seats', b.lane, b.show_id, null::integer, b.booking_id
    from booking b
   where b.state <> 6
     and array(select n.seat_no from refund r cross join unnest(r.seat_nos) as n(seat_no)
                where r.lane = b.lane and r.booking_id = b.booking_id order by n.seat_no)
         <> array(select n.seat_no
                    from unnest(case b.state when 5 then b.seat_nos
                                else b.cancelled_seat_nos end) as n(seat_no) order by n.seat_no)
  union all
  -- More given back than was paid, or in another currency.
  select 'refund_exceeds_total', b.lane, b.show_id, null::integer, b.booking_id
    from booking b
    join refund r on r.lane = b.lane and r.booking_id = b.booking_id
   group by b.lane, b.show_id, b.booking_id, b.total, b.currency
  having sum(r.amount) > b.total or bool_or(r.currency <> b.currency)
  union all
  -- A refund without its booking or its request.
  select 'refund_without_booking', r.lane, coalesce(b.show_id, 0), null::integer, r.booking_id
    from refund r
    left join booking b on b.lane = r.lane and b.booking_id = r.booking_id
    left join request_log l on l.partner_id = r.partner_id and l.request_id = r.request_id
   where b.booking_id is null or l.request_id is null
  union all
  -- An exchanged booking without the one it was exchanged for, or the other way round.
  select 'exchange_not_mutual', b.lane, b.show_id, null::integer, b.booking_id
    from booking b
    left join booking n on n.booking_id = b.superseded_by and n.supersedes = b.booking_id
    left join booking o on o.booking_id = b.supersedes and o.superseded_by = b.booking_id
   where (b.state = 6) <> (b.superseded_by is not null)
      or (b.superseded_by is not null and n.booking_id is null)
      or (b.supersedes is not null and o.booking_id is null)
  union all
  -- A show whose seats were lost or multiplied.
  select 'seat_count', s.lane, s.show_id, null::integer, null::uuid
    from show s
   where s.seat_count <> (select count(*) from show_seat h
                           where h.lane = s.lane and h.show_id = s.show_id)
$$;
