-- Shows that have not ended: of movie $1, in city $2, at theatre $3, on the theatre's day $4, in language
-- $5 and format $6 (null: any), by start, after ($7 start, $8 id), at most $9; of kind $10 and, of those that are
-- no films, with titles that fit $11 (null: any).
-- Columns as in get_show.sql.
--
-- Of a movie, in a city, at a theatre or by words, all are gathered (`offset 0`) before they are ordered: in order
-- of start, from the first on, every show that there is would be looked at for those of a rare movie. A day ends
-- within 16 hours of UTC's, whatever the zone; where it may begin, $7 says.
select s.show_id, s.lane, s.kind, coalesce(s.movie_id, 0), coalesce(m.title, s.title),
       s.theatre_id, s.theatre_name, s.city_id, c.name, s.auditorium_id, a.name, s.language, s.format,
       lower(s.during), upper(s.during), lower(s.during) at time zone s.time_zone at time zone 'UTC', s.time_zone,
       s.sales_state, s.currency, s.seat_count, s.layout_version, s.pricing_version,
       coalesce(p.tiers, '{}'), coalesce(p.amounts, '{}')
  from (select * from (
          select s.*, t.name as theatre_name, t.city_id, t.time_zone
            from show s join theatre t using (theatre_id)
           where (lower(s.during), s.show_id) > ($7::timestamptz, $8::bigint)
             and upper(s.during) > now() and t.closed_at is null
             and s.movie_id = $1 -- if $1
             and t.city_id = $2 -- if $2
             and s.theatre_id = $3 -- if $3
             and lower(s.during) < ($4::timestamp + interval '40 hours') at time zone 'UTC' -- if $4
             and (lower(s.during) at time zone t.time_zone)::date = $4 -- if $4
             and language_fits(s.language, $5) -- if $5
             and lower(s.format) = lower($6) -- if $6
             and s.kind = $10 -- if $10
             and s.show_id = any (array(select find_titled_shows($11))) -- if $11
          offset 0 -- if $1 $2 $3 $11
        ) s
         order by lower(s.during), s.show_id
         limit $9::bigint) s
  join city c using (city_id)
  join auditorium a using (auditorium_id)
  left join movie m using (movie_id)
  cross join lateral (
    select array_agg(p.tier) as tiers, array_agg(p.minor_units) as amounts
      from show_price p where p.lane = s.lane and p.show_id = s.show_id) p
 order by lower(s.during), s.show_id
