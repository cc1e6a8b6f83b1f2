-- Writes a batch that a node decided: all of it, or nothing when what it was decided on is no longer
-- so. Per show the versions and the terms decided on, and which of the versions it raises; p_messages
-- announce the changes to every node in commit order. The batch rests on judgements of time that are right from p_valid_from until
-- p_valid_until (null: ever), compared with the clock here, under the locks.
--
-- l_…: requests for the log. n_…: new bookings, their seats n_first..n_last of n_seat_nos. c_…: changed
-- bookings. s_…: seats, each with what it was before. A hold_until of null means that of a hold
-- beginning now. r_…: refunds. …_cancelled: lists of seats as text,
-- null for none. Every …_show is an index into the shows.
--
-- Returns the time at which it happened. Raises serialization_failure (40001) when a show has moved
-- on or time has, or rows are not what the version promises – data_corrupted (XX001) when p_locked
-- says that they were read under the locks – and unique_violation (23505) when a request id was used
-- before.

create function write_sales(
  p_lanes smallint[], p_show_ids bigint[], p_versions bigint[], p_queue_versions bigint[],
  p_changes_seats boolean[], p_changes_queue boolean[], p_pricing_versions integer[],
  p_hold_minutes integer[], p_messages bytea[],
  p_valid_from timestamptz, p_valid_until timestamptz, p_locked boolean,
  l_shows integer[], l_partner_ids bigint[], l_request_ids uuid[], l_hashes bytea[],
  l_effects text[], l_booking_ids uuid[], l_states smallint[],
  l_cancelled text[],
  n_shows integer[], n_booking_ids uuid[], n_partner_ids bigint[], n_customer_refs text[],
  n_request_ids uuid[], n_states smallint[], n_seat_nos integer[], n_firsts integer[],
  n_lasts integer[], n_totals bigint[], n_currencies text[], n_quotes text[],
  n_payment_references text[], n_supersedes uuid[], n_exchange_credits bigint[],
  n_hold_untils timestamptz[], n_extensions boolean[],
  c_shows integer[], c_booking_ids uuid[], c_states_before smallint[], c_hold_untils_before timestamptz[],
  c_states smallint[], c_payment_references text[], c_hold_untils timestamptz[],
  c_extensions boolean[], c_taken_again boolean[], c_cancelled text[], c_superseded_by uuid[],
  s_shows integer[], s_seat_nos integer[], s_states_before smallint[], s_owners_before uuid[],
  s_states smallint[], s_owners uuid[], s_hold_untils timestamptz[],
  r_partner_ids bigint[], r_request_ids uuid[], r_lanes smallint[], r_booking_ids uuid[],
  r_seat_nos text[], r_amounts bigint[], r_currencies text[]
) returns timestamptz
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_now timestamptz;
  v_count integer;
  v_contradiction text :=
    case when p_locked then 'data_corrupted' else 'serialization_failure' end;
