-- Offers of partners beside the house's own, of more kinds, with an order and times; prices set for many
-- shows; and requests that no booking is made by.
--
-- Each act below is one statement that does it, notes it in the audit log, remembers its request id and
-- raises the shows concerned, or refuses it and changes nothing. p_theatre_ids are the theatres that the
-- key is good for (null: all). Outcomes: done (now or when the same request ran before), reused, fenced,
-- beyond (not there, or not the caller's), and what each act says.

alter table request_log
  -- What a request without a booking was about, and how many it changed.
  add column subject_id bigint,
  add column subject_count integer,
  drop constraint request_fence,
  add constraint request_fence check (
    case when effect = 'fenced' then num_nulls(lane, booking_id, booking_state, version) = 4
         when subject_id is not null then num_nulls(booking_id, booking_state) = 2
         else num_nulls(lane, booking_id, booking_state, version) = 0 end);

alter table offer
  -- Who made it: it reaches only shows of this partner's theatres. Null for the house, which reaches all.
  add column owner_id bigint references partner,
  add column auditorium_id bigint references auditorium,
  -- Seats by their numbers in the auditorium, which no version of its layout changes.
  add column seat_nos integer[] check (cardinality(seat_nos) between 1 and 1000),
  -- Bit 0 is Monday, by the theatre's day on which the show starts. Null for all.
  add column weekdays smallint check (weekdays between 1 and 127),
  add column discount_minor_units bigint
    check (discount_minor_units between 1 and 1000000000000),
  add column discount_currency text check (discount_currency ~ '^[A-Z]{3}$'),
  -- Those of higher priority apply first, and after an exclusive one no other to the same seat.
  add column priority integer not null default 0 check (priority between 0 and 1000),
  add column exclusive boolean not null default false,
  add column valid_from timestamptz,
  add column valid_until timestamptz,
  add column created_at timestamptz not null default now(),
  alter column discount_basis_points drop not null,
  drop constraint offer_kind_check,
  -- 3: each seat, whenever the show starts.
  add constraint offer_kind_check check (kind in (1, 2, 3)),
  add constraint offer_discount check (
    num_nonnulls(discount_basis_points, discount_minor_units) = 1
    and (discount_minor_units is null) = (discount_currency is null)),
  add constraint offer_validity check (valid_from < valid_until),
  add constraint offer_seats check (seat_nos is null or auditorium_id is not null);
create index offer_by_owner on offer (owner_id, offer_id) where active;

-- What else decides about sales of a theatre's shows.
create trigger theatre_owner after update of partner_id on theatre
for each row when (old.partner_id is distinct from new.partner_id)
execute function raise_shows_of_theatre();

create function runs_theatre(
  p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[], p_theatre_id bigint
) returns boolean
language sql stable as $$
  select exists (
    select from theatre t
     where t.theatre_id = p_theatre_id
       and (p_is_operator
            or (t.partner_id = p_partner_id
                and (p_theatre_ids is null or t.theatre_id = any (p_theatre_ids)))))
$$;

create type act_result as (
  outcome text, subject_id bigint, subject_count integer,
  -- Shows whose terms are others now.
  show_ids bigint[],
  -- What was wrong, by name.
  names text[]
);

-- What a request id did before; null for a new one.
create function find_act(p_partner_id bigint, p_request_id uuid, p_hash bytea)
returns act_result
language sql stable as $$
  select (case when l.effect = 'fenced' then 'fenced' when l.request_hash <> p_hash then 'reused'
               else 'done' end, l.subject_id, l.subject_count, '{}', '{}')::act_result
    from request_log l where l.partner_id = p_partner_id and l.request_id = p_request_id
$$;

-- Raises unique_violation when the same request runs elsewhere: repeated, it is found.
create function note_act(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_request_id uuid, p_hash bytea,
  p_action text, p_subject_id bigint, p_count integer, p_detail jsonb
) returns void
language sql as $$
  insert into request_log (
    partner_id, request_id, request_hash, effect, subject_id, subject_count, created_at)
  values (p_partner_id, p_request_id, p_hash, lower(p_action), p_subject_id, p_count,
          clock_timestamp());
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  values (p_key_id, p_actor, p_action, p_partner_id, p_detail)
$$;

-- Raises the shows to come that an offer reaches, their rows taken in everybody's order.
create function raise_shows_of_offer(p_offer_id bigint) returns bigint[]
language plpgsql as $$
declare
  o offer;
  v_shows bigint[];
begin
  select * into strict o from offer where offer_id = p_offer_id;
  execute 'select array_agg(r.show_id) from (select s.show_id from show s
             join theatre t using (theatre_id) where upper(s.during) > now()'
    || case when o.show_id is null then '' else ' and s.show_id = $1' end
    || case when o.auditorium_id is null then '' else ' and s.auditorium_id = $2' end
    || case when o.theatre_id is null then '' else ' and s.theatre_id = $3' end
    || case when o.movie_id is null then '' else ' and s.movie_id = $4' end
    || case when o.owner_id is null then '' else ' and t.partner_id = $5' end
    || ' order by s.lane, s.show_id for no key update of s) r'
    into v_shows using o.show_id, o.auditorium_id, o.theatre_id, o.movie_id, o.owner_id;
  update show s set pricing_version = s.pricing_version + 1 where s.show_id = any (v_shows);
  return coalesce(v_shows, '{}');
end
$$;

-- Seats by label: those of a show, or of the newest layout of an auditorium. Labels that there are not
-- become null.
create function seats_by_label(p_auditorium_id bigint, p_show_id bigint, p_labels text[])
returns table (label text, seat_no integer)
language sql stable as $$
  select n.label, x.seat_no
    from unnest(p_labels) as n(label)
    left join layout_seat x
      on x.auditorium_id = p_auditorium_id and x.label = n.label collate "C"
     and x.layout_version = coalesce(
       (select s.layout_version from show s where s.show_id = p_show_id),
       (select max(l.layout_version) from layout l where l.auditorium_id = p_auditorium_id))
$$;

-- Makes an offer. Also: no_partner (to sell it through), no_movie, unknown_seats, no_target (a key for
-- some theatres, and none named). Of p_show_id, p_auditorium_id and p_theatre_id one is given at most,
-- and p_labels only with one of the first two.
create function create_offer(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[],
  p_request_id uuid, p_hash bytea,
  p_title text, p_kind smallint, p_basis_points integer, p_minor_units bigint, p_currency text,
  p_first integer, p_last integer, p_position integer, p_weekdays smallint, p_priority integer,
  p_exclusive boolean, p_valid_from timestamptz, p_valid_until timestamptz,
  p_channel_id bigint, p_tier text, p_labels text[],
  p_theatre_id bigint, p_auditorium_id bigint, p_show_id bigint, p_movie_id bigint
) returns act_result
language plpgsql as $$
declare
  v_result act_result := find_act(p_partner_id, p_request_id, p_hash);
  v_theatre_id bigint := coalesce(
    (select s.theatre_id from show s where s.show_id = p_show_id),
    (select a.theatre_id from auditorium a where a.auditorium_id = p_auditorium_id), p_theatre_id);
  v_auditorium_id bigint := p_auditorium_id;
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
    p_theatre_id, v_auditorium_id, p_show_id, p_movie_id,
    case when p_is_operator then null else p_partner_id end)
  returning offer_id into v_result.subject_id;
  v_result.show_ids := raise_shows_of_offer(v_result.subject_id);
  v_result.subject_count := cardinality(v_result.show_ids);
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'CREATE_OFFER', v_result.subject_id,
    v_result.subject_count,
    (select to_jsonb(o) - 'created_at' from offer o where o.offer_id = v_result.subject_id));
  return v_result;
