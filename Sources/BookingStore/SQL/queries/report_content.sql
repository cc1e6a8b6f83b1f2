-- Account $1 objects ($4) to review $2 or to comment $3, the other one null. No row unless it stands.
insert into content_report as old (account_id, review_id, comment_id, objection)
select $1::uuid, $2::bigint, $3::bigint, $4::smallint
 where exists (select from review r where r.review_id = $2 and r.state = 1)
    or exists (select from review_comment c join review r using (review_id)
                where c.comment_id = $3 and c.state = 1 and r.state = 1)
on conflict (review_id, comment_id, account_id) do update set objection = excluded.objection
returning old.report_id
