-- Gives key $3 a successor with SHA-256 $4 and prefix $5 that may do the same, for as long as $3 might
-- when it was new; $3 itself ends in $6 microseconds, or earlier if it would have. $1 is the key and $2
-- the name of who does it. No row when there is no such key, it is
-- over, it has a successor, or its secret is a certificate.
with before as (
  select k.* from api_key k
   where k.key_id = $3::bigint and k.certificate = '' and k.revoked_at is null
     and k.rotated_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
     for update),
ended as (
  update api_key k
     set rotated_at = clock_timestamp(), expires_at = least(
           coalesce(b.expires_at, 'infinity'), clock_timestamp() + $6::bigint * interval '1 microsecond')
    from before b where k.key_id = b.key_id
  returning k.key_id, k.expires_at),
made as (
  insert into api_key (
    key_hash, partner_id, prefix, label, scopes, theatre_ids, expires_at, selling_per_second,
    reporting_per_second)
  select $4::bytea, b.partner_id, $5::text, b.label, b.scopes, b.theatre_ids,
         clock_timestamp() + (b.expires_at - b.created_at), b.selling_per_second,
         b.reporting_per_second
    from before b
  returning key_id, partner_id, prefix, label, scopes, theatre_ids, created_at, expires_at, revoked_at,
            certificate, selling_per_second, reporting_per_second),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, key_id, detail)
  select $1::bigint, $2::text, 'ROTATE_API_KEY', m.partner_id, e.key_id,
         jsonb_build_object('successor', m.key_id, 'prefix', m.prefix, 'ends_at', e.expires_at)
    from made m, ended e)
select m.* from made m
