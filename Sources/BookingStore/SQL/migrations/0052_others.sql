-- An attempt to log in is taken back with all that came of it, and what is closed has no offers and says
-- nothing about postal codes.

-- How long an address waits once so many attempts have failed.
create function login_lock(p_failures integer) returns interval
language sql immutable as $$
  select case when p_failures < 5 then interval '0'
              else least(interval '5 seconds' * 2 ^ least(p_failures - 5, 20), interval '15 minutes') end
$$;

-- As begin_login() was, and tells when the attempt began, by which it is known when it is taken back.
create function begin_attempt(p_email_key text, p_email_hash bytea)
returns table (
  account_id uuid, state smallint, password_hash text, locked_ms bigint, begun_at timestamptz)
language plpgsql as $$
declare
  v_now timestamptz := clock_timestamp();
  v_until timestamptz;
begin
  delete from login_failure f where f.email_hash in (
    select old.email_hash from login_failure old
     where old.last_at < v_now - interval '1 day' order by old.last_at limit 100
       for update skip locked);
  insert into login_failure as f (email_hash, failure_count, last_at, locked_until)
  values (p_email_hash, 0, v_now, v_now) on conflict do nothing;
  select f.locked_until into v_until from login_failure f
   where f.email_hash = p_email_hash for update;
  -- An attempt that came later may have gone first: by the time before, this one would be locked by it.
  v_now := clock_timestamp();
  if v_until > v_now then
    return query select null::uuid, null::smallint, null::text,
                        ceil(extract(epoch from v_until - v_now) * 1000)::bigint, v_now;
    return;
  end if;
  update login_failure f
     set failure_count = f.failure_count + 1, last_at = v_now,
         locked_until = v_now + login_lock(f.failure_count + 1)
   where f.email_hash = p_email_hash;
  return query
    select a.account_id, a.state, a.password_hash, 0::bigint, v_now
      from (values (1)) one left join account a on a.email_key = p_email_key;
end
$$;

-- For nodes of before.
create or replace function begin_login(p_email_key text, p_email_hash bytea)
returns table (account_id uuid, state smallint, password_hash text, locked_ms bigint)
language sql as $$
  select a.account_id, a.state, a.password_hash, a.locked_ms
    from begin_attempt(p_email_key, p_email_hash) a
$$;

-- As it was, but a closed auditorium is not there.
create or replace function create_offer(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[],
  p_request_id uuid, p_hash bytea,
  p_title text, p_kind smallint, p_basis_points integer, p_minor_units bigint, p_currency text,
  p_first integer, p_last integer, p_position integer, p_weekdays smallint, p_priority integer,
  p_exclusive boolean, p_valid_from timestamptz, p_valid_until timestamptz,
  p_channel_id bigint, p_tier text, p_labels text[],
  p_theatre_id bigint, p_auditorium_id bigint, p_show_id bigint, p_movie_id bigint,
  p_most integer
) returns act_result
language plpgsql as $$
declare
  v_result act_result := find_act(p_partner_id, p_request_id, p_hash);
  v_theatre_id bigint := coalesce(
    (select s.theatre_id from show s where s.show_id = p_show_id),
    (select a.theatre_id from auditorium a
      where a.auditorium_id = p_auditorium_id and a.closed_at is null), p_theatre_id);
  v_auditorium_id bigint := p_auditorium_id;
  -- The house's own have none.
  v_owner_id bigint := case when p_is_operator then null else p_partner_id end;
  v_unknown text[];
  v_seats integer[];
begin
  if v_result.outcome is not null then return v_result; end if;
  if coalesce(p_show_id, p_auditorium_id, p_theatre_id) is not null then
    if not runs_theatre(p_partner_id, p_is_operator, p_theatre_ids, v_theatre_id) then
      v_result.outcome := 'beyond';
      return v_result;
    end if;
  elsif p_theatre_ids is not null and not p_is_operator then
    v_result.outcome := 'no_target';
    return v_result;
  end if;
  if p_channel_id is not null
     and not exists (select from partner p where p.partner_id = p_channel_id) then
    v_result.outcome := 'no_partner';
    return v_result;
  end if;
  if p_movie_id is not null and not exists (select from movie m where m.movie_id = p_movie_id) then
    v_result.outcome := 'no_movie';
    return v_result;
  end if;
  if (select count(*) from offer o
       where o.active and (o.valid_until is null or o.valid_until > clock_timestamp())
         and (o.owner_id = v_owner_id or v_owner_id is null and o.owner_id is null))
     >= p_most then
    v_result.outcome := 'too_many_offers';
    return v_result;
  end if;
  if p_labels is not null then
    v_auditorium_id := coalesce(
      p_auditorium_id, (select s.auditorium_id from show s where s.show_id = p_show_id));
    select array_agg(b.seat_no order by b.seat_no), array_agg(b.label) filter (where b.seat_no is null)
      into v_seats, v_unknown from seats_by_label(v_auditorium_id, p_show_id, p_labels) b;
    if v_unknown is not null then
      v_result.outcome := 'unknown_seats';
      v_result.names := v_unknown;
      return v_result;
    end if;
  end if;

  insert into offer (
    title, kind, discount_basis_points, discount_minor_units, discount_currency, first_minute,
    last_minute, ticket_position, weekdays, priority, exclusive, valid_from, valid_until, partner_id,
    tier, seat_nos, theatre_id, auditorium_id, show_id, movie_id, owner_id)
  values (
    p_title, p_kind, p_basis_points, p_minor_units, p_currency, p_first, p_last, p_position,
    p_weekdays, p_priority, p_exclusive, p_valid_from, p_valid_until, p_channel_id, p_tier, v_seats,
    p_theatre_id, v_auditorium_id, p_show_id, p_movie_id, v_owner_id)
  returning offer_id into v_result.subject_id;
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'CREATE_OFFER', v_result.subject_id, 0,
    (select to_jsonb(o) - 'created_at' from offer o where o.offer_id = v_result.subject_id));
  perform begin_raise(p_partner_id, p_request_id, v_result.subject_id);
  v_result.subject_count := 0;
  v_result.show_ids := '{}';
  return v_result;
end
$$;

-- As it was, but closed theatres do not count: where the middle of the theatres is that have a postal code, or of
-- those whose codes begin like it.
create or replace function place_of_postal_code(p_code text, p_country_code text)
returns table (latitude double precision, longitude double precision)
language plpgsql stable parallel safe set plan_cache_mode = force_generic_plan
set enable_seqscan = off as $$
declare
  -- No country's are longer.
  v_code text := left(plain_postal_code(p_code), 12);
begin
  while v_code <> '' loop
    return query
      select m.latitude, m.longitude
        from (select avg(t.latitude) as latitude,
                     degrees(atan2(avg(sin(radians(t.longitude))), avg(cos(radians(t.longitude)))))
                       as longitude,
                     count(*) as theatres
                from theatre t join city o using (city_id)
               where t.closed_at is null and plain_postal_code(t.postal_code) ~>=~ v_code
                 and plain_postal_code(t.postal_code) ~<~ (v_code || chr(1114111))
                 and (p_country_code = '' or o.country_code = p_country_code)) m
       where m.theatres > 0;
    if found then return; end if;
    v_code := left(v_code, -1);
  end loop;
end
$$;
