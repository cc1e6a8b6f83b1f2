-- Gives partner $3 a key: SHA-256 $4, prefix $5, label $6, scopes $7, theatres $8 (null: all), good for
-- $9 microseconds (null: for ever), or with certificate $10 ('': none) for a secret; $11 and $12 are the
-- calls per second that sell and report (null: as everybody). $1 is the key and $2 the name of who does it. Tells whether there
-- is such a partner and which of the theatres there are not; only with a partner and all of them a key
-- is made.
with owner as (
  select p.partner_id from partner p where p.partner_id = $3::bigint),
unknown as (
  select wanted.theatre_id from unnest($8::bigint[]) wanted (theatre_id)
   where not exists (
     select from theatre t where t.theatre_id = wanted.theatre_id and t.closed_at is null)),
made as (
  insert into api_key (
    key_hash, partner_id, prefix, label, scopes, theatre_ids, expires_at, certificate,
    selling_per_second, reporting_per_second)
  select $4::bytea, o.partner_id, $5::text, $6::text, $7::text[], $8::bigint[],
         clock_timestamp() + $9::bigint * interval '1 microsecond', $10::text, $11::integer,
         $12::integer
    from owner o where not exists (select from unknown)
  returning key_id, partner_id, prefix, label, scopes, theatre_ids, created_at, expires_at, revoked_at,
            certificate, selling_per_second, reporting_per_second),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, key_id, detail)
  select $1::bigint, $2::text, 'CREATE_API_KEY', m.partner_id, m.key_id,
         jsonb_build_object('prefix', m.prefix, 'label', m.label, 'scopes', m.scopes,
                            'theatres', m.theatre_ids, 'expires_at', m.expires_at,
                            'certificate', m.certificate, 'selling_per_second', m.selling_per_second,
                            'reporting_per_second', m.reporting_per_second)
    from made m)
select exists (select from owner), array(select u.theatre_id from unknown u order by 1), m.*
  from (values (1)) one left join made m on true
