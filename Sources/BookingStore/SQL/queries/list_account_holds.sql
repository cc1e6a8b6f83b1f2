-- What the account named $1 holds.
select b.booking_id from booking b
 where b.customer_ref = $1::text and b.partner_id = 0 and b.state = 1
