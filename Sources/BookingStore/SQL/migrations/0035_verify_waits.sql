-- What is set aside for a partner goes to its own parties, whoever of others waits before them.

-- Checks what no constraint can of the waiting lists. No row means sound.
create or replace function verify_waits()
returns table (fault text, lane smallint, show_id bigint, seat_no integer, booking_id uuid)
language sql stable set jit = off as $$
  -- Served before somebody who had come earlier and waited on, not from what was set aside for its partner.
  select 'party_overtaken', s.lane, s.show_id, null::integer, s.booking_id
    from waitlist_entry s
   where s.state = 2 and exists (
     select from waitlist_entry w
      where w.lane = s.lane and w.show_id = s.show_id and w.arrival < s.arrival
        and (w.state = 1 or w.ended_version > s.ended_version)
        and (w.partner_id = s.partner_id or not exists (
          select from seat_allocation a
           where a.show_id = s.show_id and a.partner_id = s.partner_id)))
  union all
  -- An order of arrival with a gap.
  select 'arrival_gap', w.lane, w.show_id, null::integer, null::uuid
    from waitlist_entry w
   group by w.lane, w.show_id having max(w.arrival) <> count(*)
  union all
  -- Served without a hold of as many seats.
  select 'served_without_booking', w.lane, w.show_id, null::integer, w.booking_id
    from waitlist_entry w left join booking b on b.lane = w.lane and b.booking_id = w.booking_id
   where w.state = 2 and (b.booking_id is null or b.show_id <> w.show_id
         or b.partner_id <> w.partner_id or b.customer_ref <> w.customer_ref
         or cardinality(b.seat_nos) <> w.seat_count)
  union all
  -- An offer to nobody who was served, and not exchanged for one.
  select 'offer_without_party', b.lane, b.show_id, null::integer, b.booking_id
    from booking b
   where b.request_id = b.booking_id and not exists (
     select from waitlist_entry w
      where w.lane = b.lane and w.show_id = b.show_id and w.booking_id = b.booking_id
        and w.state = 2)
     and not exists (
     select from booking o
      where o.lane = b.lane and o.booking_id = b.supersedes and o.request_id = o.booking_id
        and o.show_id = b.show_id and o.partner_id = b.partner_id)
  union all
  -- A line from a version that its show has not reached.
  select 'queue_ahead_of_show', w.lane, w.show_id, null::integer, null::uuid
    from waitlist_entry w join show s on s.lane = w.lane and s.show_id = w.show_id
   where coalesce(w.ended_version, 1) > s.queue_version
$$;
