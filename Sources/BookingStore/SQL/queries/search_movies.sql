-- Movies that fit the words $1, of genre $2, in language $3 (null: any), best first, after ($6 fit, $7 id;
-- null: from the start), at most $8. Parameters as in search_shown_movies.sql, of which $4 and $5 are not
-- looked at. Columns as in list_movies.sql, then the fit.
select m.movie_id, m.title, m.synopsis, m.genres, m.languages, m.duration_minutes,
       coalesce(to_char(m.release_date, 'YYYY-MM-DD'), ''), m.certificate, f.fit
  from find_movies($1) f join movie m using (movie_id)
 where true
   and genre_fits(m.genres, $2) -- if $2
   and exists (select 1 from unnest(m.languages) as l where language_fits(l, $3)) -- if $3
   and (f.fit < $6 or (f.fit = $6 and m.movie_id > $7::bigint)) -- if $6
 order by f.fit desc, m.movie_id
 limit $8::bigint
