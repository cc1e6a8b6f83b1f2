-- Gives auditorium $3 the name $4; $1 is the key and $2 the name of who does it.
with before as (
  select a.auditorium_id, a.name from auditorium a where a.auditorium_id = $3::bigint for update),
after as (
  update auditorium a set name = $4::text from before b where a.auditorium_id = b.auditorium_id
  returning a.auditorium_id, a.theatre_id, a.name),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select $1::bigint, $2::text, 'RENAME_AUDITORIUM', t.partner_id,
         jsonb_build_object('auditorium', a.auditorium_id, 'before', b.name, 'after', a.name)
    from after a join before b using (auditorium_id) join theatre t using (theatre_id)
   where a.name <> b.name)
select a.theatre_id from after a
