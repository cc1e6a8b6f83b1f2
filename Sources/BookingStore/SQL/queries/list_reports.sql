-- What was reported and is not judged yet, each once, by its first report, after ($1 unused, $2 that report's id),
-- at most $3: how often, why, since when, that id, whether it is a comment; then the columns of put_review.sql and of
-- list_comments.sql, each null when it is the other.
select f.report_count, f.objections, f.reported_at, f.first_id, f.comment_id is not null,
       r.review_id, r.movie_id, ra.name, r.rating, r.text, r.created_at, r.edited_at, r.comment_count,
       r.state = 2,
       c.comment_id, c.review_id, coalesce(c.parent_id, 0), ca.name, c.text, c.created_at, c.state <> 1
  from (select o.review_id, o.comment_id, count(*)::integer as report_count,
               array_agg(distinct o.objection) as objections, min(o.created_at) as reported_at,
               min(o.report_id) as first_id
          from content_report o
         group by o.review_id, o.comment_id) f
  left join review r on r.review_id = f.review_id
  left join account ra on ra.account_id = r.account_id
  left join review_comment c on c.comment_id = f.comment_id
  left join account ca on ca.account_id = c.account_id
 where $1::text = '' and f.first_id > $2::bigint
 order by f.first_id
 limit $3::bigint
