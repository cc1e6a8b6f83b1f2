-- What returns is news only where somebody waits: elsewhere the next sale judges by the time alone.

-- Notes of allocations that have returned, at most p_most, that nobody has to be served from them, and returns
-- those of shows for which somebody waits. Whoever joined a line in the moment before has committed: the
-- rows of the shows are taken, in everybody's order, before the lines are looked at; and who joins
-- afterwards is judged by a later time.
create function sweep_allocations(p_most integer)
returns table (lane smallint, show_id bigint, allocation_ids bigint[], is_waited_for boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  v_due bigint[];
begin
  v_due := array(
    select a.allocation_id from seat_allocation a
     where not a.swept and a.returns_at <= statement_timestamp()
     order by a.returns_at limit p_most);
  perform from show s
    where (s.lane, s.show_id) in (
      select a.lane, a.show_id from seat_allocation a where a.allocation_id = any (v_due))
    order by s.lane, s.show_id
    for no key update;
  update seat_allocation a set swept = true
   where a.allocation_id = any (v_due) and not exists (
     select from waitlist_entry w
      where w.lane = a.lane and w.show_id = a.show_id and w.state = 1);
  return query
    select a.lane, a.show_id, array_agg(a.allocation_id), not a.swept
      from seat_allocation a where a.allocation_id = any (v_due)
     group by a.lane, a.show_id, a.swept;
end
$$;
