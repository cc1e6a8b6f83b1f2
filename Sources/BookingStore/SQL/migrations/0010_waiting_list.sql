-- The waiting list: who waits for seats of which show, and, for ever, who was served when. Nodes
-- decide about it as they do about seats: on a copy that is exact at a queue_version of the show,
-- written only if it still is.

create table waitlist_entry (
  lane smallint not null,
  show_id bigint not null,
  -- Counts the parties that ever came to the show, without gaps: their order.
  arrival bigint not null check (arrival >= 1),
  -- The request that joined. The same request is the same place.
  partner_id bigint not null,
  request_id uuid not null,
  request_hash bytea not null,
  customer_ref text not null check (octet_length(customer_ref) <= 128),
  seat_count smallint not null check (seat_count between 1 and 10),
  -- Empty for any, also for several.
  tier text not null,
  -- The id that the offer's hold has, or would have had.
  booking_id uuid not null,
  -- 1 waiting, 2 served, 3 left, 4 lost, 5 timed out, 6 hopeless, 7 show closed.
  state smallint not null check (state between 1 and 7),
  created_at timestamptz not null,
  -- When a node last had the party's stream.
  seen_at timestamptz not null,
  ended_at timestamptz,
  -- The queue_version with which it ended: exact where clocks are not.
  ended_version bigint,
  primary key (partner_id, request_id),
  unique (lane, show_id, arrival),
  check ((state = 1) = (ended_at is null) and (state = 1) = (ended_version is null))
) with (fillfactor = 70);
create index waitlist_entry_waiting on waitlist_entry (lane, show_id, arrival) where state = 1;

-- How long a party whose stream is gone keeps its place, and how long anybody waits.
create function wait_grace() returns interval
language sql immutable parallel safe as $$ select interval '60 seconds' $$;
create function wait_limit() returns interval
language sql immutable parallel safe as $$ select interval '1 hour' $$;

-- The lines of shows, in order, and of each show also the party that came last, waiting or not.
create function read_queues(p_lanes smallint[], p_show_ids bigint[])
returns setof waitlist_entry
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query
    select w.* from unnest(p_lanes, p_show_ids) as q(lane, show_id)
      join waitlist_entry w on w.lane = q.lane and w.show_id = q.show_id and w.state = 1
    union
    select last.* from unnest(p_lanes, p_show_ids) as q(lane, show_id),
      lateral (select w.* from waitlist_entry w
                where w.lane = q.lane and w.show_id = q.show_id
                order by w.arrival desc limit 1) last
    order by 1, 2, 3;
end
$$;

-- Parties by their requests, those that there are.
create function read_waits(p_partner_ids bigint[], p_request_ids uuid[])
returns setof waitlist_entry
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query
    select w.* from unnest(p_partner_ids, p_request_ids) as q(partner_id, request_id)
      join waitlist_entry w on w.partner_id = q.partner_id and w.request_id = q.request_id;
end
$$;

-- Writes what a batch did to lines, after write_sales() in the same transaction: that has taken the
-- shows' rows and found their queue_versions as they were decided on. n_…: new parties. c_…: parties
-- that waited and went. Every …_show is an index into the shows.
create function write_waits(
  p_lanes smallint[], p_show_ids bigint[], p_queue_versions bigint[], p_messages bytea[],
  n_shows integer[], n_arrivals bigint[], n_partner_ids bigint[], n_request_ids uuid[],
  n_hashes bytea[], n_customer_refs text[], n_counts smallint[], n_tiers text[],
  n_booking_ids uuid[], n_states smallint[],
  c_shows integer[], c_partner_ids bigint[], c_request_ids uuid[], c_states smallint[]
) returns void
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_now timestamptz := clock_timestamp();
  v_count integer;
