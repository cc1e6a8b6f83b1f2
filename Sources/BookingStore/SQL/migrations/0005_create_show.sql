-- Puts a show on the programme: the show, its prices, and a row per seat of the newest layout.
-- Every tier of the layout needs a price. Raises exclusion_violation (23P01) on an overlap.

create function create_show(
  p_auditorium_id bigint, p_kind smallint, p_movie_id bigint, p_title text, p_language text,
  p_format text, p_starts_at timestamptz, p_ends_at timestamptz, p_currency text,
  p_tiers text[], p_minor_units bigint[]
) returns bigint
language plpgsql as $$
declare
  v_lane smallint;
  v_theatre_id bigint;
  v_layout_version integer;
  v_seat_count integer;
  v_show_id bigint;
begin
  select t.lane, t.theatre_id, max(l.layout_version)
    into v_lane, v_theatre_id, v_layout_version
    from auditorium a join theatre t using (theatre_id) join layout l using (auditorium_id)
   where a.auditorium_id = p_auditorium_id
   group by t.lane, t.theatre_id;
  if v_lane is null then
    raise exception 'auditorium without layout' using errcode = 'no_data_found';
  end if;
  select count(*) into v_seat_count from layout_seat s
   where s.auditorium_id = p_auditorium_id and s.layout_version = v_layout_version;
  if exists (
    select 1 from layout_seat s
     where s.auditorium_id = p_auditorium_id and s.layout_version = v_layout_version
       and s.tier <> all (p_tiers)
  ) then
    raise exception 'tier without price' using errcode = 'check_violation';
  end if;

  insert into show (lane, kind, movie_id, title, theatre_id, auditorium_id, layout_version,
                    language, format, during, currency, seat_count)
  values (v_lane, p_kind, p_movie_id, p_title, v_theatre_id, p_auditorium_id, v_layout_version,
          p_language, p_format, tstzrange(p_starts_at, p_ends_at), p_currency, v_seat_count)
  returning show_id into v_show_id;
  insert into show_price (lane, show_id, tier, minor_units)
  select v_lane, v_show_id, t.tier, t.minor_units
    from unnest(p_tiers, p_minor_units) as t(tier, minor_units);
  insert into show_seat (lane, show_id, seat_no)
  select v_lane, v_show_id, s.seat_no from layout_seat s
   where s.auditorium_id = p_auditorium_id and s.layout_version = v_layout_version;
  return v_show_id;
end
$$;
