-- Account $1 rates movie $2 by $3 with the words $4; what is said anew keeps its place. No row when there is no
-- such movie.
insert into review as r (account_id, movie_id, rating, text)
select $1::uuid, m.movie_id, $3::smallint, $4::text from movie m where m.movie_id = $2::bigint
on conflict (account_id, movie_id) do update
  set rating = excluded.rating, text = excluded.text, edited_at = clock_timestamp()
returning r.review_id, r.movie_id, (select a.name from account a where a.account_id = r.account_id),
          r.rating, r.text, r.created_at, r.edited_at, r.comment_count, r.state = 2