end
$$;

-- Whether an offer is the caller's to change: the house's are operators', a partner's are its own as far
-- as the key reaches, and operators' too.
create function runs_offer(
  p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[], p_offer_id bigint
) returns boolean
language sql stable as $$
  select exists (
    select from offer o
     where o.offer_id = p_offer_id
       and (p_is_operator
            or (o.owner_id = p_partner_id
                and (p_theatre_ids is null
                     or coalesce(
                       (select s.theatre_id from show s where s.show_id = o.show_id),
                       (select a.theatre_id from auditorium a
                         where a.auditorium_id = o.auditorium_id),
                       o.theatre_id) = any (p_theatre_ids)))))
$$;

-- Gives an offer other terms; what it is for stays. Also: ended.
create function update_offer(
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
  v_result.show_ids := raise_shows_of_offer(p_offer_id);
  v_result.subject_count := cardinality(v_result.show_ids);
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'UPDATE_OFFER', p_offer_id,
    v_result.subject_count,
    (select to_jsonb(o) - 'created_at' from offer o where o.offer_id = p_offer_id));
  return v_result;
end
$$;

-- Ends an offer for good. What has ended before is done.
create function end_offer(
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
  v_result.show_ids := '{}';
  update offer o set active = false where o.offer_id = p_offer_id and o.active;
  if found then v_result.show_ids := raise_shows_of_offer(p_offer_id); end if;
  v_result.subject_id := p_offer_id;
  v_result.subject_count := cardinality(v_result.show_ids);
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'END_OFFER', p_offer_id,
    v_result.subject_count, jsonb_build_object('offer_id', p_offer_id));
  return v_result;
