-- What rows of a schedule may say, and what of a show may not change unnoticed.

-- What somebody was shown before booking is a term, not the price alone.
drop trigger show_terms on show;
create trigger show_terms
before update of sales_state, during, layout_version, currency, movie_id, kind, title, language, format
on show
for each row when (
  (old.sales_state, old.during, old.layout_version, old.currency, old.movie_id, old.kind, old.title,
   old.language, old.format)
    is distinct from
  (new.sales_state, new.during, new.layout_version, new.currency, new.movie_id, new.kind, new.title,
   new.language, new.format))
execute function raise_pricing_version();

-- The latest start of a show that is made or moved: nobody plans further ahead, and every year until then
-- has four digits on every clock.
create function latest_start() returns timestamptz
language sql stable as $$ select now() + interval '5 years' $$;

create function refuse_show_start() returns trigger
language plpgsql as $$
begin
  raise exception 'a show starts too late'
    using errcode = 'check_violation', table = 'show', constraint = 'show_start';
end
$$;
-- Judged when a show is made or moved, not whenever its row is written: whatever starts later already
-- can be sold and withdrawn.
create trigger show_start before insert or update of during on show
for each row when (lower(new.during) > latest_start()) execute function refuse_show_start();

-- Of several movies of one title the one that a row means: the one its show has; else those that the
-- theatre, or another of its partner, has shown; else all.
create function narrow_movies(p_movies bigint[], p_present bigint, p_theatre_id bigint) returns bigint[]
language plpgsql stable as $$
declare
  v_theatres bigint[];
  v_own bigint[];
begin
  if p_present = any (p_movies) then return array[p_present]; end if;
  v_theatres := p_theatre_id || array(
    select o.theatre_id from theatre t join theatre o on o.partner_id = t.partner_id
     where t.theatre_id = p_theatre_id);
  v_own := array(
    select m.movie_id from unnest(p_movies) as m(movie_id)
     where exists (select from show s where s.movie_id = m.movie_id
                      and s.theatre_id = any (v_theatres) and s.sales_state <> 4));
  return case when cardinality(v_own) > 0 then v_own else p_movies end;
end
$$;
create index show_by_movie_theatre on show (movie_id, theatre_id) where movie_id is not null;

-- The rows with what they name looked up, and judged as far as one row alone can be: what is missing,
-- and of a show that there is what may not change. The caller holds the rows of those shows.
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
                when upper(t.during) <= now() or upper(t.present_during) <= now() then 'SHOW_OVER'
                when lower(t.during) > latest_start() then 'START_TOO_LATE'
                when not t.tiers <@ p_tiers[t.first_price : t.last_price] then 'PRICE_MISSING'
                end,
           null)::schedule_row order by t.n)
    into v_rows from timed t;
  return v_rows;
end
$$;

-- Puts rows of a schedule into the tables, each for itself: p_firsts and p_lasts are a row's part of
-- p_tiers and p_minor_units. References are distinct. Returns for each row CREATED, UPDATED, UNCHANGED, or
-- why it is refused; the show, where there is one; and the show in its way.
--
-- The shows that there are change first, then the new ones are made; whoever uploads to one of these
-- auditoriums meanwhile waits.
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
