-- Seats of a show are made when the first of them is touched, not with the show: whoever uploads a year of
-- shows writes a row for each, and most of a show's seats are free until shortly before it begins. Until
-- then all are available and the layout knows them. A show's layout never changes, so that the rows made
-- late are those that would have been made with it.

-- Whether the show's seats have rows. Shows that are made one by one have them at once.
alter table show add column has_seats boolean not null default true;

-- Makes the seats of those of some shows that have none yet. No version is raised: nobody sees a change. Takes
-- the shows' rows in everybody's order; of several who come at a time the first makes them.
create function make_show_seats(p_lanes smallint[], p_show_ids bigint[]) returns void
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_show_ids bigint[];
begin
  v_show_ids := array(
    select s.show_id from show s
     where (s.lane, s.show_id) in (select * from unnest(p_lanes, p_show_ids)) and not s.has_seats
     order by s.lane, s.show_id
     for no key update);
  insert into show_seat (lane, show_id, seat_no)
  select s.lane, s.show_id, l.seat_no
    from unnest(v_show_ids) as m(show_id)
    join show s on s.show_id = m.show_id
    join layout_seat l
      on l.auditorium_id = s.auditorium_id and l.layout_version = s.layout_version;
  update show s set has_seats = true
    from unnest(v_show_ids) as m(show_id) where s.show_id = m.show_id;
end
$$;

-- As it was, and shows that are read in order to sell have seats afterwards: what writes sales finds rows
-- and pays nothing for this.
create or replace function read_shows(p_lanes smallint[], p_show_ids bigint[], p_lock boolean)
returns table (
  show_id bigint, version bigint, pricing_version integer, hold_minutes smallint,
  seats_per_customer smallint, orphan_rule smallint, is_on_sale boolean, ends_at timestamptz,
  refunds_end_at timestamptz, refund_basis_points smallint, queue_version bigint
)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  if p_lock then
    perform 1 from show s
      where (s.lane, s.show_id) in (select * from unnest(p_lanes, p_show_ids))
      order by s.lane, s.show_id
      for no key update;
  end if;
  if exists (
    select from unnest(p_lanes, p_show_ids) as q(lane, show_id)
      join show s on s.lane = q.lane and s.show_id = q.show_id
     where not s.has_seats)
  then
    perform make_show_seats(p_lanes, p_show_ids);
  end if;
  return query
    select s.show_id, s.version, s.pricing_version, t.hold_minutes, t.seats_per_customer,
           t.orphan_rule, s.sales_state = 2, upper(s.during),
           lower(s.during) - make_interval(mins => t.refund_minutes_before), t.refund_basis_points,
           s.queue_version
      from unnest(p_lanes, p_show_ids) as q(lane, show_id)
      join show s on s.lane = q.lane and s.show_id = q.show_id
      join theatre t on t.theatre_id = s.theatre_id;
end
$$;

-- verify_sales() of 0032 once more, which knows shows whose seats were not made yet.

