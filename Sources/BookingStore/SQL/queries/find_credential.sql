-- The partner behind the API key with SHA-256 $1, and for how many microseconds the key is still good
-- (null: for ever), unless it was revoked or its time is over.
select k.partner_id, k.key_id, p.state, k.prefix, k.scopes, k.theatre_ids,
       (extract(epoch from k.expires_at - clock_timestamp()) * 1000000)::bigint,
       k.selling_per_second, k.reporting_per_second
  from api_key k join partner p using (partner_id)
 where k.key_hash = $1::bytea and k.revoked_at is null
   and (k.expires_at is null or k.expires_at > clock_timestamp())
