-- Account $1 takes back comment $2. What an operator has hidden stays so.
update review_comment c set state = 3
 where c.account_id = $1::uuid and c.comment_id = $2::bigint and c.state = 1
returning c.comment_id
