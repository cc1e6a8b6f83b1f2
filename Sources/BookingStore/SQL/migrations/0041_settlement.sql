-- What was charged and given back, day by day, for statements that never change once their period is closed:
-- summed up by the numbering of the stream of sales, in its own transaction.

-- The theatres whose sales a transaction is about; null for what was numbered before they were noted.
alter table sales_log add column theatre_ids bigint[];

alter table sales_stream
  -- All that happened before is numbered, whatever is under way.
  add column counted_until timestamptz not null default '-infinity',
  -- A moment to be counted until once every transaction older than marked_by has ended. Whoever changes a
  -- paid booking has its transaction id before it looks at the clock; so who had none at that moment looks
  -- at the clock afterwards.
  add column marked_at timestamptz,
  add column marked_by xid8;

-- What each request did to money, a row per theatre: of a booking only what never changes is read. Without
-- requests that changed nothing paid.
--
-- Of an exchange, what the old seats had cost pays for the new ones as far as it goes (credited), for the
-- old booking's theatre; what is given back of the rest is refunded as by a cancellation.
create view sale_money as
select l.partner_id, l.request_id, l.lane, l.created_at, p.show_lane, p.show_id, p.starts_at, p.theatre_id,
       (l.created_at at time zone p.time_zone)::date as day, b.currency,
       p.sold, p.gross, p.returned, p.refunded, p.credited
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
          0::bigint as credited
     from show s join theatre t on t.theatre_id = s.theatre_id
    where s.lane = b.lane and s.show_id = b.show_id
   union all
   select s.lane, s.show_id, lower(s.during), s.theatre_id, t.time_zone, 0, 0,
          cardinality(o.seat_nos) - coalesce(cardinality(o.cancelled_seat_nos), 0),
          coalesce((select f.amount from refund f
                     where f.partner_id = l.partner_id and f.request_id = l.request_id), 0),
          least(b.exchange_credit, b.total)
     from booking o
     join show s on s.lane = o.lane and s.show_id = o.show_id
     join theatre t on t.theatre_id = s.theatre_id
    where l.effect = 'exchanged'
      and o.lane = lane_of_booking(b.supersedes) and o.booking_id = b.supersedes) p
 where l.effect in ('confirmed', 'cancelled', 'exchanged') and l.booking_state in (2, 5, 6, 7);

-- What money moved on a day of the theatre's clock, by seller and currency.
create table settlement_day (
  theatre_id bigint not null,
  day date not null,
  seller_id bigint not null,
  currency text not null,
  sold bigint not null,
  gross bigint not null,
  returned bigint not null,
  refunded bigint not null,
  credited bigint not null,
  primary key (theatre_id, day, seller_id, currency)
) with (fillfactor = 50);
create index settlement_day_by_seller on settlement_day (seller_id, theatre_id, day);

-- Shows of which a partner has sold something, by when they begin.
create table sold_show (
  show_id bigint not null,
  seller_id bigint not null,
  lane smallint not null,
  starts_at timestamptz not null,
  primary key (show_id, seller_id)
);
create index sold_show_by_seller on sold_show (seller_id, starts_at);

create function move_sold_show() returns trigger
language plpgsql as $$
begin
  update sold_show k set starts_at = lower(new.during) where k.show_id = new.show_id;
  return null;
end
$$;
create trigger sold_show_moved after update of during on show
for each row when (lower(old.during) <> lower(new.during)) execute function move_sold_show();

