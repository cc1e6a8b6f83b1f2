-- Customers that made holds within the last $1 microseconds and look suspicious: at least $2 holds that were
-- never paid, being at least $3 of a hundred of those that are over; or $4 holds within a minute. Those with
-- the most unpaid holds first, at most $5. A customer is a partner's name for one; holds without a name are
-- nobody's. Ids begin with the time of a node, which may be some minutes off. Of each lane the newest $6
-- bookings that ended unpaid are looked at, and the newest $6 others. Each row tells from when on these and
-- those were looked at, and whether both are as far back as was asked; without customers there is one row.
with horizon as materialized (
  select (lpad(to_hex((extract(epoch from n.now) * 1000)::bigint - $1::bigint / 1000 - 600000), 12, '0')
          || '00000000000000000000')::uuid as booking_id,
         n.now - $1 * interval '1 microsecond' as since, n.now
    from (select clock_timestamp() as now) n
), unpaid as materialized (
  select b.*
    from horizon h cross join generate_series(0, 63) as n(lane)
   cross join lateral (
     select k.lane, k.partner_id, k.customer_ref, k.created_at, k.supersedes, k.state from booking k
      where k.lane = n.lane and k.booking_id >= h.booking_id and k.state in (3, 4)
        and k.customer_ref <> ''
      order by k.booking_id desc limit $6::bigint) b
), other as materialized (
  select b.*
    from horizon h cross join generate_series(0, 63) as n(lane)
   cross join lateral (
     select k.lane, k.partner_id, k.customer_ref, k.created_at, k.supersedes,
            booking_state_at(k.state, k.hold_until, h.now) as state
       from booking k
      where k.lane = n.lane and k.booking_id >= h.booking_id and k.state not in (3, 4)
      order by k.booking_id desc limit $6) b
), reach as materialized (
  select greatest(h.since, (select max(l.first_at)
                              from (select min(u.created_at) as first_at from unpaid u
                                     group by u.lane having count(*) >= $6) l)) as unpaid_since,
         greatest(h.since, (select max(l.first_at)
                              from (select min(o.created_at) as first_at from other o
                                     group by o.lane having count(*) >= $6) l)) as other_since,
         h.since
    from horizon h
), made as (
  select m.partner_id, m.customer_ref, m.created_at, m.state
    from (select * from unpaid union all select * from other) m, horizon h
   where m.customer_ref <> '' and m.supersedes is null and m.created_at >= h.since
), minute as (
  select m.partner_id, m.customer_ref, count(*) as holds,
         count(*) filter (where m.state in (3, 4)) as unpaid,
         count(*) filter (where m.state in (2, 5, 6, 7)) as paid,
         min(m.created_at) as first_at, max(m.created_at) as last_at
    from made m group by m.partner_id, m.customer_ref, date_trunc('minute', m.created_at)
), customer as (
  select m.partner_id, m.customer_ref, sum(m.holds)::bigint as holds, sum(m.unpaid)::bigint as unpaid,
         sum(m.paid)::bigint as paid, max(m.holds) as busiest, min(m.first_at) as first_at,
         max(m.last_at) as last_at
    from minute m group by m.partner_id, m.customer_ref
), suspect as (
  select c.partner_id, c.customer_ref, c.holds, c.unpaid, c.paid, c.busiest, c.first_at, c.last_at,
         c.unpaid >= $2::bigint and c.unpaid * 100 >= $3::bigint * (c.unpaid + c.paid) as has_unpaid,
         c.busiest >= $4::bigint as is_fast,
         -- An account's bookings are in the name of its id.
         case when c.partner_id = 0 and c.customer_ref ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
              then (select a.state from account a where a.account_id = c.customer_ref::uuid) end as account_state
    from customer c
   where c.unpaid >= $2 and c.unpaid * 100 >= $3 * (c.unpaid + c.paid) or c.busiest >= $4
   order by c.unpaid desc, c.busiest desc, c.partner_id, c.customer_ref
   limit $5::bigint
)
select s.*, r.unpaid_since, greatest(r.unpaid_since, r.other_since),
       r.unpaid_since > r.since or r.other_since > r.since
  from reach r left join suspect s on true
 order by s.unpaid desc, s.busiest desc, s.partner_id, s.customer_ref
