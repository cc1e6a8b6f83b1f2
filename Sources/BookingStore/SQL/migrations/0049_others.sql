-- What was done and not noted, an offer that is over, what is no film, and where a postal code is.

create index audit_entry_by_account on audit_entry (account_id, entry_id) where account_id is not null;

-- As it was, and notes who did it.
drop function set_faults(
  bigint, text[], smallint[], integer[], integer[], integer[], integer[], bigint[]);
create function set_faults(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_methods text[], p_kinds smallint[],
  p_codes integer[], p_delays integer[], p_messages integer[], p_times integer[], p_lasts_ms bigint[]
) returns void
language plpgsql as $$
begin
  insert into sandbox_partner (partner_id) values (p_partner_id) on conflict do nothing;
  perform from sandbox_partner p where p.partner_id = p_partner_id for update;
  delete from sandbox_fault f where f.partner_id = p_partner_id;
  insert into sandbox_fault (
    partner_id, position, method, kind, code, delay_ms, after_messages, times_left, ends_at)
  select p_partner_id, n.position, n.method, n.kind, n.code, n.delay, n.messages, nullif(n.times, 0),
         clock_timestamp() + nullif(n.lasts_ms, 0) * interval '1 millisecond'
    from unnest(p_methods, p_kinds, p_codes, p_delays, p_messages, p_times, p_lasts_ms)
      with ordinality as n(method, kind, code, delay, messages, times, lasts_ms, position);
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  values (p_key_id, p_actor, 'SET_FAULTS', p_partner_id, jsonb_build_object('methods', p_methods));
end
$$;

-- As it was; an offer whose time is over does not count as one that its owner has.
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
    (select a.theatre_id from auditorium a where a.auditorium_id = p_auditorium_id), p_theatre_id);
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

-- Shows to come that are no films and whose titles fit words as those of movies do.
create function find_titled_shows(p_text text) returns setof bigint
language sql stable parallel safe set pg_trgm.word_similarity_threshold = 0.35 as $$
  select s.show_id from show s
   where s.movie_id is null and p_text <% s.title and upper(s.during) > now()
$$;

-- So that codes are also found by how they begin.
drop index theatre_by_postal_code;
create index theatre_by_postal_code on theatre (plain_postal_code(postal_code) text_pattern_ops);

-- About where a postal code is, in degrees: the middle of the theatres that have it, or else of those whose codes
-- begin like it, as far as any does. No row where none does.
create function place_of_postal_code(p_code text, p_country_code text)
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
               where plain_postal_code(t.postal_code) ~>=~ v_code
                 and plain_postal_code(t.postal_code) ~<~ (v_code || chr(1114111))
                 and (p_country_code = '' or o.country_code = p_country_code)) m
       where m.theatres > 0;
    if found then return; end if;
    v_code := left(v_code, -1);
  end loop;
end
$$;
