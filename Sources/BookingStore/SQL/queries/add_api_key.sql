-- A key for partner $2 with SHA-256 $1, prefix $3 and scopes $4. Adding it again changes nothing.
insert into api_key (key_hash, partner_id, prefix, scopes)
values ($1::bytea, $2::bigint, $3::text, $4::text[])
on conflict do nothing
