-- Withdraws those of shows $4 that nobody has seats of or waits for from the programme of theatre $3, and notes
-- how many: $1 is the key and $2 the name of who did it. Returns them.
with gone as materialized (
  select w.show_id from withdraw_shows($4::bigint[]) as w(show_id)
), noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select $1::bigint, $2::text, 'UPLOAD_SCHEDULE', t.partner_id,
         jsonb_build_object('theatre', t.theatre_id, 'withdrawn', (select count(*) from gone))
    from theatre t where t.theatre_id = $3::bigint and exists (select from gone)
)
select g.show_id from gone g
