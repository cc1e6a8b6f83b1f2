-- Account $1 takes back its review of movie $2.
delete from review r where r.account_id = $1::uuid and r.movie_id = $2::bigint
returning r.review_id
