-- Customers that made holds within the last $1 microseconds and look suspicious: at least $2 holds that were
-- never paid, being at least $3 of a hundred of those that are over; or $4 holds within a minute. Those with
-- the most unpaid holds first, at most $5. A customer is a partner's name for one; holds without a name are
-- nobody's. Ids begin with the time of a node, which may be some minutes off. Of each lane the newest 20,000
-- bookings are looked at.
with made as (
  select b.partner_id, b.customer_ref, b.created_at,
         booking_state_at(b.state, b.hold_until, clock_timestamp()) as state
    from generate_series(0, 63) as n(lane)
   cross join lateral (
     select * from booking b
      where b.lane = n.lane
        and b.booking_id >= (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint
                                         - $1::bigint / 1000 - 600000), 12, '0')
                             || '00000000000000000000')::uuid
      order by b.booking_id desc limit 20000) b
   where b.customer_ref <> '' and b.supersedes is null
     and b.created_at >= clock_timestamp() - $1 * interval '1 microsecond'
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
)
select c.partner_id, c.customer_ref, c.holds, c.unpaid, c.paid, c.busiest, c.first_at, c.last_at,
       c.unpaid >= $2::bigint and c.unpaid * 100 >= $3::bigint * (c.unpaid + c.paid),
       c.busiest >= $4::bigint,
       -- An account's bookings are in the name of its id.
       case when c.partner_id = 0 and c.customer_ref ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            then (select a.state from account a where a.account_id = c.customer_ref::uuid) end
  from customer c
 where c.unpaid >= $2 and c.unpaid * 100 >= $3 * (c.unpaid + c.paid) or c.busiest >= $4
 order by c.unpaid desc, c.busiest desc, c.partner_id, c.customer_ref
 limit $5::bigint
