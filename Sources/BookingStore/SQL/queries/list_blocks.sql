-- The withdrawn seats of show $2 of lane $1 by the act that withdrew them, latest first; those without an
-- act were so when the show was made.
select array_agg(h.seat_no order by h.seat_no), coalesce(k.reason, ''), k.created_at
  from show_seat h
  left join lateral (
    select b.block_id, b.reason, b.created_at from seat_block b
     where b.lane = h.lane and b.show_id = h.show_id and h.seat_no = any (b.seat_nos)
     order by b.block_id desc limit 1) k on true
 where h.lane = $1::smallint and h.show_id = $2::bigint and h.state = 4
 group by k.block_id, k.reason, k.created_at
 order by k.block_id desc nulls last
