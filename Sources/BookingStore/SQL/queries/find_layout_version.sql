-- Version $2 of the layout of auditorium $1, or its newest ($2 = 0).
select l.layout_version from layout l
 where l.auditorium_id = $1::bigint and ($2::integer = 0 or l.layout_version = $2)
 order by l.layout_version desc
 limit 1
