-- Uploads whose cost does not grow with what was uploaded before. Shows are looked up by reference, one by
-- one: a plan made when a theatre had none reads all of a theatre's shows instead. And rows are used as a
-- set: an element of an array of rows is found by walking over those before it.

alter type schedule_row add attribute tiers text[];

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
  with wanted as materialized (
    select r.n::integer, r.reference, t.lane, t.time_zone, r.kind, r.title, r.language, r.format,
           r.currency, r.sales_state, r.first_price, r.last_price, r.local_start, a.auditorium_id,
           coalesce(r.starts_at, r.local_start::timestamp at time zone t.time_zone) as starts_at,
           r.minutes, s.show_id, s.auditorium_id as present_auditorium_id, s.during as present_during,
           case when s.show_id is null
                then (select max(l.layout_version) from layout l
                       where l.auditorium_id = a.auditorium_id)
                else s.layout_version end as layout_version,
           case when r.kind <> 1 then null
                when r.movie_id <> 0 then (select array[m.movie_id] from movie m
                                            where m.movie_id = r.movie_id)
                else (select case when count(*) < 2 then array_agg(m.movie_id)
                                  else narrow_movies(array_agg(m.movie_id), s.movie_id, t.theatre_id)
                                  end
                        from movie m where m.title = r.title)
                end as movie_ids
      from unnest(p_references, p_auditorium_ids, p_auditoriums, p_kinds, p_movie_ids, p_titles,
                  p_languages, p_formats, p_starts, p_local_starts, p_minutes, p_currencies,
                  p_sales_states, p_firsts, p_lasts)
             with ordinality
             as r(reference, auditorium_id, auditorium, kind, movie_id, title, language, format,
                  starts_at, local_start, minutes, currency, sales_state, first_price, last_price, n)
      join theatre t on t.theatre_id = p_theatre_id
      left join lateral (
        select case when x.theatre_id = p_theatre_id then x.auditorium_id end as auditorium_id
          from auditorium x
         where r.auditorium_id <> 0 and x.auditorium_id = r.auditorium_id
        union all
        select x.auditorium_id from auditorium x
         where r.auditorium_id = 0 and x.theatre_id = p_theatre_id and x.name = r.auditorium) a
        on true
      left join lateral (
        select x.show_id, x.auditorium_id, x.during, x.layout_version, x.movie_id from show x
         where x.theatre_id = p_theatre_id and x.partner_reference = r.reference
         limit 1) s
        on true),
  -- Each layout once, however many shows have it.
  room as materialized (
    select l.auditorium_id, l.layout_version, count(*)::integer as seat_count,
           array_agg(distinct l.tier) as tiers
      from (select distinct w.auditorium_id, w.layout_version from wanted w) as k
      join layout_seat l
        on l.auditorium_id = k.auditorium_id and l.layout_version = k.layout_version
     group by l.auditorium_id, l.layout_version),
  timed as (
    select w.*, m.movie_id, room.seat_count, room.tiers,
           tstzrange(w.starts_at,
                     w.starts_at + make_interval(
                       mins => case when w.minutes > 0 then w.minutes else m.duration_minutes end))
             as during
      from wanted w
      left join room
        on room.auditorium_id = w.auditorium_id and room.layout_version = w.layout_version
      left join movie m on m.movie_id = w.movie_ids[1])
  select array_agg(row(
           t.n, t.reference, t.lane, t.auditorium_id, t.layout_version, t.seat_count, t.kind,
           t.movie_id, case when t.kind = 1 then '' else t.title end, t.language, t.format, t.during,
           t.currency, t.sales_state, t.show_id, t.first_price, t.last_price,
           case when t.auditorium_id is null then 'AUDITORIUM_NOT_FOUND'
                when t.show_id is not null and t.present_auditorium_id <> t.auditorium_id
                  then 'SHOW_ELSEWHERE'
                when t.seat_count is null then 'LAYOUT_NOT_FOUND'
                when t.kind = 1 and t.movie_ids is null then 'MOVIE_NOT_FOUND'
                when cardinality(t.movie_ids) > 1 then 'MOVIE_AMBIGUOUS'
                when t.local_start is not null
                     and t.starts_at at time zone t.time_zone <> t.local_start::timestamp
                  then 'NO_SUCH_TIME'
                when upper(t.during) <= now() or upper(t.present_during) <= now() then 'SHOW_OVER'
                when lower(t.during) > latest_start() then 'START_TOO_LATE'
                when not t.tiers <@ p_tiers[t.first_price : t.last_price] then 'PRICE_MISSING'
                end,
           null, t.tiers)::schedule_row order by t.n)
    into v_rows from timed t;
  return v_rows;
end
$$;

-- The rows p_ns as new shows with the ids p_show_ids, which has a place for each row; without prices and
-- seats. Raises exclusion_violation on an overlap.
drop function add_shows(bigint, schedule_row[], integer[]);
create function add_shows(
  p_theatre_id bigint, p_rows schedule_row[], p_show_ids bigint[], p_ns integer[]) returns void
