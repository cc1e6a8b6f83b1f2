-- Shows with holds whose time and grace are over, at most $1.
select distinct d.lane, d.show_id
  from (select b.lane, b.show_id from booking b
         where b.state = 1 and b.hold_until <= clock_timestamp() - hold_grace()
         order by b.hold_until limit $1::integer) d
