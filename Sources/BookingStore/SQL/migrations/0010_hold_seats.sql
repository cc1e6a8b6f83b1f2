-- Holds seats for a batch of requests, decided one after the other in array order: each gets all
-- its seats or none, and no loser disturbs the others.
--
-- One element per request in the first ten arrays. A request with p_counts = 0 names its seats in
-- (p_seat_ordinals, p_seat_nos), in the order of its quote; one with p_counts > 0 has the seats
-- chosen here. What the seats cost was worked out by the node, guarded by p_pricing_versions: one
-- (ordinal, tier, total, quote) for named seats with tier '', one per allowed tier for chosen ones.
--
-- Outcomes: held · seats_unavailable · no_adjacent_seats · hold_limit_exceeded · sales_closed
-- (written to the request log, so a repeated request gets the same answer) · show_not_found ·
-- stale_pricing (a seat that the show does not have included) · request_id_reused (not written).
-- Raises serialization_failure (40001) when the batch must be repeated.

create function hold_seats(
  p_partner_ids bigint[], p_request_ids uuid[], p_request_hashes bytea[], p_booking_ids uuid[],
  p_lanes smallint[], p_show_ids bigint[], p_customer_refs text[], p_pricing_versions integer[],
  p_counts integer[], p_seat_limits integer[],
  p_seat_ordinals integer[], p_seat_nos integer[],
  p_price_ordinals integer[], p_price_tiers text[], p_price_totals bigint[], p_price_quotes text[]
) returns setof booking_outcome
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_now timestamptz;
  v_request record;
  v_outcomes text[] := array_fill(null::text, array[cardinality(p_show_ids)]);
  v_tiers text[] := array_fill(''::text, array[cardinality(p_show_ids)]);
  -- Seats won so far in this batch: show's rank in the batch in the upper half, seat below.
  v_taken bigint[] := '{}';
  v_taken_ordinals integer[] := '{}';
  v_taken_seat_nos integer[] := '{}';
  v_hold_untils timestamptz[] :=
    array_fill(null::timestamptz, array[cardinality(p_show_ids)]);
  -- Lost seats of all losers, one after the other; a loser's own are a slice.
  v_lost_seat_nos integer[] := '{}';
  v_lost_states smallint[] := '{}';
  v_lost_first integer[] := array_fill(null::integer, array[cardinality(p_show_ids)]);
  v_lost_last integer[] := array_fill(null::integer, array[cardinality(p_show_ids)]);
  -- Seats won so far in this batch per customer of a show.
  v_customer_seats integer[] := array_fill(0, array[cardinality(p_show_ids)]);
  v_look_for_stale boolean := false;
  v_seat_nos integer[];
  v_keys bigint[];
  v_tier text;
  v_row_count integer;
