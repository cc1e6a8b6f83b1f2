-- Keys of partner $1 (0: of all), oldest first, after ($2 unused, $3 id), at most $4.
select k.key_id, k.partner_id, k.prefix, k.label, k.scopes, k.theatre_ids, k.created_at, k.expires_at,
       k.revoked_at, k.certificate, k.selling_per_second, k.reporting_per_second
  from api_key k
 where ($1::bigint = 0 or k.partner_id = $1) and $2::text = '' and k.key_id > $3::bigint
 order by k.key_id
 limit $4::bigint
