-- The theatre of auditorium $1 and whose it is, while both are open or, with $2, when the auditorium was closed
-- itself.
select t.theatre_id, t.partner_id
  from auditorium a join theatre t using (theatre_id)
 where a.auditorium_id = $1::bigint
   and (a.closed_at is null and t.closed_at is null or a.closed_at is not null and $2::boolean)
