-- Schedules that partners upload: each show under the partner's own reference, so that the same row again
-- changes nothing.

alter table show add column partner_reference text
  check (partner_reference ~ '^[^[:cntrl:]]{1,64}$');
create unique index show_by_reference on show (theatre_id, partner_reference)
  where partner_reference is not null;

-- A row of a schedule on its way into the tables. Without an outcome it is not judged yet.
create type schedule_row as (
  n integer, reference text, lane smallint, auditorium_id bigint, layout_version integer,
  seat_count integer, kind smallint, movie_id bigint, title text, language text, format text,
  during tstzrange, currency text, sales_state smallint, show_id bigint, first_price integer,
  last_price integer, outcome text, other_show_id bigint);

-- Whether somebody has seats of a show, or waits for some. The caller holds the show's row.
create function is_sold_from(p_lane smallint, p_show_id bigint) returns boolean
language sql stable as $$
  select exists (select from booking b
                  where b.lane = p_lane and b.show_id = p_show_id and b.state in (1, 2, 7))
      or exists (select from waitlist_entry w
                  where w.lane = p_lane and w.show_id = p_show_id and w.state = 1)
$$;

-- The rows with what they name looked up, and judged as far as one row alone can be: what is missing,
-- and of a show that there is what may not change. The caller holds the rows of those shows.
create function judge_schedule(
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
                else (select array_agg(m.movie_id) from movie m where m.title = r.title)
                end as movie_ids
      from unnest(p_references, p_auditorium_ids, p_auditoriums, p_kinds, p_movie_ids, p_titles,
                  p_languages, p_formats, p_starts, p_local_starts, p_minutes, p_currencies,
                  p_sales_states, p_firsts, p_lasts)
             with ordinality
             as r(reference, auditorium_id, auditorium, kind, movie_id, title, language, format,
                  starts_at, local_start, minutes, currency, sales_state, first_price, last_price, n)
      join theatre t on t.theatre_id = p_theatre_id
      left join lateral (
        select x.auditorium_id from auditorium x
         where r.auditorium_id <> 0 and x.auditorium_id = r.auditorium_id
           and x.theatre_id = p_theatre_id
        union all
        select x.auditorium_id from auditorium x
         where r.auditorium_id = 0 and x.theatre_id = p_theatre_id and x.name = r.auditorium) a
        on true
      left join show s on s.theatre_id = p_theatre_id and s.partner_reference = r.reference),
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
                when upper(coalesce(t.present_during, t.during)) <= now() then 'SHOW_OVER'
                when not t.tiers <@ p_tiers[t.first_price : t.last_price] then 'PRICE_MISSING'
                end,
           null)::schedule_row order by t.n)
    into v_rows from timed t;
  return v_rows;
end
$$;

-- Changes a show that there is to what a row says, as far as that is allowed: what it is and when only
-- while nobody has seats of it or waits for some, prices and the beginning and end of its sale always. The
-- caller holds its row.
create function change_show(
  p_row schedule_row, p_tiers text[], p_minor_units bigint[], out outcome text,
  out other_show_id bigint)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_present show;
  v_is_other boolean;
  v_state smallint;
  v_count integer;
begin
  select s.* into v_present from show s
   where s.lane = p_row.lane and s.show_id = p_row.show_id;
  v_state := coalesce(p_row.sales_state, v_present.sales_state);
  v_is_other := (v_present.kind, v_present.movie_id, v_present.title, v_present.language,
                 v_present.format, v_present.during, v_present.currency)
    is distinct from (p_row.kind, p_row.movie_id, p_row.title, p_row.language, p_row.format,
                      p_row.during, p_row.currency);
  if (v_is_other or v_state = 4 and v_present.sales_state <> 4)
     and is_sold_from(p_row.lane, p_row.show_id) then
    outcome := 'SHOW_HAS_SALES';
    return;
  end if;
  outcome := 'UNCHANGED';
  if v_is_other or v_state <> v_present.sales_state then
    begin
      update show s
         set kind = p_row.kind, movie_id = p_row.movie_id, title = p_row.title,
             language = p_row.language, format = p_row.format, during = p_row.during,
             currency = p_row.currency, sales_state = v_state
       where s.lane = p_row.lane and s.show_id = p_row.show_id;
      outcome := 'UPDATED';
    exception when exclusion_violation then
      outcome := 'SHOW_OVERLAPS';
      select s.show_id into other_show_id from show s
       where s.auditorium_id = p_row.auditorium_id and s.during && p_row.during
         and s.sales_state <> 4 and s.show_id <> p_row.show_id
       order by lower(s.during) limit 1;
      return;
    end;
  end if;
  update show_price p set minor_units = t.minor_units
    from unnest(p_tiers[p_row.first_price : p_row.last_price],
                p_minor_units[p_row.first_price : p_row.last_price]) as t(tier, minor_units)
   where p.lane = p_row.lane and p.show_id = p_row.show_id and p.tier = t.tier
     and p.minor_units <> t.minor_units;
  get diagnostics v_count = row_count;
  if v_count > 0 then outcome := 'UPDATED'; end if;
