-- Account $1 takes back its review of movie $2. Of a hidden one only the words go: a new one in its place
-- would not be hidden.
with gone as (
  delete from review r
   where r.account_id = $1::uuid and r.movie_id = $2::bigint and r.state = 1
  returning r.review_id),
emptied as (
  update review r set text = ''
   where r.account_id = $1::uuid and r.movie_id = $2::bigint and r.state = 2
  returning r.review_id)
select g.review_id from gone g union all select e.review_id from emptied e
