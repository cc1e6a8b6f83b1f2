-- What is sold of each show by each seller, summed up by the numbering of sales as settlement is: figures about a
-- whole house read a row for each show instead of its bookings.

-- What the seats among p_wanted cost in a quote for seats p_seat_nos, with what was added to them.
create function price_of_seats(p_quote text, p_seat_nos integer[], p_wanted integer[]) returns bigint
language sql immutable as $$
  select case when p_wanted is null then 0 else (
    select coalesce(sum(split_part(l.line, chr(9), 2)::bigint), 0)::bigint
      from string_to_table(p_quote, chr(10)) as l(line)
      -- What cannot be read is for others to find.
     where case when l.line ~ '^\d\t-?\d{1,18}\t'
                then p_seat_nos[split_part(l.line, chr(9), 1)::integer + 1] = any (p_wanted) end) end
$$;

-- As it was, with what becomes of bookings: how many more there are that have seats, what more these cost, and
-- how many seats were cancelled.
create or replace view sale_money as
select l.partner_id, l.request_id, l.lane, l.created_at, p.show_lane, p.show_id, p.starts_at, p.theatre_id,
       (l.created_at at time zone p.time_zone)::date as day, b.currency,
       p.sold, p.gross, p.returned, p.refunded, p.credited, p.bookings, p.amount, p.cancelled
  from request_log l
  join booking b on b.lane = l.lane and b.booking_id = l.booking_id
 cross join lateral (
   select s.lane as show_lane, s.show_id, lower(s.during) as starts_at, s.theatre_id, t.time_zone,
          case when l.effect <> 'cancelled' then cardinality(b.seat_nos) else 0 end as sold,
          case when l.effect <> 'cancelled' then b.total else 0 end as gross,
          case when l.effect = 'cancelled' then (
            select cardinality(f.seat_nos) from refund f
             where f.partner_id = l.partner_id and f.request_id = l.request_id) else 0 end as returned,
          case when l.effect = 'cancelled' then (
            select f.amount from refund f
             where f.partner_id = l.partner_id and f.request_id = l.request_id) else 0 end as refunded,
          0::bigint as credited,
          case when l.effect <> 'cancelled' then 1 when l.booking_state = 5 then -1 else 0 end as bookings,
          case when l.effect <> 'cancelled' then b.total else - (
            select price_of_seats(b.quote, b.seat_nos, f.seat_nos) from refund f
             where f.partner_id = l.partner_id and f.request_id = l.request_id) end as amount,
          case when l.effect = 'cancelled' then (
            select cardinality(f.seat_nos) from refund f
             where f.partner_id = l.partner_id and f.request_id = l.request_id) else 0 end as cancelled
     from show s join theatre t on t.theatre_id = s.theatre_id
    where s.lane = b.lane and s.show_id = b.show_id
   union all
   select s.lane, s.show_id, lower(s.during), s.theatre_id, t.time_zone, 0, 0,
          cardinality(o.seat_nos) - coalesce(cardinality(o.cancelled_seat_nos), 0),
          coalesce((select f.amount from refund f
                     where f.partner_id = l.partner_id and f.request_id = l.request_id), 0),
          least(b.exchange_credit, b.total), -1,
          price_of_seats(o.quote, o.seat_nos, o.cancelled_seat_nos) - o.total, 0
     from booking o
     join show s on s.lane = o.lane and s.show_id = o.show_id
     join theatre t on t.theatre_id = s.theatre_id
    where l.effect = 'exchanged'
      and o.lane = lane_of_booking(b.supersedes) and o.booking_id = b.supersedes) p
 where l.effect in ('confirmed', 'cancelled', 'exchanged') and l.booking_state in (2, 5, 6, 7);

-- Of the bookings that are paid: those that have seats, these seats and what they cost; and what was cancelled
-- and given back of all.
alter table sold_show
  add column bookings bigint not null default 0,
  add column seats bigint not null default 0,
  add column amount bigint not null default 0,
  add column cancelled bigint not null default 0,
  add column refunded bigint not null default 0;
alter table sold_show set (fillfactor = 70);

-- As it was, and counts by show.
create or replace function number_sales(p_limit integer, p_until bigint, p_waits boolean)
returns table (last_position bigint, may_be_more boolean)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare
  v_now timestamptz := clock_timestamp();
  v_is_first boolean := pg_current_xact_id_if_assigned() is null;
  v_stream sales_stream;
  v_snapshot pg_snapshot;
  v_last bigint;
  v_count bigint;
  v_requests bigint;
  v_has_all boolean;
  v_advances boolean;
