-- Key $1.
select k.key_id, k.partner_id, k.prefix, k.label, k.scopes, k.theatre_ids, k.created_at, k.expires_at,
       k.revoked_at, k.certificate, k.selling_per_second, k.reporting_per_second
  from api_key k where k.key_id = $1::bigint
