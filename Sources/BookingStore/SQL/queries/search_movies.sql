-- Movies that fit the words $1, of genre $2, in language $3 ('': any), with shows in city $4 (0: any) on
-- the theatre's day $5 (null: any), best first, after ($6 fit, $7 id; null: from the start), at most $8.
-- Columns as in list_movies.sql, then the fit.
select m.movie_id, m.title, m.synopsis, m.genres, m.languages, m.duration_minutes,
       coalesce(to_char(m.release_date, 'YYYY-MM-DD'), ''), m.certificate, f.fit
  from find_movies($1) f join movie m using (movie_id)
 where genre_fits(m.genres, $2)
   and case when $4::bigint = 0 and $5::date is null
            then $3::text = ''
                 or exists (select 1 from unnest(m.languages) as l where language_fits(l, $3))
            else exists (
              select 1 from show s join theatre t using (theatre_id)
               where s.movie_id = m.movie_id and s.sales_state <> 4 and upper(s.during) > now()
                 and ($4::bigint = 0 or t.city_id = $4) and language_fits(s.language, $3)
                 and ($5::date is null
                      or (lower(s.during) at time zone t.time_zone)::date = $5)) end
   and ($6::double precision is null or f.fit < $6 or (f.fit = $6 and m.movie_id > $7::bigint))
 order by f.fit desc, m.movie_id
 limit $8::bigint
