-- A bound for what is set aside of a show: all of it is looked at by every sale.

drop function create_allocation;

-- Sets something aside. Also: no_partner, unknown_seats, unknown_tier, overlap (seats that are set aside
-- already), past (the time to return), too_many_allocations (that have not returned: p_most).
create function create_allocation(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[],
  p_request_id uuid, p_hash bytea,
  p_show_id bigint, p_channel_id bigint, p_labels text[], p_tier text, p_count integer,
  p_returns_at timestamptz, p_most integer
) returns act_result
language plpgsql as $$
declare
  v_result act_result := find_act(p_partner_id, p_request_id, p_hash);
  v_show show;
  v_seats integer[];
begin
  if v_result.outcome is not null then return v_result; end if;
  select * into v_show from show s where s.show_id = p_show_id for no key update;
  if not found
     or not runs_theatre(p_partner_id, p_is_operator, p_theatre_ids, v_show.theatre_id) then
    v_result.outcome := 'beyond';
    return v_result;
  end if;
  v_result.outcome := case
    when not exists (select from partner p where p.partner_id = p_channel_id) then 'no_partner'
    when p_returns_at <= clock_timestamp() then 'past'
    when (select count(*) from seat_allocation a
           where a.show_id = p_show_id and a.active and a.returns_at > clock_timestamp())
         >= p_most then 'too_many_allocations'
    when p_tier is not null and not exists (
      select from show_price p where p.lane = v_show.lane and p.show_id = p_show_id
                                 and p.tier = p_tier) then 'unknown_tier' end;
  v_result.names := array_remove(array[p_tier], null);
  if v_result.outcome is not null then return v_result; end if;
  if p_labels is not null then
    select array_agg(b.seat_no order by b.seat_no), array_agg(b.label) filter (where b.seat_no is null)
      into v_seats, v_result.names
      from seats_by_label(v_show.auditorium_id, p_show_id, p_labels) b;
    if v_result.names is not null then
      v_result.outcome := 'unknown_seats';
      return v_result;
    end if;
    select array_agg(x.label order by x.seat_no) into v_result.names
      from seat_allocation a
      join layout_seat x
        on x.auditorium_id = v_show.auditorium_id and x.layout_version = v_show.layout_version
       and x.seat_no = any (a.seat_nos) and x.seat_no = any (v_seats)
     where a.show_id = p_show_id and a.active and a.returns_at > clock_timestamp();
    if v_result.names is not null then
      v_result.outcome := 'overlap';
      return v_result;
    end if;
  end if;

  insert into seat_allocation (lane, show_id, partner_id, seat_nos, tier, seat_count, returns_at)
  values (v_show.lane, p_show_id, p_channel_id, v_seats, p_tier, p_count, p_returns_at)
  returning allocation_id into v_result.subject_id;
  update show s set pricing_version = s.pricing_version + 1 where s.show_id = p_show_id;
  v_result.show_ids := array[p_show_id];
  v_result.subject_count := 1;
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'CREATE_ALLOCATION',
    v_result.subject_id, 1,
    (select to_jsonb(a) - 'created_at' - 'swept' from seat_allocation a
      where a.allocation_id = v_result.subject_id));
  return v_result;
end
$$;
