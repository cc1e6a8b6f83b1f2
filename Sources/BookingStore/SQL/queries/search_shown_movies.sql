-- Movies that fit the words $1, of genre $2, with shows to come in language $3, in city $4 and on the
-- theatre's day $5 (null: any), best first, after ($6 fit, $7 id; null: from the start), at most $8.
-- Columns as in list_movies.sql, then the fit.
select m.movie_id, m.title, m.synopsis, m.genres, m.languages, m.duration_minutes,
       coalesce(to_char(m.release_date, 'YYYY-MM-DD'), ''), m.certificate, f.fit
  from find_movies($1) f join movie m using (movie_id)
 where true
   and genre_fits(m.genres, $2) -- if $2
   and exists (
         select 1 from show s join theatre t using (theatre_id)
          where s.movie_id = m.movie_id and s.sales_state <> 4 and upper(s.during) > now()
            and language_fits(s.language, $3) -- if $3
            and t.city_id = $4 -- if $4
            and (lower(s.during) at time zone t.time_zone)::date = $5 -- if $5
       )
   and (f.fit < $6 or (f.fit = $6 and m.movie_id > $7::bigint)) -- if $6
 order by f.fit desc, m.movie_id
 limit $8::bigint
