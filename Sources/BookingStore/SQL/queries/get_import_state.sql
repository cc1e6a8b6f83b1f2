-- What an import of a layout begins with: of auditorium $1 the newest version (0: none), the shows to come,
-- and the number that each label had last, of all versions.
with numbers as (
  select distinct on (s.label) s.label, s.seat_no
    from layout_seat s where s.auditorium_id = $1::bigint
   order by s.label, s.layout_version desc)
select coalesce((select max(l.layout_version) from layout l
                  where l.auditorium_id = $1::bigint), 0),
       (select count(*) from show s
         where s.auditorium_id = $1::bigint and s.sales_state <> 4
           and s.during && tstzrange(now(), null))::integer,
       array(select n.label from numbers n order by n.label),
       array(select n.seat_no from numbers n order by n.label)