begin
  -- Takes the shows' rows in the order given, which is everyone's.
  update show s set version = s.version + t.changes_seats::integer,
                    queue_version = s.queue_version + t.changes_queue::integer
    from unnest(p_lanes, p_show_ids, p_versions, p_queue_versions, p_changes_seats,
                p_changes_queue, p_pricing_versions)
      as t(lane, show_id, version, queue_version, changes_seats, changes_queue, pricing_version)
   where s.lane = t.lane and s.show_id = t.show_id and s.version = t.version
     and s.queue_version = t.queue_version and s.pricing_version = t.pricing_version;
  get diagnostics v_count = row_count;
  v_now := clock_timestamp();
  if v_count <> cardinality(p_show_ids) or v_now < p_valid_from or v_now >= p_valid_until then
    raise exception 'decided on what is no longer so' using errcode = 'serialization_failure';
  end if;

  insert into request_log (
    partner_id, request_id, lane, request_hash, effect, booking_id, booking_state,
    cancelled_seat_nos, version, created_at)
  select l.partner_id, l.request_id, p_lanes[l.show], l.request_hash, l.effect, l.booking_id,
         l.state, l.cancelled::integer[], p_versions[l.show] + 1, v_now
    from unnest(l_shows, l_partner_ids, l_request_ids, l_hashes, l_effects, l_booking_ids, l_states,
                l_cancelled)
      as l(show, partner_id, request_id, request_hash, effect, booking_id, state, cancelled);

  if cardinality(n_shows) > 0 then
    insert into booking (
      lane, booking_id, show_id, partner_id, customer_ref, request_id, state, seat_nos, total,
      currency, quote, hold_until, is_extended, version, created_at, changed_at, payment_reference,
      supersedes, exchange_credit)
    select p_lanes[n.show], n.booking_id, p_show_ids[n.show], n.partner_id, n.customer_ref,
           n.request_id, n.state, n_seat_nos[n.first : n.last], n.total, n.currency, n.quote,
           coalesce(n.hold_until, v_now + make_interval(mins => p_hold_minutes[n.show])),
           n.is_extended, p_versions[n.show] + 1, v_now, v_now, n.payment_reference, n.supersedes,
           n.exchange_credit
      from unnest(n_shows, n_booking_ids, n_partner_ids, n_customer_refs, n_request_ids, n_states,
                  n_firsts, n_lasts, n_totals, n_currencies, n_quotes, n_payment_references,
                  n_supersedes, n_exchange_credits, n_hold_untils, n_extensions)
        as n(show, booking_id, partner_id, customer_ref, request_id, state, first, last, total,
             currency, quote, payment_reference, supersedes, exchange_credit, hold_until,
             is_extended);
  end if;

  if cardinality(c_shows) > 0 then
    update booking b
       set state = c.state, payment_reference = c.payment_reference, hold_until = c.hold_until,
           is_extended = c.is_extended, is_taken_again = c.is_taken_again,
           cancelled_seat_nos = c.cancelled::integer[], superseded_by = c.superseded_by,
           version = p_versions[c.show] + 1, changed_at = v_now
      from unnest(c_shows, c_booking_ids, c_states_before, c_hold_untils_before, c_states,
                  c_payment_references, c_hold_untils, c_extensions, c_taken_again,
                  c_cancelled, c_superseded_by)
        as c(show, booking_id, state_before, hold_until_before, state, payment_reference,
             hold_until, is_extended, is_taken_again, cancelled, superseded_by)
     where b.lane = p_lanes[c.show] and b.booking_id = c.booking_id
       and b.show_id = p_show_ids[c.show] and b.state = c.state_before
       and b.hold_until = c.hold_until_before;
    get diagnostics v_count = row_count;
    if v_count <> cardinality(c_shows) then
      raise exception 'a booking changed without its show' using errcode = v_contradiction;
    end if;
  end if;

  if cardinality(s_shows) > 0 then
    update show_seat h
       set state = t.state, booking_id = t.owner,
           hold_until = case when t.state = 2 then
             coalesce(t.hold_until, v_now + make_interval(mins => p_hold_minutes[t.show])) end
      from unnest(s_shows, s_seat_nos, s_states_before, s_owners_before, s_states, s_owners,
                  s_hold_untils)
        as t(show, seat_no, state_before, owner_before, state, owner, hold_until)
     where h.lane = p_lanes[t.show] and h.show_id = p_show_ids[t.show] and h.seat_no = t.seat_no
       and h.state = t.state_before and h.booking_id is not distinct from t.owner_before;
    get diagnostics v_count = row_count;
    if v_count <> cardinality(s_shows) then
      raise exception 'a seat changed without its show' using errcode = v_contradiction;
    end if;
  end if;

  if cardinality(r_request_ids) > 0 then
    insert into refund (
      partner_id, request_id, lane, booking_id, seat_nos, amount, currency, created_at)
    select r.partner_id, r.request_id, r.lane, r.booking_id, r.seat_nos::integer[], r.amount,
           r.currency, v_now
      from unnest(r_partner_ids, r_request_ids, r_lanes, r_booking_ids, r_seat_nos, r_amounts,
                  r_currencies)
        as r(partner_id, request_id, lane, booking_id, seat_nos, amount, currency);
  end if;

  perform pg_logical_emit_message(true, 'usher.seat', m) from unnest(p_messages) as m;
  return v_now;
end
$$;

-- Whether what a batch of refusals was decided on is still so. Raises as write_sales().
create function check_sales(
  p_lanes smallint[], p_show_ids bigint[], p_versions bigint[], p_queue_versions bigint[],
  p_pricing_versions integer[], p_valid_from timestamptz, p_valid_until timestamptz
) returns timestamptz
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_now timestamptz := clock_timestamp();
  v_count integer;
begin
  select count(*) into v_count
    from unnest(p_lanes, p_show_ids, p_versions, p_queue_versions, p_pricing_versions)
      as t(lane, show_id, version, queue_version, pricing_version)
    join show s on s.lane = t.lane and s.show_id = t.show_id and s.version = t.version
     and s.queue_version = t.queue_version and s.pricing_version = t.pricing_version;
  if v_count <> cardinality(p_show_ids) or v_now < p_valid_from or v_now >= p_valid_until then
    raise exception 'decided on what is no longer so' using errcode = 'serialization_failure';
  end if;
  return v_now;
end
$$;
