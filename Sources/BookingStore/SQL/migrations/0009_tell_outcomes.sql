-- The answers of a batch, in arrival order. A request that is in the log is answered from there,
-- whether it ran in this batch or before; any other by its bare outcome.

create function booking_state_at(p_state smallint, p_hold_until timestamptz, p_now timestamptz)
returns smallint
language sql immutable parallel safe as $$
  select case when p_state = 1 and p_hold_until + hold_grace() <= p_now then 4::smallint
         else p_state end
$$;

create function hold_left_ms(p_state smallint, p_hold_until timestamptz, p_now timestamptz)
returns bigint
language sql immutable parallel safe as $$
  select case when p_state = 1
         then greatest(0, floor(extract(epoch from p_hold_until - p_now) * 1000))::bigint
         else 0 end
$$;

create function tell_outcomes(
  p_partner_ids bigint[], p_request_ids uuid[], p_lanes smallint[], p_outcomes text[]
) returns setof booking_outcome
language sql stable as $$
  select q.ordinal::integer, coalesce(l.outcome, q.outcome), l.booking_id, l.show_id,
         l.booking_state, b.seat_nos, b.total, b.currency, b.quote,
         hold_left_ms(l.booking_state, b.hold_until, clock_timestamp()),
         b.customer_ref,
         case when l.booking_state in (1, 3, 4) then '' else b.payment_reference end,
         b.created_at, l.version, l.lost_seat_nos, l.lost_states
    from unnest(p_partner_ids, p_request_ids, p_lanes, p_outcomes)
      with ordinality as q(partner_id, request_id, lane, outcome, ordinal)
    left join lateral (
      select x.* from request_log x
       where x.partner_id = q.partner_id and x.request_id = q.request_id limit 1
    ) l on q.outcome not in ('request_id_reused', 'show_not_found', 'stale_pricing',
                             'booking_not_found', 'foreign_booking')
    left join lateral (
      select x.* from booking x
       where x.lane = l.lane and x.booking_id = l.booking_id limit 1) b on true
   order by q.ordinal
$$;
