-- Offers that reach many shows. An act on an offer writes the offer and a mark that its shows are still to
-- be raised, and commits; then the shows are raised, some at a time, each time in a transaction of its
-- own, so that no sale waits for all of them. Until a show is raised it is sold at either price, which its
-- pricing_version tells apart. A show that comes while others are raised was made by a transaction that
-- committed after the offer did, or is seen by the raise.

-- Acts whose shows are still to be raised. Each act has a raise of its own: of two changes of one offer
-- the later one's begins after it and goes through all shows.
create table offer_raise (
  -- The request of the act.
  partner_id bigint not null,
  request_id uuid not null,
  offer_id bigint not null references offer,
  -- The last show that was raised: they come by theatre, of each by id.
  theatre_id bigint not null default 0,
  show_id bigint not null default 0,
  show_count integer not null default 0,
  begun_at timestamptz not null default clock_timestamp(),
  primary key (partner_id, request_id)
);
create index offer_raise_by_age on offer_raise (begun_at);

drop function raise_shows_of_offer;
drop function create_offer;

create function begin_raise(p_partner_id bigint, p_request_id uuid, p_offer_id bigint) returns void
language sql as $$
  insert into offer_raise (partner_id, request_id, offer_id)
  values (p_partner_id, p_request_id, p_offer_id)
$$;

-- Raises the next shows to come that an act on an offer reaches, at most p_most, their rows taken in
-- everybody's order. The last time the raise is over, and the request remembers how many there were.
-- Returns these shows, whether it is over, and how many were raised in all.
create function raise_shows_of_offer(
  p_partner_id bigint, p_request_id uuid, p_most integer,
  out show_ids bigint[], out is_over boolean, out show_count integer)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  r offer_raise;
  o offer;
  v_theatre_id bigint;
  v_count integer;