create or replace function verify_sales()
returns table (fault text, lane smallint, show_id bigint, seat_no integer, booking_id uuid)
language sql stable set jit = off as $$
  with layout_size as (
    select l.auditorium_id, l.layout_version, count(*) as seat_count
      from layout_seat l group by l.auditorium_id, l.layout_version
  ), live as (
    select b.lane, b.show_id, n.seat_no, b.booking_id, b.state, b.hold_until
      from booking b cross join unnest(b.seat_nos) as n(seat_no)
     where b.state in (1, 2, 7) and (n.seat_no = any (b.cancelled_seat_nos)) is not true
  ), mark as (
    select b.lane, b.show_id, b.booking_id, b.version, b.changed_at as at from booking b
    union all
    select b.lane, b.show_id, b.booking_id, l.version, l.created_at
      from request_log l join booking b on b.lane = l.lane and b.booking_id = l.booking_id
    union all
    select k.lane, k.show_id, null, k.version, k.created_at from seat_block k
  ), marks as (
    select m.lane, m.show_id, count(distinct m.version) as total
      from mark m where m.version > 1 group by m.lane, m.show_id
  ), unmarked as (
    select b.lane, b.show_id,
           count(*) filter (where b.is_taken_again)
           + count(*) filter (where b.request_id = b.booking_id and b.supersedes is null) as most
      from booking b group by b.lane, b.show_id
  ), quoted as (
    select b.lane, b.show_id, b.booking_id, b.total, cardinality(b.seat_nos) as seat_count,
           bool_and(q.is_readable) as is_readable, sum(q.minor_units) as minor_units,
           array_agg(q.position order by q.position) filter (where q.offer_id = 0) as priced,
           coalesce(bool_and(q.position < cardinality(b.seat_nos))
                    filter (where q.is_add_on), true) as has_add_ons_of_seats,
           coalesce(string_agg(l.line, chr(10) order by l.place) filter (where q.is_add_on), '')
             as add_ons
      from booking b
      left join string_to_table(b.quote, chr(10)) with ordinality as l(line, place) on true
      cross join lateral (
        select coalesce(l.line ~ '^\d\t(-?\d{1,18}\t\d{1,18}|\d{1,18}\t\+\d{1,18}x\d{1,2})\t',
                        false) as is_readable,
               split_part(l.line, chr(9), 3) like '+%' as is_add_on) as r
      cross join lateral (
        select r.is_readable, r.is_readable and r.is_add_on as is_add_on,
               case when r.is_readable then split_part(l.line, chr(9), 1)::integer end as position,
               case when r.is_readable then split_part(l.line, chr(9), 2)::bigint end
                 as minor_units,
               case when r.is_readable and not r.is_add_on
                    then split_part(l.line, chr(9), 3)::bigint end as offer_id
      ) as q
     group by b.lane, b.booking_id
  )
  -- A seat in two live bookings.
  select 'seat_sold_twice', l.lane, l.show_id, l.seat_no, null::uuid
    from live l group by l.lane, l.show_id, l.seat_no having count(*) > 1
  union all
  -- A live booking whose seat is not its own.
  select 'booking_without_seat', l.lane, l.show_id, l.seat_no, l.booking_id
    from live l
    left join show_seat h
      on h.lane = l.lane and h.show_id = l.show_id and h.seat_no = l.seat_no
     and h.booking_id = l.booking_id and h.state = case l.state when 1 then 2 else 3 end
   where h.seat_no is null
  union all
  -- A held seat whose hold ends at another time than its booking's.
  select 'hold_end_differs', l.lane, l.show_id, l.seat_no, l.booking_id
    from live l
    join show_seat h
      on h.lane = l.lane and h.show_id = l.show_id and h.seat_no = l.seat_no
     and h.booking_id = l.booking_id
   where l.state = 1 and h.state = 2 and h.hold_until is distinct from l.hold_until
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
  -- A seat that is free or blocked, and somebody's.
  select 'unsold_seat_with_owner', h.lane, h.show_id, h.seat_no, h.booking_id
    from show_seat h
   where h.state in (1, 4) and (h.booking_id is not null or h.hold_until is not null)
  union all
  -- Seats or a booking of a show that is not there.
  select 'seat_without_show', h.lane, h.show_id, null::integer, null::uuid
    from show_seat h left join show s on s.lane = h.lane and s.show_id = h.show_id
   where s.show_id is null group by h.lane, h.show_id
  union all
  select 'booking_without_show', b.lane, b.show_id, null::integer, b.booking_id
    from booking b left join show s on s.lane = b.lane and s.show_id = b.show_id
   where s.show_id is null
  union all
  -- A show whose seats were lost or multiplied; of one that has none yet, in its layout.
  select 'seat_count', s.lane, s.show_id, null::integer, null::uuid
    from show s
   where s.has_seats
     and s.seat_count <> (select count(*) from show_seat h
                           where h.lane = s.lane and h.show_id = s.show_id)
  union all
  select 'seat_count', s.lane, s.show_id, null::integer, null::uuid
    from show s
    left join layout_size l
      on l.auditorium_id = s.auditorium_id and l.layout_version = s.layout_version
   where not s.has_seats and s.seat_count is distinct from l.seat_count
  union all
  -- Seats of a show that has none yet.
  select 'seats_before_use', s.lane, s.show_id, null::integer, null::uuid
    from show s
   where not s.has_seats
     and exists (select from show_seat h where h.lane = s.lane and h.show_id = s.show_id)
  union all
  -- A show that has none yet, and yet somebody changed some: a map would show them free.
  select 'version_without_seats', s.lane, s.show_id, null::integer, null::uuid
    from show s where not s.has_seats and s.version > 1
  union all
  -- A change from a version that its show has not reached.
  select distinct 'version_ahead_of_show', m.lane, m.show_id, null::integer, m.booking_id
    from mark m join show s on s.lane = m.lane and s.show_id = m.show_id
   where m.version > s.version
  union all
  -- Two transactions that gave a show the same version.
  select 'version_given_twice', m.lane, m.show_id, null::integer, null::uuid
    from mark m group by m.lane, m.show_id, m.version having min(m.at) <> max(m.at)
  union all
  -- More versions than transactions that can have left them.
  select 'version_gap', s.lane, s.show_id, null::integer, null::uuid
    from show s
    left join marks m on m.lane = s.lane and m.show_id = s.show_id
    left join unmarked u on u.lane = s.lane and u.show_id = s.show_id
   where s.version - 1 > coalesce(m.total, 0) + coalesce(u.most, 0)
  union all
  -- A quote that cannot be read, whose lines do not add up, or that prices other seats.
  select case when not q.is_readable then 'quote_unreadable'
              when q.total is distinct from q.minor_units then 'quote_not_total'
              else 'quote_not_seats' end,
         q.lane, q.show_id, null::integer, q.booking_id
    from quoted q
   where not q.is_readable or q.total is distinct from q.minor_units
      or q.priced is distinct from array(select generate_series(0, q.seat_count - 1))
      or not q.has_add_ons_of_seats
  union all
  -- Add-ons that no request attached, or others than the last request left.
  select 'add_ons_without_request', q.lane, q.show_id, null::integer, q.booking_id
    from quoted q
    left join (
      select distinct on (l.lane, l.booking_id) l.lane, l.booking_id,
             -- Of requests in one transaction each may have been the last.
             array_agg(coalesce(l.add_ons, '')) as add_ons
        from request_log l where l.booking_id is not null
       group by l.lane, l.booking_id, l.version
       order by l.lane, l.booking_id, l.version desc) r
      on r.lane = q.lane and r.booking_id = q.booking_id
   where q.add_ons <> all (coalesce(r.add_ons, array['']))
  union all
  -- A logged request without its booking, or of a partner who has no such booking.
  select case when b.booking_id is null then 'request_without_booking'
              else 'request_of_other_partner' end,
         l.lane, coalesce(b.show_id, 0), null::integer, l.booking_id
    from request_log l left join booking b on b.lane = l.lane and b.booking_id = l.booking_id
   where l.booking_id is not null and b.partner_id is distinct from l.partner_id
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
  -- A logged request that is newer than the last change of its booking.
  select 'request_ahead_of_booking', b.lane, b.show_id, null::integer, b.booking_id
    from request_log l join booking b on b.lane = l.lane and b.booking_id = l.booking_id
   where l.version > b.version
  union all
  -- A logged request that left its booking in a state that its effect does not lead to.
  select 'effect_contradicts_state', b.lane, b.show_id, null::integer, b.booking_id
    from request_log l join booking b on b.lane = l.lane and b.booking_id = l.booking_id
    join (values ('held', array[1]), ('extended', array[1]), ('confirmed', array[2]),
                 ('released', array[3]), ('cancelled', array[2, 5]),
                 ('exchanged', array[1, 2]), ('attached', array[1])) as e(effect, states)
      on e.effect = l.effect
   where l.booking_state <> all (e.states)
  union all
  -- What a booking can go through only once, logged for two requests.
  select 'effect_logged_twice', b.lane, b.show_id, null::integer, b.booking_id
    from request_log l join booking b on b.lane = l.lane and b.booking_id = l.booking_id
   where l.effect in ('held', 'extended', 'confirmed', 'released', 'exchanged')
   group by b.lane, b.booking_id, l.effect having count(*) > 1
  union all
  -- A booking that no request made, and that is no offer either.
  select 'booking_without_request', b.lane, b.show_id, null::integer, b.booking_id
    from booking b
    left join request_log l
      on l.partner_id = b.partner_id and l.request_id = b.request_id and l.lane = b.lane
     and l.booking_id = b.booking_id
   where l.booking_id is null and b.request_id <> b.booking_id
  union all
  -- A booking that is sold, released or cancelled although nobody asked for it.
  select 'state_without_request', b.lane, b.show_id, null::integer, b.booking_id
    from booking b
   where b.state in (2, 3, 5)
     and not exists (select 1 from request_log l
                      where l.lane = b.lane and l.booking_id = b.booking_id
                        and l.booking_state = b.state)
$$;
