-- Whose party a request of partner $1 with id $2 let in.
select w.customer_ref from waitlist_entry w
 where w.partner_id = $1::bigint and w.request_id = $2::uuid