begin
  -- What was seen to be numbered is counted in what is read of it afterwards.
  if not exists (select from sales_outbox)
     and (p_waits or exists (select from sales_stream s where s.marked_at > v_now - interval '5 seconds'))
  then
    return query select s.last_position, false from sales_stream s;
    return;
  end if;
  if p_waits then
    select s.* into strict v_stream from sales_stream s for update;
  else
    select s.* into v_stream from sales_stream s for update skip locked;
    if not found then
      return query select s.last_position, false from sales_stream s;
      return;
    end if;
  end if;
  v_snapshot := pg_current_snapshot();

  select max(n.serial) into v_last
    from (select q.serial, cardinality(q.request_ids) as requests,
                 sum(cardinality(q.request_ids)) over (order by q.serial) as total
            from sales_outbox q where q.serial <= p_until order by q.serial limit p_limit) n
   where n.total - n.requests < p_limit;
  with numbered as materialized (
    delete from sales_outbox o where o.serial <= v_last returning o.*
  ), money as materialized (
    -- What is the transaction's comes with its first request.
    select n.serial, n.created_at, case when q.place = 1 then n.partner_ids end as partner_ids,
           case when q.place = 1 then n.request_ids end as request_ids, q.partner_id as seller_id,
           m.show_lane, m.show_id, m.starts_at, m.theatre_id, m.day, m.currency, m.sold, m.gross,
           m.returned, m.refunded, m.credited, m.bookings, m.amount, m.cancelled
      from numbered n
     cross join lateral unnest(n.partner_ids, n.request_ids) with ordinality
             as q(partner_id, request_id, place)
      -- One by one, whatever the planner knows of the tables.
      left join lateral (
        select k.* from sale_money k
         where k.partner_id = q.partner_id and k.request_id = q.request_id offset 0) m on true
  ), logged as (
    insert into sales_log (position, partner_ids, request_ids, created_at, theatre_ids)
    select v_stream.last_position + row_number() over (order by m.serial), max(m.partner_ids),
           max(m.request_ids), m.created_at,
           coalesce(array_agg(distinct m.theatre_id) filter (where m.theatre_id is not null), '{}')
      from money m group by m.serial, m.created_at
  ), counted as (
    insert into settlement_day as d (
      theatre_id, day, seller_id, currency, sold, gross, returned, refunded, credited)
    select m.theatre_id, m.day, m.seller_id, m.currency, sum(m.sold), sum(m.gross), sum(m.returned),
           sum(m.refunded), sum(m.credited)
      from money m where m.theatre_id is not null group by 1, 2, 3, 4
    on conflict (theatre_id, day, seller_id, currency) do update
      set sold = d.sold + excluded.sold, gross = d.gross + excluded.gross,
          returned = d.returned + excluded.returned, refunded = d.refunded + excluded.refunded,
          credited = d.credited + excluded.credited
  ), noted as (
    insert into sold_show as k (
      show_id, seller_id, lane, starts_at, bookings, seats, amount, cancelled, refunded)
    select m.show_id, m.seller_id, m.show_lane, m.starts_at, sum(m.bookings), sum(m.sold - m.returned),
           sum(m.amount), sum(m.cancelled), sum(m.refunded)
      from money m where m.theatre_id is not null group by 1, 2, 3, 4
    on conflict (show_id, seller_id) do update
      set bookings = k.bookings + excluded.bookings, seats = k.seats + excluded.seats,
          amount = k.amount + excluded.amount, cancelled = k.cancelled + excluded.cancelled,
          refunded = k.refunded + excluded.refunded
  )
  select count(*), coalesce(sum(cardinality(n.request_ids)), 0) into v_count, v_requests from numbered n;

  v_has_all := v_count < p_limit and v_requests < p_limit;
  v_advances := v_has_all and p_until = 9223372036854775807
    and v_stream.marked_by <= pg_snapshot_xmin(v_snapshot);
  update sales_stream s
     set last_position = v_stream.last_position + v_count,
         counted_until = case when v_advances then greatest(s.counted_until, s.marked_at)
                              else s.counted_until end,
         marked_at = case when not v_is_first then s.marked_at
                          when v_advances or s.marked_by is null then v_now else s.marked_at end,
         marked_by = case when not v_is_first then s.marked_by
                          when v_advances or s.marked_by is null then pg_current_xact_id()
                          else s.marked_by end;
  -- From the beginning on, so that no gap comes to be.
  delete from sales_log l
   where l.position < (
     select coalesce(min(o.position) filter (
                       where o.created_at >= clock_timestamp() - sales_retention()),
                     max(o.position) + 1)
       from (select k.position, k.created_at from sales_log k order by k.position limit p_limit) o);
  return query select v_stream.last_position + v_count, not v_has_all;
