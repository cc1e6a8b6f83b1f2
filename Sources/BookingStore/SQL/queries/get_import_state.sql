-- What an import of a layout begins with: of auditorium $1 the newest version (0: none), the versions of the
-- last $2 days, the shows to come, and the number of each label, also of those that the newest version does
-- not have.
with newest as materialized (
  select coalesce(max(l.layout_version), 0) as version,
         count(*) filter (where l.created_at > now() - make_interval(days => $2::integer)) as recent
    from layout l where l.auditorium_id = $1::bigint),
numbers as materialized (
  select r.label, r.seat_no from retired_seat r where r.auditorium_id = $1
  union
  select s.label, s.seat_no from newest n
    join layout_seat s on s.auditorium_id = $1 and s.layout_version = n.version)
select n.version, n.recent,
       (select count(*) from show s
         where s.auditorium_id = $1 and s.sales_state <> 4
           and s.during && tstzrange(now(), null))::integer,
       array(select x.label from numbers x order by x.label),
       array(select x.seat_no from numbers x order by x.label)
  from newest n
