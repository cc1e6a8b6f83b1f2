-- Whether review $1 stands.
select from review r where r.review_id = $1::bigint and r.state = 1
