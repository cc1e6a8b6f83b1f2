-- Raises the version of every show named, once, and tells every node what changed: one logical
-- message per show, delivered at commit in commit order. Callers hold the show rows.
--
-- Message, big-endian: lane int2, show_id int8, version int8, count int4,
-- then `count` times seat_no int4, state int2, by seat_no.

create function announce_seats(
  p_lanes smallint[], p_show_ids bigint[], p_seat_nos integer[], p_states smallint[]
) returns void
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_last pg_lsn;
begin
  with change as (
    select c.lane, c.show_id, count(*)::integer as seat_count,
           string_agg(int4send(c.seat_no) || int2send(c.state), ''::bytea order by c.seat_no) as seats
      from unnest(p_lanes, p_show_ids, p_seat_nos, p_states) as c(lane, show_id, seat_no, state)
     group by c.lane, c.show_id
  ), raised as (
    update show s set version = s.version + 1
      from change c
     where s.lane = c.lane and s.show_id = c.show_id
    returning s.lane, s.show_id, s.version, c.seat_count, c.seats
  )
  select max(pg_logical_emit_message(
           true, 'usher.seat',
           int2send(r.lane) || int8send(r.show_id) || int8send(r.version)
             || int4send(r.seat_count) || r.seats))
    into v_last
    from raised r;
end
$$;
