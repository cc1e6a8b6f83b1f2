-- The clock of a partner in a sandbox. Nobody's clock is turned: what the partner's theatres have is moved
-- nearer, so that every rule goes on judging by the database's clock and knows nothing of this.
--
-- Every time in the schema, and what becomes of it. It moves with the partner's theatres and shows:
--   show.during; show_seat.hold_until; booking.hold_until, created_at, changed_at (of whoever sold it);
--   request_log.created_at and refund.created_at, of these bookings (verify_sales() compares them);
--   seat_block.created_at (the same); waitlist_entry.created_at, ended_at; seat_allocation.returns_at,
--   created_at; offer.valid_from, valid_until, created_at, of the partner's own offers.
-- It stays:
--   waitlist_entry.seen_at: whether a stream is there is a fact, which no clock makes older;
--   sales_outbox.created_at, sales_log.created_at, sales_stream.began_at: one stream for all partners, in
--   the order of commits; audit_entry.at, schema_migrations.applied_at: what was done when;
--   partner.created_at, api_key.*, account.created_at, account_session.*, refresh_token.used_at,
--   login_failure.*: who may call is no experiment; layout.created_at, review.*, review_comment.*,
--   content_report.*: nothing is judged by them; sandbox.*, sandbox_fault.ends_at: the sandbox's own.

alter table sandbox_partner
  -- How far the clock is ahead, in microseconds: ten years at most.
  add column ahead_us bigint not null default 0 check (ahead_us between 0 and 316224000000000);

create type clock_result as (
  outcome text, ahead_us bigint, show_count integer,
  -- The shows that were moved, in everybody's order, and the queue_versions that tell nodes so.
  lanes smallint[], show_ids bigint[], queue_versions bigint[]
);

-- Advances a partner's clock, as create_offer() does its act. Also: live (no sandbox), too_far, too_many
-- (shows).
--
-- Raises the terms of each show, as whatever changes its times, and its queue_version: nodes forget what they
-- have of the show when they hear of that. No seat changes, so no version is raised.
create function advance_clock(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_request_id uuid, p_hash bytea,
  p_by_us bigint, p_most integer
) returns clock_result
language plpgsql as $$
declare
  v_act act_result := find_act(p_partner_id, p_request_id, p_hash);
  v_by interval := p_by_us * interval '1 microsecond';
  v_result clock_result;
  v_show_id bigint;
begin
  v_result.lanes := '{}';
  v_result.show_ids := '{}';
  v_result.queue_versions := '{}';
  if v_act.outcome is not null then
    v_result.outcome := v_act.outcome;
    v_result.ahead_us := v_act.subject_id;
    v_result.show_count := v_act.subject_count;
    return v_result;
  end if;
  if not exists (select from sandbox) then
    v_result.outcome := 'live';
    return v_result;
  end if;
  insert into sandbox_partner (partner_id) values (p_partner_id) on conflict do nothing;
  select p.ahead_us + p_by_us into v_result.ahead_us from sandbox_partner p
   where p.partner_id = p_partner_id for update;
  if v_result.ahead_us > 316224000000000 then
    v_result.outcome := 'too_far';
    return v_result;
  end if;
  -- Whoever makes shows in one of them waits.
  perform from auditorium a join theatre t using (theatre_id)
    where t.partner_id = p_partner_id order by a.auditorium_id for no key update of a;
  select coalesce(array_agg(r.lane), '{}'), coalesce(array_agg(r.show_id), '{}')
    into v_result.lanes, v_result.show_ids
    from (select s.lane, s.show_id from show s join theatre t using (theatre_id)
           where t.partner_id = p_partner_id
           order by s.lane, s.show_id limit p_most + 1 for no key update of s) r;
  v_result.show_count := cardinality(v_result.show_ids);
  if v_result.show_count > p_most then
    v_result.outcome := 'too_many';
    return v_result;
  end if;

  update sandbox_partner p set ahead_us = v_result.ahead_us where p.partner_id = p_partner_id;
  update offer o
     set valid_from = o.valid_from - v_by, valid_until = o.valid_until - v_by,
         created_at = o.created_at - v_by
   where o.owner_id = p_partner_id;
  perform move_sales(v_result.lanes, v_result.show_ids, v_by);
  -- The earlier first: each goes where those before it have left, so that none is in another's way.
  for v_show_id in
    select s.show_id from show s where s.show_id in (select unnest(v_result.show_ids))
     order by lower(s.during), s.show_id
  loop
    update show s
       set during = tstzrange(lower(s.during) - v_by, upper(s.during) - v_by),
           queue_version = s.queue_version + 1
     where s.show_id = v_show_id;
  end loop;
  select coalesce(array_agg(s.queue_version order by s.lane, s.show_id), '{}')
    into v_result.queue_versions from show s where s.show_id in (select unnest(v_result.show_ids));
  perform pg_logical_emit_message(
            true, 'usher.wait',
            int2send(m.lane) || int8send(m.show_id) || int8send(m.queue_version))
    from unnest(v_result.lanes, v_result.show_ids, v_result.queue_versions)
      as m(lane, show_id, queue_version);
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'ADVANCE_CLOCK', v_result.ahead_us,
    v_result.show_count, jsonb_build_object('by_us', p_by_us, 'ahead_us', v_result.ahead_us));
  return v_result;
end
$$;

-- Moves what there is of shows nearer, the shows themselves aside. The caller holds their rows.
create function move_sales(p_lanes smallint[], p_show_ids bigint[], p_by interval) returns void
language sql as $$
  update show_seat h set hold_until = h.hold_until - p_by
    from unnest(p_lanes, p_show_ids) as m(lane, show_id)
   where h.lane = m.lane and h.show_id = m.show_id and h.state = 2;
  -- What names a booking goes first, by the booking.
  update request_log l set created_at = l.created_at - p_by
    from booking b
   where b.lane = l.lane and b.booking_id = l.booking_id and b.show_id in (select unnest(p_show_ids));
  update refund r set created_at = r.created_at - p_by
    from booking b
   where b.lane = r.lane and b.booking_id = r.booking_id and b.show_id in (select unnest(p_show_ids));
  update booking b
     set hold_until = b.hold_until - p_by, created_at = b.created_at - p_by,
         changed_at = b.changed_at - p_by
   where b.show_id in (select unnest(p_show_ids));
  update seat_block k set created_at = k.created_at - p_by where k.show_id in (select unnest(p_show_ids));
  update waitlist_entry w set created_at = w.created_at - p_by, ended_at = w.ended_at - p_by
   where w.show_id in (select unnest(p_show_ids));
  update seat_allocation a
     set returns_at = a.returns_at - p_by, created_at = a.created_at - p_by
   where a.show_id in (select unnest(p_show_ids));
$$;

-- How far a partner's clock is ahead, and what time it is by it.
create function read_clock(p_partner_id bigint) returns table (ahead_us bigint, virtual_now timestamptz)
language sql stable as $$
  select a.us, clock_timestamp() + a.us * interval '1 microsecond'
    from (select coalesce((select p.ahead_us from sandbox_partner p
                            where p.partner_id = p_partner_id), 0) as us) a
$$;
