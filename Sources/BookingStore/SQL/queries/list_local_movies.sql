-- Movies to come in city $1, at theatre $2, of genre $3, in language $4, on the theatre's day $5 (null:
-- any), by title, after ($6 title, $7 id), at most $8. Without a city and a theatre it is list_movies.sql.
--
-- What is on is gathered first, from the shows of one place: planned in one with the movies, all movies that
-- there are would be looked for among these.
select m.movie_id, m.title, m.synopsis, m.genres, m.languages, m.duration_minutes,
       coalesce(to_char(m.release_date, 'YYYY-MM-DD'), ''), m.certificate
  from movie m
 where (m.title, m.movie_id) > ($6::text, $7::bigint)
   and genre_fits(m.genres, $3) -- if $3
   and m.movie_id = any (array(
         select distinct s.movie_id from show s join theatre t using (theatre_id)
          where s.movie_id is not null and s.sales_state <> 4 and upper(s.during) > now()
            and t.city_id = $1 -- if $1
            and s.theatre_id = $2 -- if $2
            and language_fits(s.language, $4) -- if $4
            and lower(s.during) >= ($5::timestamp - interval '16 hours') at time zone 'UTC' -- if $5
            and lower(s.during) < ($5::timestamp + interval '40 hours') at time zone 'UTC' -- if $5
            and (lower(s.during) at time zone t.time_zone)::date = $5 -- if $5
       ))
 order by m.title, m.movie_id
 limit $8::bigint
