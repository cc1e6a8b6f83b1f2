-- Administrative acts that concern partner $1 (0: all) and account $2 (null: all), of the kind $3 ('': any), done
-- with key $4 (0: any), from $5 until before $6 (null: any time), newest first, before ($7 unused, $8 id; 0: from
-- the newest), at most $9.
select a.entry_id, a.at, coalesce(a.actor_key_id, 0), a.actor, a.action, coalesce(a.partner_id, 0),
       coalesce(a.key_id, 0), a.detail, coalesce(a.account_id::text, '')
  from audit_entry a
 where ($1::bigint = 0 or a.partner_id = $1) and ($2::uuid is null or a.account_id = $2)
   and ($3::text = '' or a.action = $3) and ($4::bigint = 0 or a.actor_key_id = $4)
   and ($5::timestamptz is null or a.at >= $5) and ($6::timestamptz is null or a.at < $6)
   and $7::text = '' and ($8::bigint = 0 or a.entry_id < $8)
 order by a.entry_id desc
 limit $9::bigint
