-- The same for comment $3; one that its author has taken back stays so.
with before as (
  select c.comment_id, c.state from review_comment c where c.comment_id = $3::bigint for update),
after as (
  update review_comment c set state = case when b.state = 3 then 3 else $4::smallint end
    from before b where c.comment_id = b.comment_id
  returning c.comment_id, c.review_id, c.state),
settled as (
  delete from content_report o using before b where o.comment_id = b.comment_id returning o.comment_id),
noted as (
  insert into audit_entry (actor_key_id, actor, action, detail)
  select $1::bigint, $2::text,
         case when a.state = b.state then 'KEEP_COMMENT' when a.state = 2 then 'HIDE_COMMENT'
              else 'RESTORE_COMMENT' end,
         case when a.state = b.state
              then jsonb_build_object('comment_id', a.comment_id, 'hidden', a.state = 2,
                                      'reports', (select count(*) from settled))
              else jsonb_build_object('comment_id', a.comment_id, 'objection', $5::smallint) end
    from after a join before b using (comment_id)
   where a.state <> b.state or exists (select from settled))
select r.movie_id from after a join review r using (review_id)
