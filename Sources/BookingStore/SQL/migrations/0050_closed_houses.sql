-- Theatres and auditoriums close: those that were made by mistake, and those that are no more. Their rows stay,
-- for what was sold there.

alter table theatre add column closed_at timestamptz;
alter table auditorium add column closed_at timestamptz;

-- The name of what is closed is another's to have.
create index theatre_by_city on theatre (city_id, name);
alter table theatre drop constraint theatre_city_id_name_key;
create unique index theatre_name on theatre (city_id, name) where closed_at is null;
create index auditorium_by_theatre on auditorium (theatre_id, name);
alter table auditorium drop constraint auditorium_theatre_id_name_key;
create unique index auditorium_name on auditorium (theatre_id, name) where closed_at is null;

create trigger theatre_closed after update of closed_at on theatre
for each statement execute function tell_places();
create trigger auditorium_closed after update of closed_at on auditorium
for each statement execute function tell_places();

-- Closes theatre p_theatre_id, or of it auditorium p_auditorium_id alone, unless shows are in the way: those to
-- come that are not cancelled, and those of which seats are held. Returns how many are; p_key_id is the key and
-- p_actor the name of who does it. What is closed already is not noted.
create function close_house(
  p_key_id bigint, p_actor text, p_theatre_id bigint, p_auditorium_id bigint
) returns bigint
language plpgsql as $$
declare
  v_lane smallint;
  v_shows bigint;
begin
  -- Whoever puts shows on the programme has a share in this row, and looks for what is open afterwards.
  select t.lane into v_lane from theatre t where t.theatre_id = p_theatre_id for update;
  select count(*) into v_shows
    from (select s.show_id from show s
           where s.theatre_id = p_theatre_id and upper(s.during) > clock_timestamp()
             and s.sales_state <> 4
             and (p_auditorium_id is null or s.auditorium_id = p_auditorium_id)
          union
          select s.show_id from booking b join show s using (lane, show_id)
           where b.state = 1 and b.lane = v_lane
             and booking_state_at(b.state, b.hold_until, clock_timestamp()) = 1
             and s.theatre_id = p_theatre_id
             and (p_auditorium_id is null or s.auditorium_id = p_auditorium_id)) x;
  if v_shows > 0 then return v_shows; end if;
  if p_auditorium_id is null then
    update theatre t set closed_at = clock_timestamp()
     where t.theatre_id = p_theatre_id and t.closed_at is null;
  else
    update auditorium a set closed_at = clock_timestamp()
     where a.auditorium_id = p_auditorium_id and a.theatre_id = p_theatre_id
       and a.closed_at is null;
  end if;
  if found then
    insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
    select p_key_id, p_actor,
           case when p_auditorium_id is null then 'CLOSE_THEATRE' else 'CLOSE_AUDITORIUM' end,
           t.partner_id,
           jsonb_strip_nulls(
             jsonb_build_object(
               'theatre', t.theatre_id, 'auditorium', p_auditorium_id,
               'name', coalesce(a.name, t.name)))
      from theatre t left join auditorium a on a.auditorium_id = p_auditorium_id
     where t.theatre_id = p_theatre_id;
  end if;
  return 0;
end
$$;

