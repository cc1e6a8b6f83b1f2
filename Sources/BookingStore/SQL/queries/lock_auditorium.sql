-- Auditorium $1 for an import of its layout: nobody else imports one until the end of the transaction.
-- Its newest version (0: none), the shows to come, and the number that each label had last, of all
-- versions.
with room as (
  select a.auditorium_id from auditorium a where a.auditorium_id = $1::bigint for update),
numbers as (
  select distinct on (s.label) s.label, s.seat_no
    from layout_seat s where s.auditorium_id = $1::bigint
   order by s.label, s.layout_version desc)
select coalesce((select max(l.layout_version) from layout l
                  where l.auditorium_id = r.auditorium_id), 0),
       (select count(*) from show s
         where s.auditorium_id = r.auditorium_id and s.sales_state <> 4
           and s.during && tstzrange(now(), null))::integer,
       array(select n.label from numbers n order by n.label),
       array(select n.seat_no from numbers n order by n.label)
  from room r