end
$$;

-- What is numbered already is counted once, while nobody numbers.
select from sales_stream for update;
insert into sold_show as k (
  show_id, seller_id, lane, starts_at, bookings, seats, amount, cancelled, refunded)
select m.show_id, m.partner_id, m.show_lane, m.starts_at, sum(m.bookings), sum(m.sold - m.returned),
       sum(m.amount), sum(m.cancelled), sum(m.refunded)
  from sale_money m
 where not exists (
   select from sales_outbox o
    cross join lateral unnest(o.partner_ids, o.request_ids) as q(partner_id, request_id)
    where q.partner_id = m.partner_id and q.request_id = m.request_id)
 group by 1, 2, 3, 4
on conflict (show_id, seller_id) do update
  set bookings = excluded.bookings, seats = excluded.seats, amount = excluded.amount,
      cancelled = excluded.cancelled, refunded = excluded.refunded;

-- As it was, and the sums by show.
create or replace function verify_sales_stream()
returns table (fault text, lane smallint, show_id bigint, seat_no integer, booking_id uuid)
language sql stable set jit = off as $$
  with told as (
    select q.partner_id, q.request_id
      from (select o.partner_ids, o.request_ids from sales_outbox o
            union all select k.partner_ids, k.request_ids from sales_log k) t,
           unnest(t.partner_ids, t.request_ids) as q(partner_id, request_id)
  ), waiting as materialized (
    select q.partner_id, q.request_id
      from sales_outbox o, unnest(o.partner_ids, o.request_ids) as q(partner_id, request_id)
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
  union all
  -- A theatre's day of which other sums are kept than its sales come to.
  select 'settlement_differs', coalesce(t.lane, 0::smallint), 0::bigint, null::integer, null::uuid
    from (select m.theatre_id, m.day, m.partner_id as seller_id, m.currency, sum(m.sold) as sold,
                 sum(m.gross) as gross, sum(m.returned) as returned, sum(m.refunded) as refunded,
                 sum(m.credited) as credited
            from sale_money m
           where m.created_at > (select s.began_at from sales_stream s)
             and not exists (select from waiting w
                              where w.partner_id = m.partner_id and w.request_id = m.request_id)
           group by 1, 2, 3, 4) m
    full join settlement_day d using (theatre_id, day, seller_id, currency)
    left join theatre t on t.theatre_id = coalesce(m.theatre_id, d.theatre_id)
   where (m.sold, m.gross, m.returned, m.refunded, m.credited)
           is distinct from (d.sold, d.gross, d.returned, d.refunded, d.credited)
     -- In a sandbox sales move to other days when time is made to pass.
     and not exists (select from sandbox)
     -- Of the day on which the stream began a part may be counted.
     and day > (select s.began_at + interval '2 days' from sales_stream s)
  union all
  -- A show of which other sums are kept than its bookings come to.
  select 'sales_sum_differs', coalesce(b.lane, k.lane), show_id, null::integer, null::uuid
    from (select b.lane, b.show_id, b.partner_id as seller_id,
                 count(*) filter (where b.state in (2, 7)) as bookings,
                 sum(case when b.state in (2, 7)
                          then cardinality(b.seat_nos) - coalesce(cardinality(b.cancelled_seat_nos), 0)
                          else 0 end) as seats,
                 sum(case when b.state in (2, 7)
                          then b.total - price_of_seats(b.quote, b.seat_nos, b.cancelled_seat_nos)
                          else 0 end) as amount,
                 sum(case b.state when 5 then cardinality(b.seat_nos)
                                  else coalesce(cardinality(b.cancelled_seat_nos), 0) end) as cancelled,
                 sum((select coalesce(sum(r.amount), 0) from refund r
                       where r.lane = b.lane and r.booking_id = b.booking_id)) as refunded
            from booking b
           where b.state in (2, 5, 6, 7) and b.payment_reference <> '' group by 1, 2, 3) b
    full join sold_show k using (show_id, seller_id)
   where (b.bookings, b.seats, b.amount, b.cancelled, b.refunded)
           is distinct from (k.bookings, k.seats, k.amount, k.cancelled, k.refunded)
     -- Of what is not numbered yet nothing is counted.
     and not exists (select from waiting w
                       join sale_money m on m.partner_id = w.partner_id and m.request_id = w.request_id
                      where m.show_id = coalesce(b.show_id, k.show_id))
$$;
