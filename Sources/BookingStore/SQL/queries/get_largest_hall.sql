-- Seats of the largest of the newest layouts of theatre $1's auditoriums, 0 without any.
select coalesce(max(hall.seats), 0)
  from auditorium a,
       lateral (select max(l.layout_version) as layout_version from layout l
                 where l.auditorium_id = a.auditorium_id) newest,
       lateral (select count(*) as seats from layout_seat s
                 where s.auditorium_id = a.auditorium_id
                   and s.layout_version = newest.layout_version) hall
 where a.theatre_id = $1::bigint
