-- The thread under review $1, if that stands, replies behind what they reply to, after ($2 root, $3 id), at most $4.
select c.comment_id, c.review_id, coalesce(c.parent_id, 0),
       case when c.state = 1 then a.name else '' end, case when c.state = 1 then c.text else '' end,
       c.created_at, c.state <> 1, coalesce(c.parent_id, c.comment_id)
  from review_comment c join account a using (account_id)
 where c.review_id = $1::bigint
   and exists (select from review r where r.review_id = c.review_id and r.state = 1)
   and (coalesce(c.parent_id, c.comment_id), c.comment_id) > ($2::bigint, $3::bigint)
 order by coalesce(c.parent_id, c.comment_id), c.comment_id
 limit $4::bigint
