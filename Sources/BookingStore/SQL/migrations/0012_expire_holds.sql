-- Ends holds whose time and grace are over, oldest first, at most p_limit of them, and returns how
-- many. Tidiness, not correctness: everyone else judges a hold by its time. Safe to run from any
-- number of nodes at once.

create function expire_holds(p_limit integer) returns integer
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_now timestamptz := clock_timestamp();
  v_lanes smallint[];
  v_booking_ids uuid[];
begin
  select array_agg(b.lane), array_agg(b.booking_id) into v_lanes, v_booking_ids
    from (select b.lane, b.booking_id from booking b
           where b.state = 1 and b.hold_until <= v_now - hold_grace()
           order by b.hold_until limit p_limit) b;
  if v_lanes is null then
    return 0;
  end if;
  perform 1 from show s
    where (s.lane, s.show_id) in (
      select b.lane, b.show_id from booking b
       where (b.lane, b.booking_id) in (select * from unnest(v_lanes, v_booking_ids)))
    order by s.lane, s.show_id
    for no key update;
  -- While waiting for the shows, some may have ended otherwise.
  select array_agg(b.lane), array_agg(b.booking_id) into v_lanes, v_booking_ids
    from unnest(v_lanes, v_booking_ids) as t(lane, booking_id)
    join booking b using (lane, booking_id)
   where b.state = 1 and b.hold_until + hold_grace() <= v_now;
  if v_lanes is null then
    return 0;
  end if;
  perform write_booking_changes(
    row('expired', 1, 4, 2, 1)::booking_change, v_now,
    array(select generate_subscripts(v_lanes, 1)), v_lanes, v_booking_ids, '{}');
  return cardinality(v_booking_ids);
end
$$;
