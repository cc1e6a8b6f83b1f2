-- Gives auditorium $3 the name $4; $1 is the key and $2 the name of who does it. No row when it is not there.
-- The theatre's row is taken first, as by whoever closes either.
with there as (
  select t.theatre_id from theatre t
   where t.theatre_id = (select a.theatre_id from auditorium a where a.auditorium_id = $3::bigint)
     and t.closed_at is null for key share),
before as (
  select a.auditorium_id, a.name from there t join auditorium a using (theatre_id)
   where a.auditorium_id = $3::bigint and a.closed_at is null for update of a),
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
