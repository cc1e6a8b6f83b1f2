-- A key for partner $2 with SHA-256 $1, prefix $3 and scopes $4. Adding it again sets its scopes.
insert into api_key (key_hash, partner_id, prefix, scopes)
values ($1::bytea, $2::bigint, $3::text, $4::text[])
on conflict (key_hash) do update set scopes = excluded.scopes
