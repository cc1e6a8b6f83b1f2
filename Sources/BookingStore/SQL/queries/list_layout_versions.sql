-- Versions of the layout of auditorium $1, newest first, before ($2 unused, $3 version; 0: from the
-- newest), at most $4.
select l.layout_version, l.created_at,
       (select count(*) from layout_seat s
         where s.auditorium_id = l.auditorium_id and s.layout_version = l.layout_version)::integer,
       (select count(*) from show s
         where s.auditorium_id = l.auditorium_id and s.layout_version = l.layout_version
           and s.sales_state <> 4 and s.during && tstzrange(now(), null))::integer
  from layout l
 where l.auditorium_id = $1::bigint and $2::text = '' and ($3::bigint = 0 or l.layout_version < $3)
 order by l.layout_version desc
 limit $4::bigint