begin
  show_ids := '{}';
  is_over := true;
  select * into r from offer_raise x
   where x.partner_id = p_partner_id and x.request_id = p_request_id for update;
  if not found then
    select l.subject_count into show_count from request_log l
     where l.partner_id = p_partner_id and l.request_id = p_request_id;
    return;
  end if;

  select * into strict o from offer x where x.offer_id = r.offer_id;
  v_theatre_id := coalesce(
    (select s.theatre_id from show s where s.show_id = o.show_id),
    (select a.theatre_id from auditorium a where a.auditorium_id = o.auditorium_id), o.theatre_id);
  execute
    'select array_agg(w.show_id), max(w.theatre_id),
            (array_agg(w.show_id order by w.theatre_id desc, w.show_id desc))[1]
       from (select s.theatre_id, s.show_id from theatre t join show s using (theatre_id)
              where upper(s.during) > now() and t.theatre_id >= $1
                and (t.theatre_id > $1 or s.show_id > $2)'
    || case when v_theatre_id is null then '' else ' and t.theatre_id = $3' end
    || case when o.owner_id is null then '' else ' and t.partner_id = $4' end
    || case when o.movie_id is null then '' else ' and s.movie_id = $5' end
    || case when o.auditorium_id is null then '' else ' and s.auditorium_id = $6' end
    || case when o.show_id is null then '' else ' and s.show_id = $7' end
    || ' order by t.theatre_id, s.show_id limit $8) w'
    into show_ids, r.theatre_id, r.show_id
    using r.theatre_id, r.show_id, v_theatre_id, o.owner_id, o.movie_id, o.auditorium_id, o.show_id,
          p_most;
  show_ids := coalesce(show_ids, '{}');
  v_count := cardinality(show_ids);
  perform from show s where s.show_id = any (show_ids)
    order by s.lane, s.show_id
    for no key update;
  update show s set pricing_version = s.pricing_version + 1 where s.show_id = any (show_ids);

  show_count := r.show_count + v_count;
  is_over := v_count < p_most;
  if is_over then
    delete from offer_raise x where x.partner_id = p_partner_id and x.request_id = p_request_id;
    update request_log l set subject_count = raise_shows_of_offer.show_count
     where l.partner_id = p_partner_id and l.request_id = p_request_id;
  else
    update offer_raise x
       set theatre_id = r.theatre_id, show_id = r.show_id,
           show_count = raise_shows_of_offer.show_count
     where x.partner_id = p_partner_id and x.request_id = p_request_id;
  end if;
end
$$;

-- Goes on with the oldest raise that nobody else is at and that has lasted for longer than so many
-- seconds: who began it may be gone. Returns whether there was one.
create function raise_abandoned_shows(p_after_seconds integer, p_most integer) returns boolean
language plpgsql as $$
declare
  r offer_raise;
begin
  select * into r from offer_raise x where x.begun_at <=
     statement_timestamp() - make_interval(secs => p_after_seconds)
   order by x.begun_at limit 1 for update skip locked;
  if not found then return false; end if;
  perform raise_shows_of_offer(r.partner_id, r.request_id, p_most);
  return true;
end
$$;

-- Makes an offer; its shows are still to be raised. Also: no_partner (to sell it through), no_movie,
-- unknown_seats, no_target (a key for some theatres, and none named), too_many_offers (that its owner has
-- and that have not ended: p_most, or a few more when several are made at once). Of p_show_id,
-- p_auditorium_id and p_theatre_id one is given at most, and p_labels only with one of the first two.
create function create_offer(
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
       where o.active and (o.owner_id = v_owner_id or v_owner_id is null and o.owner_id is null))
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

-- Gives an offer other terms; what it is for stays, and its shows are still to be raised. Also: ended.
create or replace function update_offer(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[],
  p_request_id uuid, p_hash bytea, p_offer_id bigint,
  p_title text, p_kind smallint, p_basis_points integer, p_minor_units bigint, p_currency text,
  p_first integer, p_last integer, p_position integer, p_weekdays smallint, p_priority integer,
  p_exclusive boolean, p_valid_from timestamptz, p_valid_until timestamptz
) returns act_result
language plpgsql as $$
declare
  v_result act_result := find_act(p_partner_id, p_request_id, p_hash);
begin
  if v_result.outcome is not null then return v_result; end if;
  if not runs_offer(p_partner_id, p_is_operator, p_theatre_ids, p_offer_id) then
    v_result.outcome := 'beyond';
    return v_result;
  end if;
  update offer o
     set title = p_title, kind = p_kind, discount_basis_points = p_basis_points,
         discount_minor_units = p_minor_units, discount_currency = p_currency,
         first_minute = p_first, last_minute = p_last, ticket_position = p_position,
         weekdays = p_weekdays, priority = p_priority, exclusive = p_exclusive,
         valid_from = p_valid_from, valid_until = p_valid_until
   where o.offer_id = p_offer_id and o.active
  returning o.offer_id into v_result.subject_id;
  if v_result.subject_id is null then
    v_result.outcome := 'ended';
    return v_result;
  end if;
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'UPDATE_OFFER', p_offer_id, 0,
    (select to_jsonb(o) - 'created_at' from offer o where o.offer_id = p_offer_id));
  perform begin_raise(p_partner_id, p_request_id, p_offer_id);
  v_result.subject_count := 0;
  v_result.show_ids := '{}';
  return v_result;
end
$$;

-- Ends an offer for good; its shows are still to be raised. What has ended before is done.
create or replace function end_offer(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[],
  p_request_id uuid, p_hash bytea, p_offer_id bigint
) returns act_result
language plpgsql as $$
declare
  v_result act_result := find_act(p_partner_id, p_request_id, p_hash);
begin
  if v_result.outcome is not null then return v_result; end if;
  if not runs_offer(p_partner_id, p_is_operator, p_theatre_ids, p_offer_id) then
    v_result.outcome := 'beyond';
    return v_result;
  end if;
  update offer o set active = false where o.offer_id = p_offer_id and o.active;
  if found then perform begin_raise(p_partner_id, p_request_id, p_offer_id); end if;
  v_result.subject_id := p_offer_id;
  v_result.subject_count := 0;
  v_result.show_ids := '{}';
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'END_OFFER', p_offer_id, 0,
    jsonb_build_object('offer_id', p_offer_id));
  return v_result;
end
$$;
