-- Movies to come, of genre $3, in language $4, on the theatre's day $5 (null: any), by title, after ($6 title,
-- $7 id), at most $8; in a city or at a theatre they are list_local_movies.sql's, whose parameters these are.
-- A day begins and ends within a day of UTC's, whatever the zone.
--
-- `offset 0` has each movie looked up by itself until there are enough: shows are too many to be gathered.
select m.movie_id, m.title, m.synopsis, m.genres, m.languages, m.duration_minutes,
       coalesce(to_char(m.release_date, 'YYYY-MM-DD'), ''), m.certificate
  from movie m
 where (m.title, m.movie_id) > ($6::text, $7::bigint)
   and genre_fits(m.genres, $3) -- if $3
   and exists (
         select 1 from show s join theatre t using (theatre_id)
          where s.movie_id = m.movie_id and s.sales_state <> 4 and upper(s.during) > now()
            and language_fits(s.language, $4) -- if $4
            and (lower(s.during) at time zone t.time_zone)::date = $5 -- if $5
         offset 0)
 order by m.title, m.movie_id
 limit $8::bigint
