-- Shows with holds whose time and grace are over, at most $1, without the shows $2. By the time at which the
-- statement began: a clock that moves while it runs could not be looked up in the index, and every hold would be read.
select distinct d.lane, d.show_id
  from (select b.lane, b.show_id from booking b
         where b.state = 1 and b.hold_until <= statement_timestamp() - hold_grace()
           and b.show_id <> all ($2::bigint[])
         order by b.hold_until limit $1::integer) d
