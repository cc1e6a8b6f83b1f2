-- Whose theatre $1 is, while it is open or, with $2, even afterwards.
select t.theatre_id, t.partner_id from theatre t
 where t.theatre_id = $1::bigint and (t.closed_at is null or $2::boolean)
