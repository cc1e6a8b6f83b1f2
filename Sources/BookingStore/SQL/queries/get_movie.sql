-- Movie $1: columns as in list_movies.sql, then pictures, credits in their order, ratings.
select m.movie_id, m.title, m.synopsis, m.genres, m.languages, m.duration_minutes,
       coalesce(to_char(m.release_date, 'YYYY-MM-DD'), ''), m.certificate,
       m.trailer_url, m.poster_url, m.gallery_urls,
       array(select c.kind from movie_credit c where c.movie_id = m.movie_id order by c.position),
       array(select c.name from movie_credit c where c.movie_id = m.movie_id order by c.position),
       array(select c.role from movie_credit c where c.movie_id = m.movie_id order by c.position),
       coalesce(r.rating_count, 0), coalesce(r.rating_total, 0)
  from movie m left join movie_rating r using (movie_id)
 where m.movie_id = $1::bigint
