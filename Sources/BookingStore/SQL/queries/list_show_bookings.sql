-- Bookings of show $1 that partner $2 (null: anybody) may see by theatres $3 (null: all), in the columns of
-- the table, those after id $4, $5 of them, then the time. Ids rise with time.
-- One row without a booking when there is none after it, none at all when nothing may be seen.
with wanted as (
  select s.lane, s.show_id, $2::bigint is null or h.partner_id is not distinct from $2 as is_owner
    from show s join theatre h on h.theatre_id = s.theatre_id
   where s.show_id = $1::bigint and ($3::bigint[] is null or s.theatre_id = any ($3))
), visible as (
  select w.* from wanted w
   where w.is_owner or exists (
     select from booking b where b.lane = w.lane and b.show_id = w.show_id and b.partner_id = $2
        and b.state in (1, 2, 5, 6, 7))
)
select b.lane, b.booking_id, b.show_id, b.partner_id, b.customer_ref, b.request_id,
       b.state, b.seat_nos, b.total, b.currency,
       b.quote, b.hold_until, b.is_extended, b.payment_reference, b.version, b.created_at,
       b.changed_at, b.is_taken_again, b.cancelled_seat_nos, b.superseded_by,
       b.supersedes, b.exchange_credit, clock_timestamp()
  from visible v
  left join lateral (
    select * from booking b
     where b.lane = v.lane and b.show_id = v.show_id and b.state in (1, 2, 5, 6, 7)
       and (v.is_owner or b.partner_id = $2)
       and booking_state_at(b.state, b.hold_until, clock_timestamp()) <> 4
       and b.booking_id > $4::uuid
     order by b.booking_id limit $5::bigint
  ) b on true
