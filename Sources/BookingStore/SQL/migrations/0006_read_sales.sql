-- What a node needs to decide: shows with their terms, their seats' owners, bookings, request ids.
-- A node reads a show's version first and its sales after: a decision is written only if the
-- version is still that, so nothing can have changed in between.
--
-- The settings keep these look-ups by key, whatever the planner believes of the tables' size when
-- the session makes its plan.

-- The shows, in the order in which everyone locks them. p_lock takes their rows.
create function read_shows(p_lanes smallint[], p_show_ids bigint[], p_lock boolean)
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

-- Seats that their theatre withdrew.
create function read_blocked(p_lanes smallint[], p_show_ids bigint[])
returns table (show_id bigint, seat_no integer)
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query
    select h.show_id, h.seat_no
      from unnest(p_lanes, p_show_ids) as q(lane, show_id)
      join show_seat h on h.lane = q.lane and h.show_id = q.show_id and h.state = 4;
end
$$;

-- The bookings of the shows that have seats.
create function read_bookings_of_shows(p_lanes smallint[], p_show_ids bigint[])
returns setof booking
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query
    select b.* from unnest(p_lanes, p_show_ids) as q(lane, show_id)
      join booking b on b.lane = q.lane and b.show_id = q.show_id and b.state in (1, 2, 7);
end
$$;

-- Bookings by id.
create function read_bookings(p_lanes smallint[], p_booking_ids uuid[]) returns setof booking
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query
    select b.* from unnest(p_lanes, p_booking_ids) as q(lane, booking_id)
      join booking b on b.lane = q.lane and b.booking_id = q.booking_id;
end
$$;

-- Requests that had an effect or were fenced: each one's booking as it left it (null of a fence),
-- then its id, hash, effect, and what it gave back.
create function read_requests(p_partner_ids bigint[], p_request_ids uuid[])
returns table (
  lane smallint, booking_id uuid, show_id bigint, partner_id bigint, customer_ref text,
  hold_request_id uuid, state smallint, seat_nos integer[], total bigint, currency text, quote text,
  hold_until timestamptz, is_extended boolean, payment_reference text, version bigint,
  created_at timestamptz, changed_at timestamptz, is_taken_again boolean,
  cancelled_seat_nos integer[], superseded_by uuid, supersedes uuid, exchange_credit bigint,
  request_id uuid, request_hash bytea, effect text,
  refund_booking_id uuid, refund_seat_nos integer[], refund_amount bigint, refund_currency text
)
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query
    select b.lane, b.booking_id, b.show_id, l.partner_id, b.customer_ref, b.request_id,
           l.booking_state, b.seat_nos, b.total, b.currency, b.quote, b.hold_until,
           -- As it was then: the hold that an exchange made may have been extended since.
           case l.effect when 'held' then false
                when 'exchanged' then l.booking_state = 1 and coalesce(
                  (select o.is_extended from booking o
                    where o.lane = b.lane and o.booking_id = b.supersedes), false)
                else b.is_extended end,
           case when l.booking_state in (1, 3, 4) then '' else b.payment_reference end,
           l.version, b.created_at, b.changed_at, b.is_taken_again,
           l.cancelled_seat_nos, null::uuid, b.supersedes, b.exchange_credit, l.request_id, l.request_hash, l.effect, r.booking_id, r.seat_nos,
           r.amount, r.currency
      from unnest(p_partner_ids, p_request_ids) as q(partner_id, request_id)
      join request_log l on l.partner_id = q.partner_id and l.request_id = q.request_id
      left join booking b on b.lane = l.lane and b.booking_id = l.booking_id
      left join refund r on r.partner_id = l.partner_id and r.request_id = l.request_id;
end
$$;
