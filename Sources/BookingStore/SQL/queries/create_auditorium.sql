-- Makes auditorium $4 of theatre $3 unless the name is taken; $1 is the key and $2 the name of who does
-- it. Columns as in list_auditoriums.sql, null when it is; no row when there is no such theatre.
with there as (
  select t.theatre_id from theatre t
   where t.theatre_id = $3::bigint and t.closed_at is null for key share),
made as (
  insert into auditorium (theatre_id, name) select t.theatre_id, $4::text from there t
  on conflict (theatre_id, name) where closed_at is null do nothing
  returning auditorium_id, theatre_id, name),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select $1::bigint, $2::text, 'CREATE_AUDITORIUM', t.partner_id,
         jsonb_build_object('theatre', m.theatre_id, 'auditorium', m.auditorium_id, 'name', m.name)
    from made m join theatre t using (theatre_id))
select m.auditorium_id, m.theatre_id, m.name, 0, 0 from there t left join made m on true
