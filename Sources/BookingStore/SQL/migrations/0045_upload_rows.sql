-- Uploads that make a row of a show and its prices, and read of each thing that a row names one row: a layout
-- knows how many seats and which tiers it has. The seats come later, by make_show_seats().

alter table layout
  add column seat_count integer not null default 0 check (seat_count >= 0),
  add column tiers text[] not null default '{}';

-- Counts what the layouts have whose seats a statement changed.
create function measure_layouts() returns trigger
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  update layout l set seat_count = m.seat_count, tiers = m.tiers
    from (select c.auditorium_id, c.layout_version, count(s.seat_no)::integer as seat_count,
                 coalesce(array_agg(distinct s.tier) filter (where s.tier is not null), '{}') as tiers
            from (select distinct x.auditorium_id, x.layout_version from changed_seat x) c
            left join layout_seat s
              on s.auditorium_id = c.auditorium_id and s.layout_version = c.layout_version
           group by c.auditorium_id, c.layout_version) m
   where l.auditorium_id = m.auditorium_id and l.layout_version = m.layout_version;
  return null;
end
$$;
create trigger layout_seat_added after insert on layout_seat
referencing new table as changed_seat for each statement execute function measure_layouts();
create trigger layout_seat_changed after update on layout_seat
referencing new table as changed_seat for each statement execute function measure_layouts();
create trigger layout_seat_removed after delete on layout_seat
referencing old table as changed_seat for each statement execute function measure_layouts();

update layout l set seat_count = m.seat_count, tiers = m.tiers
  from (select s.auditorium_id, s.layout_version, count(*)::integer as seat_count,
               array_agg(distinct s.tier) as tiers
          from layout_seat s group by s.auditorium_id, s.layout_version) m
 where l.auditorium_id = m.auditorium_id and l.layout_version = m.layout_version;

-- As it was, and each thing is looked up by its key, row by row.
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

-- As it was, with a plan that a session makes once.
create or replace function add_shows(
  p_theatre_id bigint, p_rows schedule_row[], p_show_ids bigint[], p_ns integer[]) returns void
language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
  insert into show (lane, show_id, kind, movie_id, title, theatre_id, auditorium_id, layout_version,
                    language, format, during, currency, seat_count, sales_state, partner_reference,
                    has_seats)
  select r.lane, p_show_ids[r.n], r.kind, r.movie_id, r.title, p_theatre_id, r.auditorium_id,
         r.layout_version, r.language, r.format, r.during, r.currency, r.seat_count,
         coalesce(r.sales_state, 2), r.reference, false
    from unnest(p_rows) r
   where r.n = any (p_ns)
   order by r.n;
end
$$;

-- As it was, without seats.
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
  return query
    select r.n::integer, r.outcome, r.show_id, r.other_show_id
      from unnest(v_outcomes, v_show_ids, v_others)
             with ordinality as r(outcome, show_id, other_show_id, n);
end
$$;