-- Numbers what is committed up to serial p_until, about p_limit requests, counts what they did to money, and
-- forgets some of what is too old. Returns how far numbering has come, and whether there may be more to
-- number. Who need not wait leaves it to whoever numbers just now.
drop function number_sales(integer);
create function number_sales(p_limit integer, p_until bigint, p_waits boolean)
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
           m.returned, m.refunded, m.credited
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
    insert into sold_show (show_id, seller_id, lane, starts_at)
    select distinct m.show_id, m.seller_id, m.show_lane, m.starts_at from money m where m.sold > 0
    on conflict do nothing
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
with told as (
  select k.position, m.*
    from sales_log k
   cross join lateral unnest(k.partner_ids, k.request_ids) as q(partner_id, request_id)
    join sale_money m on m.partner_id = q.partner_id and m.request_id = q.request_id
), counted as (
  insert into settlement_day (
    theatre_id, day, seller_id, currency, sold, gross, returned, refunded, credited)
  select m.theatre_id, m.day, m.partner_id, m.currency, sum(m.sold), sum(m.gross), sum(m.returned),
         sum(m.refunded), sum(m.credited)
    from told m group by 1, 2, 3, 4
)
update sales_log k set theatre_ids = t.theatre_ids
  from (select m.position, array_agg(distinct m.theatre_id) as theatre_ids from told m group by 1) t
 where t.position = k.position;
insert into sold_show (show_id, seller_id, lane, starts_at)
select distinct s.show_id, b.partner_id, s.lane, lower(s.during)
  from booking b join show s on s.lane = b.lane and s.show_id = b.show_id
 where b.state in (2, 5, 6, 7) and b.payment_reference <> '';

-- As it was, and what was counted.
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
$$;

-- Changes a show that there is to what a row says, as far as that is allowed: what it is and when only
-- while nobody has seats of it or waits for some, its currency only if none was ever paid for, prices and
-- the beginning and end of its sale always. The caller holds its row.
create or replace function change_show(
  p_row schedule_row, p_tiers text[], p_minor_units bigint[], out outcome text,
  out other_show_id bigint)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_present show;
  v_is_other boolean;
  v_state smallint;
  v_count integer;
begin
  select s.* into v_present from show s
   where s.lane = p_row.lane and s.show_id = p_row.show_id;
  v_state := coalesce(p_row.sales_state, v_present.sales_state);
  v_is_other := (v_present.kind, v_present.movie_id, v_present.title, v_present.language,
                 v_present.format, v_present.during, v_present.currency)
    is distinct from (p_row.kind, p_row.movie_id, p_row.title, p_row.language, p_row.format,
                      p_row.during, p_row.currency);
  if (v_is_other or v_state = 4 and v_present.sales_state <> 4)
     and is_sold_from(p_row.lane, p_row.show_id)
     -- What was paid and given back is counted in the show's currency.
     or v_present.currency <> p_row.currency
     and exists (select from booking b
                  where b.lane = p_row.lane and b.show_id = p_row.show_id
                    and b.state in (2, 5, 6, 7) and b.payment_reference <> '') then
    outcome := 'SHOW_HAS_SALES';
    return;
  end if;
  outcome := 'UNCHANGED';
  if v_is_other or v_state <> v_present.sales_state then
    begin
      update show s
         set kind = p_row.kind, movie_id = p_row.movie_id, title = p_row.title,
             language = p_row.language, format = p_row.format, during = p_row.during,
             currency = p_row.currency, sales_state = v_state
       where s.lane = p_row.lane and s.show_id = p_row.show_id;
      outcome := 'UPDATED';
    exception when exclusion_violation then
      outcome := 'SHOW_OVERLAPS';
      select s.show_id into other_show_id from show s
       where s.auditorium_id = p_row.auditorium_id and s.during && p_row.during
         and s.sales_state <> 4 and s.show_id <> p_row.show_id
       order by lower(s.during) limit 1;
      return;
    end;
  end if;
  update show_price p set minor_units = t.minor_units
    from unnest(p_tiers[p_row.first_price : p_row.last_price],
                p_minor_units[p_row.first_price : p_row.last_price]) as t(tier, minor_units)
   where p.lane = p_row.lane and p.show_id = p_row.show_id and p.tier = t.tier
     and p.minor_units <> t.minor_units;
  get diagnostics v_count = row_count;
  if v_count > 0 then outcome := 'UPDATED'; end if;
end
$$;