-- As it was, but what is closed is not there.
create or replace function judge_schedule(
  p_theatre_id bigint, p_references text[], p_auditorium_ids bigint[], p_auditoriums text[],
  p_kinds smallint[], p_movie_ids bigint[], p_titles text[], p_languages text[], p_formats text[],
  p_starts timestamptz[], p_local_starts text[], p_minutes integer[], p_currencies text[],
  p_sales_states smallint[], p_firsts integer[], p_lasts integer[], p_tiers text[]
) returns schedule_row[]
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_rows schedule_row[];
begin
  select array_agg(row(
           w.n::integer, w.reference, w.lane, w.auditorium_id, w.layout_version, w.seat_count, w.kind,
           m.movie_id, case when w.kind = 1 then '' else w.title end, w.language, w.format, d.during,
           w.currency, w.sales_state, w.show_id, w.first_price, w.last_price,
           case when w.auditorium_id is null then 'AUDITORIUM_NOT_FOUND'
                when w.show_id is not null and w.present_auditorium_id <> w.auditorium_id
                  then 'SHOW_ELSEWHERE'
                when w.seat_count is null then 'LAYOUT_NOT_FOUND'
                when w.kind = 1 and m.movie_id is null then 'MOVIE_NOT_FOUND'
                when cardinality(w.movie_ids) > 1 then 'MOVIE_AMBIGUOUS'
                when w.local_start is not null
                     and w.begins_at at time zone w.time_zone <> w.local_start::timestamp
                  then 'NO_SUCH_TIME'
                when upper(d.during) <= now() or upper(w.present_during) <= now() then 'SHOW_OVER'
                when lower(d.during) > latest_start() then 'START_TOO_LATE'
                when not w.tiers <@ p_tiers[w.first_price : w.last_price] then 'PRICE_MISSING'
                end,
           null, w.tiers)::schedule_row order by w.n)
    into v_rows
    -- Each looked up once: without the offset it would be for each time that it is used.
    from (
      select r.n, r.reference, r.kind, r.title, r.language, r.format, r.local_start, r.minutes,
             r.currency, r.sales_state, r.first_price, r.last_price, t.lane, t.time_zone,
             a.auditorium_id, l.layout_version, nullif(l.seat_count, 0) as seat_count, l.tiers,
             s.show_id, s.auditorium_id as present_auditorium_id, s.during as present_during,
             coalesce(r.starts_at, r.local_start::timestamp at time zone t.time_zone) as begins_at,
             case when r.kind <> 1 then null
                  when r.movie_id <> 0 then array[r.movie_id]
                  else (select case when count(*) < 2 then array_agg(x.movie_id)
                                    else narrow_movies(array_agg(x.movie_id), s.movie_id, t.theatre_id)
                                    end
                          from movie x where x.title = r.title)
                  end as movie_ids
        from unnest(p_references, p_auditorium_ids, p_auditoriums, p_kinds, p_movie_ids, p_titles,
                    p_languages, p_formats, p_starts, p_local_starts, p_minutes, p_currencies,
                    p_sales_states, p_firsts, p_lasts)
               with ordinality
               as r(reference, auditorium_id, auditorium, kind, movie_id, title, language, format,
                    starts_at, local_start, minutes, currency, sales_state, first_price, last_price, n)
        join theatre t on t.theatre_id = p_theatre_id
        left join lateral (
          select case when x.theatre_id = p_theatre_id and x.closed_at is null and t.closed_at is null
                      then x.auditorium_id end as auditorium_id
            from auditorium x
           where r.auditorium_id <> 0 and x.auditorium_id = r.auditorium_id
          union all
          select x.auditorium_id from auditorium x
           where r.auditorium_id = 0 and x.theatre_id = p_theatre_id and x.name = r.auditorium
             and x.closed_at is null and t.closed_at is null) a
          on true
        left join lateral (
          select x.show_id, x.auditorium_id, x.during, x.layout_version, x.movie_id from show x
           where x.theatre_id = p_theatre_id and x.partner_reference = r.reference
           limit 1) s
          on true
        -- The newest, and of a show that there is its own.
        left join lateral (
          select x.layout_version, x.seat_count, x.tiers from layout x
           where x.auditorium_id = a.auditorium_id
             and x.layout_version <= coalesce(s.layout_version, 2147483647)
           order by x.layout_version desc limit 1) l
          on true
      offset 0) w
    left join movie m on m.movie_id = w.movie_ids[1]
   cross join lateral (
     select tstzrange(w.begins_at,
                      w.begins_at + make_interval(
                        mins => case when w.minutes > 0 then w.minutes else m.duration_minutes end))
              as during
     offset 0) d;
  return v_rows;
end
$$;

-- As it was, but nobody runs what is closed.
create or replace function runs_theatre(
  p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[], p_theatre_id bigint
) returns boolean
language sql stable as $$
  select exists (
    select from theatre t
     where t.theatre_id = p_theatre_id and t.closed_at is null
       and (p_is_operator
            or (t.partner_id = p_partner_id
                and (p_theatre_ids is null or t.theatre_id = any (p_theatre_ids)))))
$$;