begin
  insert into waitlist_entry (
    lane, show_id, arrival, partner_id, request_id, request_hash, customer_ref, seat_count, tier,
    booking_id, state, created_at, seen_at, ended_at, ended_version)
  select p_lanes[n.show], p_show_ids[n.show], n.arrival, n.partner_id, n.request_id,
         n.request_hash, n.customer_ref, n.seat_count, n.tier, n.booking_id, n.state, v_now, v_now,
         case when n.state <> 1 then v_now end,
         case when n.state <> 1 then p_queue_versions[n.show] + 1 end
    from unnest(n_shows, n_arrivals, n_partner_ids, n_request_ids, n_hashes, n_customer_refs,
                n_counts, n_tiers, n_booking_ids, n_states)
      as n(show, arrival, partner_id, request_id, request_hash, customer_ref, seat_count, tier,
           booking_id, state);
  update waitlist_entry w
     set state = c.state, ended_at = v_now, ended_version = p_queue_versions[c.show] + 1
    from unnest(c_shows, c_partner_ids, c_request_ids, c_states)
      as c(show, partner_id, request_id, state)
   where w.partner_id = c.partner_id and w.request_id = c.request_id and w.state = 1
     and w.lane = p_lanes[c.show] and w.show_id = p_show_ids[c.show];
  get diagnostics v_count = row_count;
  if v_count <> cardinality(c_shows) then
    raise exception 'a party changed without its show' using errcode = 'data_corrupted';
  end if;
  perform pg_logical_emit_message(true, 'usher.wait', m) from unnest(p_messages) as m;
end
$$;

-- Marks parties as seen.
create function touch_waits(p_partner_ids bigint[], p_request_ids uuid[]) returns void
language sql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
  update waitlist_entry w set seen_at = clock_timestamp()
    from unnest(p_partner_ids, p_request_ids) as q(partner_id, request_id)
   where w.partner_id = q.partner_id and w.request_id = q.request_id and w.state = 1
$$;

-- Checks what no constraint can of the waiting list. No row means sound.
create function verify_waits()
returns table (fault text, lane smallint, show_id bigint, seat_no integer, booking_id uuid)
language sql stable set jit = off as $$
  -- Served before somebody who had come earlier and waited on.
  select 'party_overtaken', s.lane, s.show_id, null::integer, s.booking_id
    from waitlist_entry s
   where s.state = 2 and exists (
     select from waitlist_entry w
      where w.lane = s.lane and w.show_id = s.show_id and w.arrival < s.arrival
        and (w.state = 1 or w.ended_version > s.ended_version))
  union all
  -- An order of arrival with a gap.
  select 'arrival_gap', w.lane, w.show_id, null::integer, null::uuid
    from waitlist_entry w
   group by w.lane, w.show_id having max(w.arrival) <> count(*)
  union all
  -- Served without a hold of as many seats.
  select 'served_without_booking', w.lane, w.show_id, null::integer, w.booking_id
    from waitlist_entry w left join booking b on b.lane = w.lane and b.booking_id = w.booking_id
   where w.state = 2 and (b.booking_id is null or b.show_id <> w.show_id
         or b.partner_id <> w.partner_id or b.customer_ref <> w.customer_ref
         or cardinality(b.seat_nos) <> w.seat_count)
  union all
  -- An offer to nobody who was served, and not exchanged for one.
  select 'offer_without_party', b.lane, b.show_id, null::integer, b.booking_id
    from booking b
   where b.request_id = b.booking_id and not exists (
     select from waitlist_entry w
      where w.lane = b.lane and w.show_id = b.show_id and w.booking_id = b.booking_id
        and w.state = 2)
     and not exists (
     select from booking o
      where o.lane = b.lane and o.booking_id = b.supersedes and o.request_id = o.booking_id
        and o.show_id = b.show_id and o.partner_id = b.partner_id)
  union all
  -- A line from a version that its show has not reached.
  select 'queue_ahead_of_show', w.lane, w.show_id, null::integer, null::uuid
    from waitlist_entry w join show s on s.lane = w.lane and s.show_id = w.show_id
   where coalesce(w.ended_version, 1) > s.queue_version
$$;
