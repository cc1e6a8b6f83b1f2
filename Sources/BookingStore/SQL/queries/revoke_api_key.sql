-- Ends key $3 now; $1 is the key and $2 the name of who does it. One that is revoked stays as it was.
with before as (
  select k.key_id, k.revoked_at from api_key k where k.key_id = $3::bigint for update),
ended as (
  update api_key k set revoked_at = coalesce(b.revoked_at, clock_timestamp())
    from before b where k.key_id = b.key_id
  returning k.key_id, k.partner_id, k.prefix, k.label, k.scopes, k.theatre_ids, k.created_at,
            k.expires_at, k.revoked_at, k.certificate, k.selling_per_second,
            k.reporting_per_second),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, key_id, detail)
  select $1::bigint, $2::text, 'REVOKE_API_KEY', e.partner_id, e.key_id,
         jsonb_build_object('prefix', e.prefix)
    from ended e join before b using (key_id) where b.revoked_at is null)
select e.* from ended e
