-- Confirms, releases or cancels a batch of bookings, decided in array order.
--
-- A change is one row of booking_change: from which state to which, and what becomes of the
-- seats. Expiry is judged by the clock here, under the lock, whatever the sweeper has done.
--
-- Outcomes: the change's own name · booking_state (the booking is in another state, which the
-- answer tells; a hold that is over tells 4) · both written to the request log;
-- booking_not_found · foreign_booking (another partner's) · request_id_reused are not.
-- Raises serialization_failure (40001) when the batch must be repeated.

create table booking_change (
  change text primary key,
  from_state smallint not null,
  to_state smallint not null,
  from_seat_state smallint not null,
  to_seat_state smallint not null
);
insert into booking_change values
  ('confirmed', 1, 2, 2, 3),
  ('released', 1, 3, 2, 1),
  ('cancelled', 2, 5, 3, 1);

create function change_bookings(
  p_change text, p_partner_ids bigint[], p_request_ids uuid[], p_request_hashes bytea[],
  p_lanes smallint[], p_booking_ids uuid[], p_payment_references text[]
) returns setof booking_outcome
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_change booking_change;
  v_now timestamptz;
  v_outcomes text[];
  v_states smallint[];
  v_winners integer[];
  v_row_count integer;
begin
  select * into strict v_change from booking_change c where c.change = p_change;
  perform 1 from show s
    where (s.lane, s.show_id) in (
      select b.lane, b.show_id from booking b
       where (b.lane, b.booking_id) in (select * from unnest(p_lanes, p_booking_ids)))
    order by s.lane, s.show_id
    for no key update;
  v_now := clock_timestamp();

  with request as (
    select q.*, l.request_hash as logged_hash, b.partner_id as owner_id,
           booking_state_at(b.state, b.hold_until, v_now) as state,
           first_value(q.ordinal) over by_id as leader,
           first_value(q.request_hash) over by_id as leader_hash
      from unnest(p_partner_ids, p_request_ids, p_request_hashes, p_lanes, p_booking_ids)
        with ordinality as q(partner_id, request_id, request_hash, lane, booking_id, ordinal)
      left join lateral (
        select x.request_hash from request_log x
         where x.partner_id = q.partner_id and x.request_id = q.request_id limit 1) l on true
      left join lateral (
        select x.partner_id, x.state, x.hold_until from booking x
         where x.lane = q.lane and x.booking_id = q.booking_id limit 1) b on true
    window by_id as (partition by q.partner_id, q.request_id order by q.ordinal)
  ), sorted as (
    select r.*, case
        when r.logged_hash is not null then
          case when r.logged_hash = r.request_hash then 'logged' else 'request_id_reused' end
        when r.leader_hash <> r.request_hash then 'request_id_reused'
        when r.owner_id is null then 'booking_not_found'
        when r.owner_id <> r.partner_id then 'foreign_booking'
        when r.leader < r.ordinal then 'logged'
        else 'eligible' end as kind
      from request r
  ), decided as (
    select d.*, d.kind = 'eligible' and d.state = v_change.from_state
             and row_number() over (partition by d.lane, d.booking_id, d.kind
                                    order by d.ordinal) = 1 as wins
      from sorted d
  )
  select array_agg(case when d.wins then p_change
                        when d.kind = 'eligible' then 'booking_state'
                        else d.kind end order by d.ordinal),
         array_agg(case when d.state = v_change.from_state then v_change.to_state
                        else d.state end order by d.ordinal),
         array_agg(d.ordinal order by d.ordinal) filter (where d.wins)
    into v_outcomes, v_states, v_winners
    from decided d;

  if v_winners is not null then
    perform write_booking_changes(
      v_change, v_now, v_winners, p_lanes, p_booking_ids, p_payment_references);
  end if;

  insert into request_log (
    partner_id, request_id, lane, request_hash, outcome, show_id, booking_id, booking_state,
    version, created_at)
  select p_partner_ids[o.ordinal], p_request_ids[o.ordinal], b.lane, p_request_hashes[o.ordinal],
         o.outcome, b.show_id, b.booking_id, o.state, b.version, v_now
    from unnest(v_outcomes, v_states) with ordinality as o(outcome, state, ordinal)
    cross join lateral (
      select x.lane, x.show_id, x.booking_id, x.version from booking x
       where x.lane = p_lanes[o.ordinal] and x.booking_id = p_booking_ids[o.ordinal] limit 1) b
   where o.outcome in (p_change, 'booking_state')
   order by p_partner_ids[o.ordinal], p_request_ids[o.ordinal]
  on conflict do nothing;
  get diagnostics v_row_count = row_count;
  if v_row_count <> (select count(*) from unnest(v_outcomes) as o(outcome)
                      where o.outcome in (p_change, 'booking_state')) then
    raise exception 'request id in flight for another show'
      using errcode = 'serialization_failure';
  end if;

  return query select * from tell_outcomes(p_partner_ids, p_request_ids, p_lanes, v_outcomes);
end
$$;

-- The effect of a batch of changes that was decided. Called with the show rows locked.
-- Raises data_corrupted (XX001) when a booking and its seats do not agree.
create function write_booking_changes(
  p_change booking_change, p_now timestamptz, p_winners integer[], p_lanes smallint[],
  p_booking_ids uuid[], p_payment_references text[]
) returns void
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_lanes smallint[];
  v_show_ids bigint[];
  v_seat_nos integer[];
  v_booking_ids uuid[];
  v_row_count integer;
begin
  select array_agg(b.lane), array_agg(b.show_id), array_agg(n.seat_no), array_agg(b.booking_id)
    into v_lanes, v_show_ids, v_seat_nos, v_booking_ids
    from unnest(p_winners) as w(ordinal)
    cross join lateral (
      select x.lane, x.show_id, x.booking_id, x.seat_nos from booking x
       where x.lane = p_lanes[w.ordinal] and x.booking_id = p_booking_ids[w.ordinal] limit 1) b
    cross join unnest(b.seat_nos) as n(seat_no);
  perform announce_seats(
    v_lanes, v_show_ids, v_seat_nos,
    array_fill(p_change.to_seat_state, array[cardinality(v_seat_nos)]));

  update show_seat h
     set state = p_change.to_seat_state,
         booking_id = case when p_change.to_seat_state in (2, 3) then h.booking_id end,
         hold_until = null
    from unnest(v_lanes, v_show_ids, v_seat_nos, v_booking_ids)
      as t(lane, show_id, seat_no, booking_id)
   where h.lane = t.lane and h.show_id = t.show_id and h.seat_no = t.seat_no
     and h.booking_id = t.booking_id and h.state = p_change.from_seat_state;
  get diagnostics v_row_count = row_count;
  if v_row_count <> cardinality(v_seat_nos) then
    raise exception 'booking and seats disagree' using errcode = 'data_corrupted';
  end if;

  update booking b
     set state = p_change.to_state, changed_at = p_now, version = s.version,
         payment_reference = case when p_change.to_state = 2
           then p_payment_references[w.ordinal] else b.payment_reference end
    from unnest(p_winners) as w(ordinal), show s
   where b.lane = p_lanes[w.ordinal] and b.booking_id = p_booking_ids[w.ordinal]
     and b.state = p_change.from_state
     and s.lane = b.lane and s.show_id = b.show_id;
  get diagnostics v_row_count = row_count;
  if v_row_count <> cardinality(p_winners) then
    raise exception 'booking changed without its show''s lock' using errcode = 'data_corrupted';
  end if;
end
$$;

create function confirm_bookings(
  p_partner_ids bigint[], p_request_ids uuid[], p_request_hashes bytea[], p_lanes smallint[],
  p_booking_ids uuid[], p_payment_references text[]
) returns setof booking_outcome
language sql as $$
  select * from change_bookings('confirmed', p_partner_ids, p_request_ids, p_request_hashes,
                                p_lanes, p_booking_ids, p_payment_references)
$$;

create function release_holds(
  p_partner_ids bigint[], p_request_ids uuid[], p_request_hashes bytea[], p_lanes smallint[],
  p_booking_ids uuid[]
) returns setof booking_outcome
language sql as $$
  select * from change_bookings('released', p_partner_ids, p_request_ids, p_request_hashes,
                                p_lanes, p_booking_ids, '{}')
$$;

create function cancel_bookings(
  p_partner_ids bigint[], p_request_ids uuid[], p_request_hashes bytea[], p_lanes smallint[],
  p_booking_ids uuid[]
) returns setof booking_outcome
language sql as $$
  select * from change_bookings('cancelled', p_partner_ids, p_request_ids, p_request_hashes,
                                p_lanes, p_booking_ids, '{}')
$$;
