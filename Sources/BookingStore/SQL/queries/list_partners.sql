-- Partners by name, after ($1 name, $2 id), at most $3.
select p.partner_id, p.name, p.state, p.created_at
  from partner p
 where (p.name, p.partner_id) > ($1::text, $2::bigint)
 order by p.name, p.partner_id
 limit $3::bigint
