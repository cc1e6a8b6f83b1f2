-- What account $1 thinks of movie $2. Columns as in put_review.sql.
select r.review_id, r.movie_id, a.name, r.rating, r.text, r.created_at, r.edited_at, r.comment_count,
       r.state = 2
  from review r join account a using (account_id)
 where r.account_id = $1::uuid and r.movie_id = $2::bigint
