-- Gives review $3 the state $4 for the reason $5 (0: none); $1 is the key and $2 the name of who does it. Its reports
-- are settled. What changes nothing and settles nothing is not noted. Returns its movie.
with before as (
  select r.review_id, r.state from review r where r.review_id = $3::bigint for update),
after as (
  update review r set state = $4::smallint from before b where r.review_id = b.review_id
  returning r.review_id, r.movie_id, r.state),
settled as (
  delete from content_report o using before b where o.review_id = b.review_id returning o.review_id),
noted as (
  insert into audit_entry (actor_key_id, actor, action, detail)
  select $1::bigint, $2::text,
         case when a.state = b.state then 'KEEP_REVIEW' when a.state = 2 then 'HIDE_REVIEW'
              else 'RESTORE_REVIEW' end,
         case when a.state = b.state
              then jsonb_build_object('review_id', a.review_id, 'hidden', a.state = 2,
                                      'reports', (select count(*) from settled))
              else jsonb_build_object('review_id', a.review_id, 'objection', $5::smallint) end
    from after a join before b using (review_id)
   where a.state <> b.state or exists (select from settled))
select a.movie_id from after a