language sql as $$
  insert into show (lane, show_id, kind, movie_id, title, theatre_id, auditorium_id, layout_version,
                    language, format, during, currency, seat_count, sales_state, partner_reference)
  select r.lane, p_show_ids[r.n], r.kind, r.movie_id, r.title, p_theatre_id, r.auditorium_id,
         r.layout_version, r.language, r.format, r.during, r.currency, r.seat_count,
         coalesce(r.sales_state, 2), r.reference
    from unnest(p_rows) r
   where r.n = any (p_ns)
   order by r.n
$$;

create or replace function upload_shows(
  p_theatre_id bigint, p_references text[], p_auditorium_ids bigint[], p_auditoriums text[],
  p_kinds smallint[], p_movie_ids bigint[], p_titles text[], p_languages text[], p_formats text[],
  p_starts timestamptz[], p_local_starts text[], p_minutes integer[], p_currencies text[],
  p_sales_states smallint[], p_firsts integer[], p_lasts integer[], p_tiers text[],
  p_minor_units bigint[]
) returns table (n integer, outcome text, show_id bigint, other_show_id bigint)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  v_rows schedule_row[];
  v_row schedule_row;
  v_change record;
  v_present bigint[];
  -- By row.
  v_outcomes text[];
  v_show_ids bigint[];
  v_others bigint[];
  v_new integer[];
  v_made integer[] := '{}';
  v_at integer;
begin
  -- What a new show refers to, before the rows of shows: as whoever changes the theatre takes them.
  perform 1 from theatre t where t.theatre_id = p_theatre_id for key share;
  perform 1 from auditorium a
    where a.theatre_id = p_theatre_id
      and (a.auditorium_id = any (p_auditorium_ids) or a.name = any (p_auditoriums))
    order by a.auditorium_id
    for no key update;
  v_present := array(
    select s.show_id
      from unnest(p_references) as r(reference)
     cross join lateral (
       select x.show_id from show x
        where x.theatre_id = p_theatre_id and x.partner_reference = r.reference
        limit 1) s);
  perform 1 from show s
    where s.show_id = any (v_present)
    order by s.lane, s.show_id
    for no key update;
  v_rows := judge_schedule(
    p_theatre_id, p_references, p_auditorium_ids, p_auditoriums, p_kinds, p_movie_ids, p_titles,
    p_languages, p_formats, p_starts, p_local_starts, p_minutes, p_currencies, p_sales_states,
    p_firsts, p_lasts, p_tiers);
  select array_agg(coalesce(r.outcome, case when r.show_id is null then 'CREATED' end) order by r.n),
         array_agg(case when r.outcome is null and r.show_id is null
                        then nextval('show_show_id_seq') else r.show_id end order by r.n),
         array_agg(null::bigint),
         coalesce(array_agg(r.n order by r.n)
                    filter (where r.outcome is null and r.show_id is null), '{}')
    into v_outcomes, v_show_ids, v_others, v_new
    from unnest(v_rows) r;

  for v_row in select r.* from unnest(v_rows) r
                where r.outcome is null and r.show_id is not null order by r.n
  loop
    select c.outcome, c.other_show_id into v_change
      from change_show(v_row, p_tiers, p_minor_units) c;
    v_outcomes[v_row.n] := v_change.outcome;
    v_others[v_row.n] := v_change.other_show_id;
  end loop;

  begin
    perform add_shows(p_theatre_id, v_rows, v_show_ids, v_new);
    v_made := v_new;
  exception when exclusion_violation then
    -- One of them is in another's way: each for itself.
    foreach v_at in array v_new loop
      begin
        perform add_shows(p_theatre_id, v_rows[v_at : v_at], v_show_ids, array[v_at]);
        v_made := v_made || v_at;
      exception when exclusion_violation then
        v_row := v_rows[v_at];
        v_outcomes[v_at] := 'SHOW_OVERLAPS';
        v_show_ids[v_at] := null;
        v_others[v_at] := (
          select s.show_id from show s
           where s.auditorium_id = v_row.auditorium_id and s.during && v_row.during
             and s.sales_state <> 4
           order by lower(s.during) limit 1);
      end;
    end loop;
  end;

  -- Prices of tiers that a hall does not have are the theatre's, not the show's.
  insert into show_price (lane, show_id, tier, minor_units)
  select r.lane, v_show_ids[r.n], p.tier, p.minor_units
    from unnest(v_rows) r
   cross join lateral unnest(p_tiers[r.first_price : r.last_price],
                             p_minor_units[r.first_price : r.last_price]) as p(tier, minor_units)
   where r.n = any (v_made) and p.tier = any (r.tiers);
  insert into show_seat (lane, show_id, seat_no)
  select r.lane, v_show_ids[r.n], s.seat_no
    from unnest(v_rows) r
    join layout_seat s
      on s.auditorium_id = r.auditorium_id and s.layout_version = r.layout_version
   where r.n = any (v_made);
  return query
    select r.n::integer, r.outcome, r.show_id, r.other_show_id
      from unnest(v_outcomes, v_show_ids, v_others)
             with ordinality as r(outcome, show_id, other_show_id, n);
end
$$;
