-- Movies to come in city $1 and at theatre $2 (0: any), by title, after ($3 title, $4 id),
-- at most $5.
select m.movie_id, m.title, m.synopsis, m.genres, m.languages, m.duration_minutes,
       coalesce(to_char(m.release_date, 'YYYY-MM-DD'), ''), m.certificate
  from movie m
 where (m.title, m.movie_id) > ($3::text, $4::bigint)
   and exists (
         select 1 from show s join theatre t using (theatre_id)
          where s.movie_id = m.movie_id and s.sales_state <> 4 and upper(s.during) > now()
            and ($1::bigint = 0 or t.city_id = $1)
            and ($2::bigint = 0 or s.theatre_id = $2))
 order by m.title, m.movie_id
 limit $5::bigint