end
$$;

-- Puts rows of a schedule into the tables, each for itself: p_firsts and p_lasts are a row's part of
-- p_tiers and p_minor_units. References are distinct. Returns for each row CREATED, UPDATED, UNCHANGED, or
-- why it is refused; the show, where there is one; and the show in its way.
--
-- The shows that there are change first, then the new ones are made; whoever uploads to one of these
-- auditoriums meanwhile waits.
create function upload_shows(
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
  v_new integer[];
  v_made integer[] := '{}';
  v_at integer;
begin
  perform 1 from auditorium a
    where a.theatre_id = p_theatre_id
      and (a.auditorium_id = any (p_auditorium_ids) or a.name = any (p_auditoriums))
    order by a.auditorium_id
    for no key update;
  perform 1 from show s
    where s.theatre_id = p_theatre_id and s.partner_reference = any (p_references)
    order by s.lane, s.show_id
    for no key update;
  v_rows := judge_schedule(
    p_theatre_id, p_references, p_auditorium_ids, p_auditoriums, p_kinds, p_movie_ids, p_titles,
    p_languages, p_formats, p_starts, p_local_starts, p_minutes, p_currencies, p_sales_states,
    p_firsts, p_lasts, p_tiers);

  v_new := array(select r.n from unnest(v_rows) r
                  where r.outcome is null and r.show_id is null order by r.n);
  for v_at in select r.n from unnest(v_rows) r
               where r.outcome is null and r.show_id is not null order by r.n
  loop
    v_row := v_rows[v_at];
    select c.outcome, c.other_show_id into v_row.outcome, v_row.other_show_id
      from change_show(v_row, p_tiers, p_minor_units) c;
    v_rows[v_at] := v_row;
  end loop;

  foreach v_at in array v_new loop
    v_rows[v_at].show_id := nextval('show_show_id_seq');
    v_rows[v_at].outcome := 'CREATED';
  end loop;
  begin
    perform add_shows(p_theatre_id, v_rows, v_new);
    v_made := v_new;
  exception when exclusion_violation then
    -- One of them is in another's way: each for itself.
    foreach v_at in array v_new loop
      begin
        perform add_shows(p_theatre_id, v_rows, array[v_at]);
        v_made := v_made || v_at;
      exception when exclusion_violation then
        v_row := v_rows[v_at];
        v_row.outcome := 'SHOW_OVERLAPS';
        v_row.show_id := null;
        select s.show_id into v_row.other_show_id from show s
         where s.auditorium_id = v_row.auditorium_id and s.during && v_row.during
           and s.sales_state <> 4
         order by lower(s.during) limit 1;
        v_rows[v_at] := v_row;
      end;
    end loop;
  end;

  -- Prices of tiers that a hall does not have are the theatre's, not the show's.
  insert into show_price (lane, show_id, tier, minor_units)
  select r.lane, r.show_id, p.tier, p.minor_units
    from unnest(v_made) as m(n)
   cross join lateral (select (v_rows[m.n]).*) r
   cross join lateral unnest(p_tiers[r.first_price : r.last_price],
                             p_minor_units[r.first_price : r.last_price]) as p(tier, minor_units)
   where exists (select from layout_seat s
                  where s.auditorium_id = r.auditorium_id
                    and s.layout_version = r.layout_version and s.tier = p.tier);
  insert into show_seat (lane, show_id, seat_no)
  select r.lane, r.show_id, s.seat_no
    from unnest(v_made) as m(n)
   cross join lateral (select (v_rows[m.n]).*) r
    join layout_seat s
      on s.auditorium_id = r.auditorium_id and s.layout_version = r.layout_version;
  return query select r.n, r.outcome, r.show_id, r.other_show_id from unnest(v_rows) r order by r.n;
end
$$;

-- The rows of new shows, without prices and seats. Raises exclusion_violation on an overlap.
create function add_shows(p_theatre_id bigint, p_rows schedule_row[], p_ns integer[]) returns void
language sql as $$
  insert into show (lane, show_id, kind, movie_id, title, theatre_id, auditorium_id, layout_version,
                    language, format, during, currency, seat_count, sales_state, partner_reference)
  select r.lane, r.show_id, r.kind, r.movie_id, r.title, p_theatre_id, r.auditorium_id,
         r.layout_version, r.language, r.format, r.during, r.currency, r.seat_count,
         coalesce(r.sales_state, 2), r.reference
    from unnest(p_rows) r
   where r.n = any (p_ns)
   order by r.n
$$;

-- Withdraws shows that nobody has seats of or waits for; returns those.
create function withdraw_shows(p_show_ids bigint[]) returns setof bigint
language plpgsql as $$
begin
  perform 1 from show s where s.show_id = any (p_show_ids)
    order by s.lane, s.show_id
    for no key update;
  return query
    update show s set sales_state = 4
     where s.show_id = any (p_show_ids) and s.sales_state <> 4
       and not is_sold_from(s.lane, s.show_id)
    returning s.show_id;
end
$$;
