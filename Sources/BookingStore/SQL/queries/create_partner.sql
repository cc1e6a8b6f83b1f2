-- Makes partner $3 unless the name is taken; $1 is the key and $2 the name of who does it.
with made as (
  insert into partner (name) values ($3::text)
  on conflict (name) do nothing
  returning partner_id, name, state, created_at),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select $1::bigint, $2::text, 'CREATE_PARTNER', m.partner_id, jsonb_build_object('name', m.name)
    from made m)
select m.partner_id, m.name, m.state, m.created_at from made m
