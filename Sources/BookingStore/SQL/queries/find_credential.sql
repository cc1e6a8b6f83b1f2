-- The partner behind the API key with SHA-256 $1, unless the key was revoked.
select k.partner_id, p.name, p.state, k.prefix, k.scopes
  from api_key k join partner p using (partner_id)
 where k.key_hash = $1::bytea and k.revoked_at is null
