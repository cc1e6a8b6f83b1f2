-- Takes request id $2 of partner $1 so that it never has an effect; $3 is the digest of the fence.
-- When a transaction with that id is under way, waits for its end: one of the two gets the key.
insert into request_log (partner_id, request_id, request_hash, effect, created_at)
values ($1::bigint, $2::uuid, $3::bytea, 'fenced', clock_timestamp())
on conflict do nothing
