-- The stream of sales behind position $1: some transactions in their order, each with what it did as far as
-- partner $2 (null: anybody) may see it by theatres $3 (null: all). The first and the last transaction of a
-- page are rows without an event when it may see nothing of them; others are left out then, and so nothing
-- is looked up of them. A page ends before it has many events; it has one transaction at least if there is
-- one.
--
-- Everything told is what it was then: of a booking only what never changes is read, and of its state
-- what the request left.
with looked_at as (
  select l.position, l.created_at, l.partner_ids, l.request_ids,
         l.theatre_ids is null
         or ($3::bigint[] is null or l.theatre_ids && $3)
            and ($2::bigint is null or $2 = any (l.partner_ids)
                 or exists (select from unnest(l.theatre_ids) as o(theatre_id)
                              join theatre h on h.theatre_id = o.theatre_id
                             where h.partner_id = $2)) as is_seen
    from sales_log l where l.position > $1::bigint
   order by l.position limit case when $2 is null then 256 else 1024 end
), page as (
  select p.*, lag(p.position) over (order by p.position) is null as is_first,
         lead(p.position) over (order by p.position) is null as is_last
    from (select l.*, case when l.is_seen then cardinality(l.request_ids) else 0 end as requests,
                 sum(case when l.is_seen then cardinality(l.request_ids) else 0 end)
                   over (order by l.position) as total
            from looked_at l) p
   where p.total - p.requests < 512
), request as (
  select p.position, l.partner_id, l.request_id, l.effect, l.booking_state, l.version, l.lane,
         l.booking_id, cardinality(l.cancelled_seat_nos) as cancelled_count
    from page p
   cross join unnest(p.partner_ids, p.request_ids) as q(partner_id, request_id)
    join request_log l on l.partner_id = q.partner_id and l.request_id = q.request_id
   where p.is_seen
), event as (
  -- 1 confirmed, 2 cancelled, 3 exchanged away, 4 exchanged for.
  select r.position, case r.effect when 'cancelled' then 2 when 'exchanged' then 4 else 1 end as kind,
         r.lane, r.booking_id, r.partner_id, r.request_id, r.version, r.booking_state = 2 as is_left,
         cancelled_count
    from request r
  union all
  select r.position, 3, lane_of_booking(n.supersedes), n.supersedes, r.partner_id, r.request_id, null,
         false, null
    from request r join booking n on n.lane = r.lane and n.booking_id = r.booking_id
   where r.effect = 'exchanged'
)
select p.position, p.created_at, t.kind, t.booking_id, t.show_id, t.version, t.theatre_id, t.partner_id,
       t.seat_nos, t.sold_seat_nos,
       array(select coalesce(g.label, '?')
               from unnest(t.sold_seat_nos) with ordinality as n(seat_no, place)
               left join layout_seat g
                 on g.auditorium_id = t.auditorium_id and g.layout_version = t.layout_version
                and g.seat_no = n.seat_no
              order by n.place),
       t.quote, t.currency, t.payment_reference, t.refund, t.other, t.is_left
  from page p
  left join (
    select e.position, e.kind, e.booking_id, b.show_id, coalesce(e.version, b.version) as version,
           s.theatre_id, b.partner_id, b.seat_nos,
           case e.kind when 2 then f.seat_nos
                       when 3 then array(select n.seat_no
                                           from unnest(b.seat_nos) with ordinality as n(seat_no, place)
                                          where (n.seat_no = any (b.cancelled_seat_nos)) is not true
                                          order by n.place)
                       else b.seat_nos end as sold_seat_nos,
           s.auditorium_id, s.layout_version, b.quote, b.currency, b.payment_reference,
           case when e.kind in (2, 3) then f.amount end as refund,
           case e.kind when 3 then b.superseded_by when 4 then b.supersedes end as other, e.is_left,
           e.cancelled_count,
           bool_or(e.kind in (1, 4)) over (partition by e.position, e.booking_id) as is_sold_here
      from event e
      join booking b on b.lane = e.lane and b.booking_id = e.booking_id
      join show s on s.lane = b.lane and s.show_id = b.show_id
      join theatre h on h.theatre_id = s.theatre_id
      left join refund f on f.partner_id = e.partner_id and f.request_id = e.request_id
     where ($2::bigint is null or b.partner_id = $2 or h.partner_id = $2)
       and ($3::bigint[] is null or s.theatre_id = any ($3))
  ) t on t.position = p.position
 where p.is_seen and t.position is not null or p.is_first or p.is_last
 -- What is given up of earlier sales comes first, so that a seat is free before it is sold again.
 order by p.position, t.is_sold_here, t.booking_id, t.kind in (2, 3), t.kind, not t.is_left,
          t.cancelled_count
