-- Add-ons attached to held bookings: a line each of the booking's quote, whose third field is `+id`x`count`
-- there. Only a held booking gets others, so what is paid keeps its quote; but a request that is repeated is
-- answered with the add-ons of then, and so the log has them.

alter table request_log
  -- The add-ons of the booking as the request left it, as lines of its quote; null for none.
  add column add_ons text,
  -- Whether the hold had been extended by then, of a request that attached some.
  add column is_extended boolean;

-- As it was, with what the log has of add-ons.
drop function read_requests;
create function read_requests(p_partner_ids bigint[], p_request_ids uuid[])
returns table (
  lane smallint, booking_id uuid, show_id bigint, partner_id bigint, customer_ref text,
  hold_request_id uuid, state smallint, seat_nos integer[], total bigint, currency text, quote text,
  hold_until timestamptz, is_extended boolean, payment_reference text, version bigint,
  created_at timestamptz, changed_at timestamptz, is_taken_again boolean,
  cancelled_seat_nos integer[], superseded_by uuid, supersedes uuid, exchange_credit bigint,
  request_id uuid, request_hash bytea, effect text,
  refund_booking_id uuid, refund_seat_nos integer[], refund_amount bigint, refund_currency text,
  add_ons text
)
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query
    select b.lane, b.booking_id, b.show_id, l.partner_id, b.customer_ref, b.request_id,
           l.booking_state, b.seat_nos, b.total, b.currency, b.quote, b.hold_until,
           -- As it was then: the hold that an exchange made may have been extended since.
           case l.effect when 'held' then false
                when 'attached' then l.is_extended
                when 'exchanged' then l.booking_state = 1 and coalesce(
                  (select o.is_extended from booking o
                    where o.lane = b.lane and o.booking_id = b.supersedes), false)
                else b.is_extended end,
           case when l.booking_state in (1, 3, 4) then '' else b.payment_reference end,
           l.version, b.created_at, b.changed_at, b.is_taken_again,
           l.cancelled_seat_nos, null::uuid, b.supersedes, b.exchange_credit, l.request_id,
           l.request_hash, l.effect, r.booking_id, r.seat_nos, r.amount, r.currency, l.add_ons
      from unnest(p_partner_ids, p_request_ids) as q(partner_id, request_id)
      join request_log l on l.partner_id = q.partner_id and l.request_id = q.request_id
      left join booking b on b.lane = l.lane and b.booking_id = l.booking_id
      left join refund r on r.partner_id = l.partner_id and r.request_id = l.request_id;
end
$$;

-- As it was, and with add-ons: l_add_ons and l_extended go with the requests, c_totals and c_quotes with the
-- changed bookings, null for what stays; most batches have empty arrays. A node of before gives none.
drop function write_sales;
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
  r_seat_nos text[], r_amounts bigint[], r_currencies text[],
  l_add_ons text[] default '{}', l_extended boolean[] default '{}',
  c_totals bigint[] default '{}', c_quotes text[] default '{}'
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
    cancelled_seat_nos, version, created_at, add_ons, is_extended)
  select l.partner_id, l.request_id, p_lanes[l.show], l.request_hash, l.effect, l.booking_id,
         l.state, l.cancelled::integer[], p_versions[l.show] + 1, v_now, l.add_ons, l.is_extended
    from unnest(l_shows, l_partner_ids, l_request_ids, l_hashes, l_effects, l_booking_ids, l_states,
                l_cancelled, l_add_ons, l_extended)
      as l(show, partner_id, request_id, request_hash, effect, booking_id, state, cancelled,
           add_ons, is_extended);

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
           version = p_versions[c.show] + 1, changed_at = v_now,
           total = coalesce(c.total, b.total), quote = coalesce(c.quote, b.quote)
      from unnest(c_shows, c_booking_ids, c_states_before, c_hold_untils_before, c_states,
                  c_payment_references, c_hold_untils, c_extensions, c_taken_again,
                  c_cancelled, c_superseded_by, c_totals, c_quotes)
        as c(show, booking_id, state_before, hold_until_before, state, payment_reference,
             hold_until, is_extended, is_taken_again, cancelled, superseded_by, total, quote)
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

  -- One row for all that is paid or was; holds and what becomes of them without money are nobody's sale.
  if l_states && '{2,5,6,7}'::smallint[] then
    insert into sales_outbox (partner_ids, request_ids, created_at)
    select array_agg(l.partner_id), array_agg(l.request_id), v_now
      from unnest(l_partner_ids, l_request_ids, l_states) as l(partner_id, request_id, state)
     where l.state in (2, 5, 6, 7);
  end if;

  perform pg_logical_emit_message(true, 'usher.seat', m) from unnest(p_messages) as m;
  return v_now;
end
$$;
