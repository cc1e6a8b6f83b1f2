-- The stream of sales: what partners and operators follow, durable, in an order of commit.
--
-- A sale leaves one row per transaction in the outbox, with a serial taken under the locks of its
-- shows. A serial is no position: a later one may be committed first. Positions are given to rows that
-- are committed, whenever somebody wants to read: rows that are seen at the same time by their
-- serials, rows that are seen later behind them. Of two transactions on one show, and of two of which
-- one was answered before the other began, the later one has the greater serial and is never seen
-- without the earlier; so positions have no gap, are never waited for, and nothing ever appears before
-- a position that was read.

-- What is not numbered yet: which requests had an effect on something paid. The rest is in request_log.
create table sales_outbox (
  serial bigint generated always as identity primary key,
  partner_ids bigint[] not null check (cardinality(partner_ids) > 0),
  request_ids uuid[] not null,
  created_at timestamptz not null
);

-- What is numbered.
create table sales_log (
  position bigint primary key,
  partner_ids bigint[] not null,
  request_ids uuid[] not null,
  created_at timestamptz not null
);

-- One row: how far numbering has come, and since when there has been an outbox. Its lock is the right to
-- number.
create table sales_stream (
  is_the_only boolean primary key default true check (is_the_only),
  last_position bigint not null default 0,
  began_at timestamptz not null
);
-- Where sales were made before, a minute is left for those that are being written now.
insert into sales_stream (began_at)
select case when exists (select from booking) then clock_timestamp() + interval '1 minute'
       else '-infinity' end;

-- How long the log is kept.
create function sales_retention() returns interval
language sql immutable parallel safe as $$ select interval '35 days' $$;

-- Numbers what is committed, at most p_limit transactions, and forgets some of what is too old. Returns
-- how far numbering has come, and whether there may be more to number.
create function number_sales(p_limit integer)
returns table (last_position bigint, may_be_more boolean)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_last bigint;
  v_count bigint;
begin
  -- What was seen to be numbered is counted in what is read of it afterwards.
  if not exists (select from sales_outbox) then
    return query select s.last_position, false from sales_stream s;
    return;
  end if;
  select s.last_position into strict v_last from sales_stream s for update;
  with numbered as (
    delete from sales_outbox o
     where o.serial in (select n.serial from sales_outbox n order by n.serial limit p_limit)
    returning o.*
  )
  insert into sales_log (position, partner_ids, request_ids, created_at)
  select v_last + row_number() over (order by n.serial), n.partner_ids, n.request_ids, n.created_at
    from numbered n;
  get diagnostics v_count = row_count;
  update sales_stream s set last_position = v_last + v_count;
  -- From the beginning on, so that no gap comes to be.
  delete from sales_log l
   where l.position < (
     select coalesce(min(o.position) filter (
                       where o.created_at >= clock_timestamp() - sales_retention()),
                     max(o.position) + 1)
       from (select k.position, k.created_at from sales_log k order by k.position limit p_limit) o);
  return query select v_last + v_count, v_count = p_limit;
end
$$;

-- The lane in a booking's id.
create function lane_of_booking(p_booking_id uuid) returns smallint
language sql immutable parallel safe as $$
  select (((get_byte(uuid_send(p_booking_id), 6) & 15) << 2)
          | (get_byte(uuid_send(p_booking_id), 7) >> 6))::smallint
$$;

-- What becomes of paid bookings finds its show like what has seats.
drop index booking_by_show;
create index booking_by_show on booking (lane, show_id) where state in (1, 2, 5, 6, 7);

-- As it was, and with the outbox.
create or replace function write_sales(
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

-- Checks what no constraint can of the stream of sales. No row means sound.
create function verify_sales_stream()
returns table (fault text, lane smallint, show_id bigint, seat_no integer, booking_id uuid)
language sql stable set jit = off as $$
  with told as (
    select q.partner_id, q.request_id
      from (select o.partner_ids, o.request_ids from sales_outbox o
            union all select k.partner_ids, k.request_ids from sales_log k) t,
           unnest(t.partner_ids, t.request_ids) as q(partner_id, request_id)
  )
  -- A paid booking's change that the stream does not tell.
  select 'sale_not_told', l.lane, coalesce(b.show_id, 0), null::integer, l.booking_id
    from request_log l
    left join booking b on b.lane = l.lane and b.booking_id = l.booking_id
    left join told t on t.partner_id = l.partner_id and t.request_id = l.request_id
   where l.booking_state in (2, 5, 6, 7) and t.request_id is null
     -- What is about to be forgotten may be gone.
     and l.created_at > greatest((select s.began_at from sales_stream s),
                                 now() - sales_retention() + interval '1 day')
  union all
  -- A change that the stream tells twice, or tells although it is no change of a paid booking.
  select 'sale_told_wrongly', coalesce(l.lane, 0::smallint), coalesce(b.show_id, 0), null::integer,
         l.booking_id
    from told t
    left join request_log l on l.partner_id = t.partner_id and l.request_id = t.request_id
    left join booking b on b.lane = l.lane and b.booking_id = l.booking_id
   group by t.partner_id, t.request_id, l.lane, b.show_id, l.booking_id, l.booking_state
  having count(*) > 1 or (l.booking_state in (2, 5, 6, 7)) is not true
  union all
  -- A position that is missing, or beyond the last that was given.
  select 'position_gap', 0::smallint, 0::bigint, null::integer, null::uuid
    from (select count(*) as total, min(k.position) as first, max(k.position) as last
            from sales_log k) c, sales_stream s
   where c.total > 0 and (c.last <> s.last_position or c.total <> c.last - c.first + 1)
  union all
  -- Sales of one show told in another order than that of its versions.
  select 'sale_out_of_order', v.lane, v.show_id, null::integer, v.booking_id
    from (select l.lane, b.show_id, l.booking_id, l.version,
                 max(l.version) over (partition by b.lane, b.show_id order by k.position
                                      range between unbounded preceding and 1 preceding) as before
            from sales_log k
            cross join unnest(k.partner_ids, k.request_ids) as q(partner_id, request_id)
            join request_log l on l.partner_id = q.partner_id and l.request_id = q.request_id
            join booking b on b.lane = l.lane and b.booking_id = l.booking_id) v
   where v.version <= v.before
$$;
