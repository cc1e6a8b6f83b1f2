-- The effect of a batch of holds that was decided: seats, bookings, versions, messages.
-- Called by hold_seats() only, which holds the locks. Raises data_corrupted (XX001) when the rows
-- are not as they were decided on.

create function write_holds(
  p_now timestamptz, p_tiers text[], p_hold_untils timestamptz[],
  p_taken_ordinals integer[], p_taken_seat_nos integer[], p_look_for_stale boolean,
  p_partner_ids bigint[], p_booking_ids uuid[], p_lanes smallint[], p_show_ids bigint[],
  p_customer_refs text[],
  p_price_ordinals integer[], p_price_tiers text[], p_price_totals bigint[], p_price_quotes text[]
) returns void
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_lanes smallint[];
  v_show_ids bigint[];
  v_freed_lanes smallint[];
  v_freed_show_ids bigint[];
  v_freed_seat_nos integer[];
  v_row_count integer;
begin
  if p_look_for_stale then
    -- A seat that is taken while still held by name belongs to a hold that is over: that hold
    -- ends here, and whatever else it held is free.
    with stale as (
      select distinct h.lane, h.booking_id
        from unnest(p_taken_ordinals, p_taken_seat_nos) as t(ordinal, seat_no)
        join show_seat h on h.lane = p_lanes[t.ordinal] and h.show_id = p_show_ids[t.ordinal]
         and h.seat_no = t.seat_no and h.state = 2
    ), ended as (
      update booking b
         set state = 4, changed_at = p_now,
             version = 1 + (select s.version from show s
                             where s.lane = b.lane and s.show_id = b.show_id)
        from stale o
       where b.lane = o.lane and b.booking_id = o.booking_id and b.state = 1
      returning b.lane, b.show_id, b.booking_id, b.seat_nos
    ), freed as (
      update show_seat h set state = 1, booking_id = null, hold_until = null
        from ended e cross join unnest(e.seat_nos) as n(seat_no)
       where h.lane = e.lane and h.show_id = e.show_id and h.seat_no = n.seat_no
         and h.booking_id = e.booking_id
      returning h.lane, h.show_id, h.seat_no
    )
    select array_agg(f.lane), array_agg(f.show_id), array_agg(f.seat_no)
      into v_freed_lanes, v_freed_show_ids, v_freed_seat_nos
      from freed f
     where (f.lane, f.show_id, f.seat_no) not in (
       select p_lanes[t.ordinal], p_show_ids[t.ordinal], t.seat_no
         from unnest(p_taken_ordinals, p_taken_seat_nos) as t(ordinal, seat_no));
  end if;

  select array_agg(p_lanes[o]), array_agg(p_show_ids[o]) into v_lanes, v_show_ids
    from unnest(p_taken_ordinals) as o;
  perform announce_seats(
    v_lanes || v_freed_lanes, v_show_ids || v_freed_show_ids, p_taken_seat_nos || v_freed_seat_nos,
    array_fill(2::smallint, array[cardinality(p_taken_seat_nos)])
      || array_fill(1::smallint, array[coalesce(cardinality(v_freed_seat_nos), 0)]));

  insert into booking (
    lane, booking_id, show_id, partner_id, customer_ref, state, seat_nos, total, currency, quote,
    hold_until, version, created_at, changed_at)
  select p_lanes[t.ordinal], p_booking_ids[t.ordinal], p_show_ids[t.ordinal],
         p_partner_ids[t.ordinal], p_customer_refs[t.ordinal], 1, t.seat_nos, c.total, s.currency,
         c.quote, p_hold_untils[t.ordinal], s.version, p_now, p_now
    from (
      select u.ordinal, array_agg(u.seat_no order by u.place) as seat_nos
        from unnest(p_taken_ordinals, p_taken_seat_nos)
          with ordinality as u(ordinal, seat_no, place)
       group by u.ordinal
    ) t
    join unnest(p_price_ordinals, p_price_tiers, p_price_totals, p_price_quotes)
      as c(ordinal, tier, total, quote) on c.ordinal = t.ordinal and c.tier = p_tiers[t.ordinal]
    cross join lateral (
      select x.currency, x.version from show x
       where x.lane = p_lanes[t.ordinal] and x.show_id = p_show_ids[t.ordinal] limit 1) s;
  get diagnostics v_row_count = row_count;
  if v_row_count <> (select count(distinct o) from unnest(p_taken_ordinals) as o) then
    raise exception 'hold without price' using errcode = 'data_corrupted';
  end if;

  update show_seat h
     set state = 2, booking_id = p_booking_ids[t.ordinal], hold_until = p_hold_untils[t.ordinal]
    from unnest(p_taken_ordinals, p_taken_seat_nos) as t(ordinal, seat_no)
   where h.lane = p_lanes[t.ordinal] and h.show_id = p_show_ids[t.ordinal]
     and h.seat_no = t.seat_no and h.state = 1;
  get diagnostics v_row_count = row_count;
  if v_row_count <> cardinality(p_taken_seat_nos) then
    raise exception 'seat changed without its show''s lock' using errcode = 'data_corrupted';
  end if;
end
$$;
