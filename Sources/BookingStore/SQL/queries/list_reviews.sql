-- Reviews of movie $1, newest first, before ($2 unused, $3 id; 0: from the newest), at most $4. Columns as in
-- put_review.sql.
select r.review_id, r.movie_id, a.name, r.rating, r.text, r.created_at, r.edited_at, r.comment_count,
       false
  from review r join account a using (account_id)
 where r.movie_id = $1::bigint and r.state = 1 and $2::text = ''
   and ($3::bigint = 0 or r.review_id < $3)
 order by r.review_id desc
 limit $4::bigint
