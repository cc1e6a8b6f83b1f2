-- The theatre of auditorium $1 and whose it is.
select t.theatre_id, t.partner_id
  from auditorium a join theatre t using (theatre_id)
 where a.auditorium_id = $1::bigint
