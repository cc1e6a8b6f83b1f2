-- Gives partner $3 the name $4 and the state $5 (null: as it is); $1 is the key and $2 the name of who
-- does it. What changes nothing is not noted.
with before as (
  select p.partner_id, p.name, p.state from partner p where p.partner_id = $3::bigint for update),
after as (
  update partner p
     set name = coalesce($4::text, b.name), state = coalesce($5::smallint, b.state)
    from before b where p.partner_id = b.partner_id
  returning p.partner_id, p.name, p.state, p.created_at),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select $1::bigint, $2::text, 'UPDATE_PARTNER', a.partner_id,
         jsonb_build_object(
           'before', jsonb_build_object('name', b.name, 'state', b.state),
           'after', jsonb_build_object('name', a.name, 'state', a.state))
    from after a join before b using (partner_id)
   where (a.name, a.state) is distinct from (b.name, b.state))
select a.partner_id, a.name, a.state, a.created_at from after a
