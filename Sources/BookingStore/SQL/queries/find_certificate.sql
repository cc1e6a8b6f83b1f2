-- The partner behind a client certificate that is known by names $1: the first name that a key has
-- decides, by its latest key. As find_credential, and last, whether the key is good at all.
select k.partner_id, k.key_id, p.state, k.prefix, k.scopes, k.theatre_ids,
       (extract(epoch from k.expires_at - clock_timestamp()) * 1000000)::bigint,
       k.selling_per_second, k.reporting_per_second,
       k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
  from unnest($1::text[]) with ordinality shown (name, place)
  join api_key k on k.certificate = shown.name and k.certificate <> ''
  join partner p using (partner_id)
 order by shown.place, k.revoked_at is not null, k.key_id desc
 limit 1