begin
  perform 1 from show s
    where (s.lane, s.show_id) in (select * from unnest(p_lanes, p_show_ids))
    order by s.lane, s.show_id
    for no key update;
  -- Taken once the locks are held: a hold is as old as its turn, not as its arrival.
  v_now := clock_timestamp();
  -- Every writer takes the show row first, so this finds no one in the way. It is here for a
  -- writer that forgets.
  perform 1 from show_seat h
    where (h.lane, h.show_id, h.seat_no) in (
      select p_lanes[w.ordinal], p_show_ids[w.ordinal], w.seat_no
        from unnest(p_seat_ordinals, p_seat_nos) as w(ordinal, seat_no))
    order by h.lane, h.show_id, h.seat_no
    for no key update;

  for v_request in
    with request as (
      select q.*,
             dense_rank() over (order by q.lane, q.show_id) as show_rank,
             dense_rank() over (order by q.lane, q.show_id, q.partner_id, q.customer_ref)
               as customer_rank,
             first_value(q.ordinal) over (
               partition by q.partner_id, q.request_id order by q.ordinal) as leader
        from unnest(p_partner_ids, p_request_ids, p_request_hashes, p_lanes, p_show_ids,
                    p_customer_refs, p_pricing_versions, p_counts, p_seat_limits)
          with ordinality as q(partner_id, request_id, request_hash, lane, show_id,
                               customer_ref, pricing_version, seat_count, seat_limit, ordinal)
    ), wanted as (
      select w.ordinal,
             array_agg(w.seat_no order by w.place) as seat_nos,
             count(*) filter (where h.seat_no is null) as unknown_count,
             bool_or(h.state = 2) as any_held,
             array_agg(w.seat_no order by w.place) filter (
               where not (h.state = 1 or h.state = 2 and h.hold_until + hold_grace() <= v_now)
             ) as lost_seat_nos,
             array_agg(h.state order by w.place) filter (
               where not (h.state = 1 or h.state = 2 and h.hold_until + hold_grace() <= v_now)
             ) as lost_states
        from unnest(p_seat_ordinals, p_seat_nos) with ordinality as w(ordinal, seat_no, place)
        left join show_seat h
          on h.lane = p_lanes[w.ordinal] and h.show_id = p_show_ids[w.ordinal]
         and h.seat_no = w.seat_no
       group by w.ordinal
    )
    select q.ordinal::integer as ordinal, q.lane, q.show_id, q.request_hash, q.seat_count,
           q.seat_limit, q.customer_ref, q.show_rank, q.customer_rank, q.leader::integer as leader,
           l.request_hash as logged_hash,
           s.show_id is not null as is_show,
           s.sales_state = 2 and upper(s.during) > v_now as on_sale,
           v_now + make_interval(mins => t.hold_minutes) as hold_until,
           s.pricing_version is not distinct from q.pricing_version as priced,
           w.seat_nos, w.unknown_count, w.any_held, w.lost_seat_nos, w.lost_states,
           customer.seat_count as customer_seat_count
      from request q
      -- `limit 1` keeps these look-ups by key, one per request, whatever the planner believes of
      -- the table's size when the session makes its plan.
      left join lateral (
        select x.request_hash from request_log x
         where x.partner_id = q.partner_id and x.request_id = q.request_id limit 1) l on true
      left join lateral (
        select x.* from show x where x.lane = q.lane and x.show_id = q.show_id limit 1) s on true
      left join lateral (
        select x.hold_minutes from theatre x where x.theatre_id = s.theatre_id limit 1) t on true
      left join wanted w on w.ordinal = q.ordinal
      left join lateral (
        select sum(cardinality(b.seat_nos))::integer as seat_count
          from booking b
         where b.lane = q.lane and b.show_id = q.show_id and b.partner_id = q.partner_id
           and b.customer_ref = q.customer_ref and b.customer_ref <> '' and b.state in (1, 2)
           and (b.state = 2 or b.hold_until + hold_grace() > v_now)
      ) customer on q.customer_ref <> ''
     order by q.ordinal
  loop
    if v_request.logged_hash is not null then
      v_outcomes[v_request.ordinal] := case when v_request.logged_hash = v_request.request_hash
        then 'logged' else 'request_id_reused' end;
      continue;
    elsif v_request.leader < v_request.ordinal then
      v_outcomes[v_request.ordinal] :=
        case when p_request_hashes[v_request.leader] <> v_request.request_hash
          then 'request_id_reused' else v_outcomes[v_request.leader] end;
      continue;
    elsif not v_request.is_show then
      v_outcomes[v_request.ordinal] := 'show_not_found';
      continue;
    elsif not v_request.on_sale then
      v_outcomes[v_request.ordinal] := 'sales_closed';
      continue;
    elsif not v_request.priced or v_request.unknown_count > 0
          or v_request.seat_count = 0 and v_request.seat_nos is null then
      v_outcomes[v_request.ordinal] := 'stale_pricing';
      continue;
    end if;

    v_seat_nos := v_request.seat_nos;
    if v_request.customer_ref <> ''
       and coalesce(v_request.customer_seat_count, 0) + v_customer_seats[v_request.customer_rank]
           + greatest(v_request.seat_count, cardinality(v_seat_nos)) > v_request.seat_limit then
      v_outcomes[v_request.ordinal] := 'hold_limit_exceeded';
      continue;
    end if;

    if v_request.seat_count > 0 then
      select c.seat_nos, c.tier into v_seat_nos, v_tier
        from best_available(
          v_request.lane, v_request.show_id, v_request.seat_count,
          array(select c.tier from unnest(p_price_ordinals, p_price_tiers) as c(ordinal, tier)
                 where c.ordinal = v_request.ordinal),
          array(select (t.key & 4294967295)::integer from unnest(v_taken) as t(key)
                 where t.key >> 32 = v_request.show_rank),
          v_now) as c;
      if v_seat_nos is null then
        v_outcomes[v_request.ordinal] := 'no_adjacent_seats';
        continue;
      end if;
      v_tiers[v_request.ordinal] := v_tier;
      v_look_for_stale := true;
    end if;
    v_keys := array(select (v_request.show_rank << 32) | n from unnest(v_seat_nos) as u(n));
    if v_request.lost_seat_nos is not null or v_keys && v_taken then
      v_lost_first[v_request.ordinal] := cardinality(v_lost_seat_nos) + 1;
      select v_lost_seat_nos || array_agg(n.seat_no),
             v_lost_states || array_agg(coalesce(d.state, 2::smallint))
        into v_lost_seat_nos, v_lost_states
        from unnest(v_seat_nos) as n(seat_no)
        left join unnest(v_request.lost_seat_nos, v_request.lost_states) as d(seat_no, state)
          on d.seat_no = n.seat_no
       where d.seat_no is not null or ((v_request.show_rank << 32) | n.seat_no) = any (v_taken);
      v_lost_last[v_request.ordinal] := cardinality(v_lost_seat_nos);
      v_outcomes[v_request.ordinal] := 'seats_unavailable';
      continue;
    end if;

    v_outcomes[v_request.ordinal] := 'held';
    v_hold_untils[v_request.ordinal] := v_request.hold_until;
    v_look_for_stale := v_look_for_stale or v_request.any_held;
    v_taken := v_taken || v_keys;
    v_taken_ordinals :=
      v_taken_ordinals || array_fill(v_request.ordinal, array[cardinality(v_seat_nos)]);
    v_taken_seat_nos := v_taken_seat_nos || v_seat_nos;
    v_customer_seats[v_request.customer_rank] :=
      v_customer_seats[v_request.customer_rank] + cardinality(v_seat_nos);
  end loop;

  if cardinality(v_taken) > 0 then
    perform write_holds(
      v_now, v_tiers, v_hold_untils, v_taken_ordinals, v_taken_seat_nos, v_look_for_stale,
      p_partner_ids, p_booking_ids, p_lanes, p_show_ids, p_customer_refs,
      p_price_ordinals, p_price_tiers, p_price_totals, p_price_quotes);
  end if;

  insert into request_log (
    partner_id, request_id, lane, request_hash, outcome, show_id, booking_id, booking_state,
    version, lost_seat_nos, lost_states, created_at)
  select q.partner_id, q.request_id, q.lane, q.request_hash, q.outcome, q.show_id,
         b.booking_id, b.state, coalesce(b.version, s.version),
         v_lost_seat_nos[v_lost_first[q.ordinal] : v_lost_last[q.ordinal]],
         v_lost_states[v_lost_first[q.ordinal] : v_lost_last[q.ordinal]], v_now
    from (
      select distinct on (u.partner_id, u.request_id) u.*
        from unnest(p_partner_ids, p_request_ids, p_request_hashes, p_lanes, p_show_ids,
                    p_booking_ids, v_outcomes)
          with ordinality as u(partner_id, request_id, request_hash, lane, show_id,
                               booking_id, outcome, ordinal)
       where u.outcome in ('held', 'seats_unavailable', 'no_adjacent_seats',
                           'hold_limit_exceeded', 'sales_closed')
       order by u.partner_id, u.request_id, u.ordinal
    ) q
    cross join lateral (
      select x.version from show x where x.lane = q.lane and x.show_id = q.show_id limit 1) s
    left join lateral (
      select x.booking_id, x.state, x.version from booking x
       where x.lane = q.lane and x.booking_id = q.booking_id limit 1) b on q.outcome = 'held'
   order by q.partner_id, q.request_id
  on conflict do nothing;
  get diagnostics v_row_count = row_count;
  if v_row_count <> (
    select count(distinct (p_partner_ids[n], p_request_ids[n]))
      from generate_subscripts(v_outcomes, 1) as n
     where v_outcomes[n] in ('held', 'seats_unavailable', 'no_adjacent_seats',
                             'hold_limit_exceeded', 'sales_closed')
  ) then
    raise exception 'request id in flight for another show'
      using errcode = 'serialization_failure';
  end if;

  return query select * from tell_outcomes(p_partner_ids, p_request_ids, p_lanes, v_outcomes);
end
$$;
