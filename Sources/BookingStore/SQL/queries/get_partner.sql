-- Partner $1.
select p.partner_id, p.name, p.state, p.created_at from partner p where p.partner_id = $1::bigint
