-- Seats that their theatres withdraw from sale: who did it, when, why, and with which version of the show.

create table seat_block (
  -- Their order, also of those with one version.
  block_id bigint generated always as identity primary key,
  lane smallint not null,
  show_id bigint not null,
  version bigint not null,
  -- Withdrawn, or given back.
  is_block boolean not null,
  seat_nos integer[] not null check (cardinality(seat_nos) between 1 and 1000),
  reason text not null check (reason ~ '^[^[:cntrl:]]{0,200}$'),
  partner_id bigint not null,
  request_id uuid not null,
  created_at timestamptz not null,
  unique (partner_id, request_id)
);
create index seat_block_by_show on seat_block (lane, show_id, block_id);

-- Writes what a batch did so, after write_sales() in the same transaction, at whose time p_now it was.
-- b_seat_nos are lists of seats as text, b_shows indices into the shows.
create function write_blocks(
  p_lanes smallint[], p_show_ids bigint[], p_versions bigint[], p_now timestamptz,
  b_shows integer[], b_partner_ids bigint[], b_request_ids uuid[], b_hashes bytea[],
  b_blocks boolean[], b_seat_nos text[], b_reasons text[], b_key_ids bigint[], b_actors text[]
) returns void
language plpgsql as $$
begin
  insert into request_log (
    partner_id, request_id, lane, request_hash, effect, version, subject_id, created_at)
  select b.partner_id, b.request_id, p_lanes[b.show], b.hash,
         case when b.is_block then 'block_seats' else 'unblock_seats' end, p_versions[b.show] + 1,
         p_show_ids[b.show], p_now
    from unnest(b_shows, b_partner_ids, b_request_ids, b_hashes, b_blocks)
      as b(show, partner_id, request_id, hash, is_block)
   order by b.partner_id, b.request_id;
  insert into seat_block (
    lane, show_id, version, is_block, seat_nos, reason, partner_id, request_id, created_at)
  select p_lanes[b.show], p_show_ids[b.show], p_versions[b.show] + 1, b.is_block,
         b.seat_nos::integer[], b.reason, b.partner_id, b.request_id, p_now
    from unnest(b_shows, b_partner_ids, b_request_ids, b_blocks, b_seat_nos, b_reasons)
      with ordinality as b(show, partner_id, request_id, is_block, seat_nos, reason, position)
   order by b.position;
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select b.key_id, b.actor, case when b.is_block then 'BLOCK_SEATS' else 'UNBLOCK_SEATS' end,
         b.partner_id,
         jsonb_build_object('show', p_show_ids[b.show], 'seats', b.seat_nos::integer[],
                            'reason', b.reason)
    from unnest(b_shows, b_partner_ids, b_blocks, b_seat_nos, b_reasons, b_key_ids, b_actors)
      as b(show, partner_id, is_block, seat_nos, reason, key_id, actor);
end
$$;

-- Checks what no constraint can of withdrawn seats. No row means sound. Seats may be withdrawn by whoever
-- makes a show, without an entry here.
create function verify_blocks()
returns table (fault text, lane smallint, show_id bigint, seat_no integer, booking_id uuid)
language sql stable set jit = off as $$
  with latest as (
    select distinct on (k.lane, k.show_id, n.seat_no) k.lane, k.show_id, n.seat_no, k.is_block
      from seat_block k cross join unnest(k.seat_nos) as n(seat_no)
     order by k.lane, k.show_id, n.seat_no, k.block_id desc
  )
  -- Withdrawn and not given back, and yet on sale or somebody's; or the other way round.
  select case when l.is_block then 'withdrawn_seat_on_sale' else 'returned_seat_withdrawn' end,
         l.lane, l.show_id, l.seat_no, h.booking_id
    from latest l
    left join show_seat h
      on h.lane = l.lane and h.show_id = l.show_id and h.seat_no = l.seat_no
   where (h.state = 4) is distinct from l.is_block
  union all
  -- Without its request.
  select 'block_without_request', k.lane, k.show_id, null::integer, null::uuid
    from seat_block k
    left join request_log l
      on l.partner_id = k.partner_id and l.request_id = k.request_id and l.subject_id = k.show_id
     and l.version = k.version
   where l.request_id is null
$$;

