-- Paid bookings, and what became of them, of lane $1 whose id ends in the 44 bits $2, as far as partner $3
-- (null: anybody) may see them by theatres $4 (null: all): in the columns of the table, then the time, then
-- the name, e-mail address and phone of the account that bought, empty for partners' customers. Two at
-- most: one, or proof that there are more.
select b.lane, b.booking_id, b.show_id, b.partner_id, b.customer_ref, b.request_id,
       b.state, b.seat_nos, b.total, b.currency,
       b.quote, b.hold_until, b.is_extended, b.payment_reference, b.version, b.created_at,
       b.changed_at, b.is_taken_again, b.cancelled_seat_nos, b.superseded_by,
       b.supersedes, b.exchange_credit, clock_timestamp(),
       coalesce(a.name, ''), coalesce(a.email, ''), coalesce(a.phone, '')
  from booking b
  join show s on s.lane = b.lane and s.show_id = b.show_id
  join theatre h on h.theatre_id = s.theatre_id
  -- The house's own keys may sell to guests, whose names are no account's.
  left join account a on b.partner_id = 0 and a.account_id = (
    case when b.partner_id = 0
              and b.customer_ref ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
         then b.customer_ref end)::uuid
 where b.lane = $1::smallint and ('x' || right(b.booking_id::text, 11))::bit(44)::bigint = $2::bigint
   and b.payment_reference <> ''
   and ($3::bigint is null or h.partner_id = $3 or b.partner_id = $3)
   and ($4::bigint[] is null or s.theatre_id = any ($4))
 order by b.booking_id
 limit 2
