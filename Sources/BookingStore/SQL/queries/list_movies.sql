-- Movies to come in city $1, at theatre $2 (0: any), of genre $3, in language $4 ('': any), on the
-- theatre's day $5 (null: any), by title, after ($6 title, $7 id), at most $8.
select m.movie_id, m.title, m.synopsis, m.genres, m.languages, m.duration_minutes,
       coalesce(to_char(m.release_date, 'YYYY-MM-DD'), ''), m.certificate
  from movie m
 where (m.title, m.movie_id) > ($6::text, $7::bigint)
   and genre_fits(m.genres, $3)
   and exists (
         select 1 from show s join theatre t using (theatre_id)
          where s.movie_id = m.movie_id and s.sales_state <> 4 and upper(s.during) > now()
            and ($1::bigint = 0 or t.city_id = $1)
            and ($2::bigint = 0 or s.theatre_id = $2)
            and language_fits(s.language, $4)
            and ($5::date is null or (lower(s.during) at time zone t.time_zone)::date = $5))
 order by m.title, m.movie_id
 limit $8::bigint
