-- Administrative acts that concern partner $1 (0: all), newest first, before ($2 unused, $3 id; 0: from
-- the newest), at most $4.
select a.entry_id, a.at, coalesce(a.actor_key_id, 0), a.actor, a.action, coalesce(a.partner_id, 0),
       coalesce(a.key_id, 0), a.detail, coalesce(a.account_id::text, '')
  from audit_entry a
 where ($1::bigint = 0 or a.partner_id = $1) and $2::text = ''
   and ($3::bigint = 0 or a.entry_id < $3)
 order by a.entry_id desc
 limit $4::bigint
