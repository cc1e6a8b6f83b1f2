-- What accounts that were blocked or closed of late still hold, at most $1, and where they wait, but for the
-- shows $2: the booking or null, lane and show, the party or null. Forgets accounts of which nothing can come any more.
with over as (
  delete from account_ending e where e.since < clock_timestamp() - interval '10 minutes')
select b.booking_id, b.lane, b.show_id, null::uuid
  from (select b.booking_id, b.lane, b.show_id
          from account_ending e
          join booking b on b.customer_ref = e.account_id::text and b.partner_id = 0 and b.state = 1
         where b.show_id <> all ($2::bigint[])
         limit $1::integer) b
union all
select null, w.lane, w.show_id, w.request_id
  from (select w.lane, w.show_id, w.request_id
          from account_ending e
          join waitlist_entry w
            on w.customer_ref = e.account_id::text and w.partner_id = 0 and w.state = 1
         where w.show_id <> all ($2::bigint[])
         limit $1::integer) w
