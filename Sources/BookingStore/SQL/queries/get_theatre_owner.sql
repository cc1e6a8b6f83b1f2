-- Whose theatre $1 is.
select t.theatre_id, t.partner_id from theatre t where t.theatre_id = $1::bigint
