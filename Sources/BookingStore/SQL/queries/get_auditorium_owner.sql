-- The theatre of auditorium $1 and whose it is, while both are open.
select t.theatre_id, t.partner_id
  from auditorium a join theatre t using (theatre_id)
 where a.auditorium_id = $1::bigint and a.closed_at is null and t.closed_at is null
