-- Notes an upload to theatre $3 that has created $4, updated $5, left $6 as they were, refused $7 and withdrawn
-- $8 shows, in auditoriums that its rows call $9; $1 is the key and $2 the name of who did it.
insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
select $1::bigint, $2::text, 'UPLOAD_SCHEDULE', t.partner_id,
       jsonb_build_object(
         'theatre', t.theatre_id, 'created', $4::bigint, 'updated', $5::bigint, 'unchanged', $6::bigint,
         'refused', $7::bigint, 'withdrawn', $8::bigint, 'auditoriums', $9::text[])
  from theatre t where t.theatre_id = $3::bigint