end
$$;

-- Sets what seats cost in shows: those of p_show_ids, or all to come of a theatre, or of one of its
-- auditoriums or of a movie there, that start between two times. A tier is set in those of the shows that
-- have it; the empty name is every tier. Also: no_shows, too_many, currency (its shows), unknown_tier
-- (no show has it).
create function set_prices(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[],
  p_request_id uuid, p_hash bytea,
  p_show_ids bigint[], p_theatre_id bigint, p_auditorium_id bigint, p_movie_id bigint,
  p_starts_from timestamptz, p_starts_before timestamptz,
  p_tiers text[], p_minor_units bigint[], p_currency text, p_most integer
) returns act_result
language plpgsql as $$
declare
  v_result act_result := find_act(p_partner_id, p_request_id, p_hash);
  v_shows bigint[];
begin
  if v_result.outcome is not null then return v_result; end if;
  if (p_show_ids is null
      and not runs_theatre(p_partner_id, p_is_operator, p_theatre_ids, p_theatre_id))
     or exists (
       select from unnest(p_show_ids) as w(show_id) left join show s using (show_id)
        where not runs_theatre(p_partner_id, p_is_operator, p_theatre_ids, s.theatre_id)) then
    v_result.outcome := 'beyond';
    return v_result;
  end if;
  if p_show_ids is null then
    select array_agg(r.show_id) into v_shows from (
      select s.show_id from show s
       where s.theatre_id = p_theatre_id and upper(s.during) > now()
         and (p_auditorium_id is null or s.auditorium_id = p_auditorium_id)
         and (p_movie_id is null or s.movie_id = p_movie_id)
         and (p_starts_from is null or lower(s.during) >= p_starts_from)
         and (p_starts_before is null or lower(s.during) < p_starts_before)
       order by s.lane, s.show_id limit p_most + 1 for no key update) r;
  else
    select array_agg(r.show_id) into v_shows from (
      select s.show_id from show s where s.show_id = any (p_show_ids)
       order by s.lane, s.show_id for no key update) r;
  end if;
  v_result.names := array(
    select s.show_id::text from show s
     where s.show_id = any (v_shows) and s.currency <> p_currency order by s.show_id limit 10);
  v_result.outcome := case when v_shows is null then 'no_shows'
                           when cardinality(v_shows) > p_most then 'too_many'
                           when v_result.names <> '{}' then 'currency' end;
  if v_result.outcome is not null then return v_result; end if;
  v_result.names := array(
    select n.tier from unnest(p_tiers) as n(tier)
     where n.tier <> '' and not exists (
       select from show s join show_price p on p.lane = s.lane and p.show_id = s.show_id
        where s.show_id = any (v_shows) and p.tier = n.tier));
  if v_result.names <> '{}' then
    v_result.outcome := 'unknown_tier';
    return v_result;
  end if;

  with changed as (
    update show_price p set minor_units = n.minor_units
      from show s, unnest(p_tiers, p_minor_units) as n(tier, minor_units)
     where s.show_id = any (v_shows) and p.lane = s.lane and p.show_id = s.show_id
       and n.tier in ('', p.tier) and p.minor_units <> n.minor_units
    returning p.show_id)
  select coalesce(array_agg(distinct c.show_id), '{}') into v_result.show_ids from changed c;
  v_result.subject_id := v_shows[1];
  v_result.subject_count := cardinality(v_result.show_ids);
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'SET_PRICES', v_result.subject_id,
    v_result.subject_count,
    jsonb_build_object('shows', v_result.show_ids, 'tiers', p_tiers, 'minor_units', p_minor_units,
                       'currency', p_currency));
  return v_result;
end
$$;
