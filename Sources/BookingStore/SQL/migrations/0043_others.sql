-- What is others': nobody waits for the rows of shows that it may not change, nor keeps others from them;
-- and no account says so much that nobody else can say anything.

-- As it was, but the show's row is taken by whoever may change it alone. A show's theatre never changes.
create or replace function end_allocation(
  p_key_id bigint, p_actor text, p_partner_id bigint, p_is_operator boolean, p_theatre_ids bigint[],
  p_request_id uuid, p_hash bytea, p_allocation_id bigint
) returns act_result
language plpgsql as $$
declare
  v_result act_result := find_act(p_partner_id, p_request_id, p_hash);
  v_show_id bigint;
  v_theatre_id bigint;
begin
  if v_result.outcome is not null then return v_result; end if;
  select s.show_id, s.theatre_id into v_show_id, v_theatre_id
    from seat_allocation a join show s using (lane, show_id)
   where a.allocation_id = p_allocation_id;
  if not found
     or not runs_theatre(p_partner_id, p_is_operator, p_theatre_ids, v_theatre_id) then
    v_result.outcome := 'beyond';
    return v_result;
  end if;
  perform from show s where s.show_id = v_show_id for no key update;
  v_result.show_ids := '{}';
  update seat_allocation a set active = false, returns_at = least(a.returns_at, clock_timestamp())
   where a.allocation_id = p_allocation_id and a.active;
  if found then
    update show s set pricing_version = s.pricing_version + 1 where s.show_id = v_show_id;
    v_result.show_ids := array[v_show_id];
  end if;
  v_result.subject_id := p_allocation_id;
  v_result.subject_count := cardinality(v_result.show_ids);
  v_result.outcome := 'done';
  perform note_act(
    p_key_id, p_actor, p_partner_id, p_request_id, p_hash, 'END_ALLOCATION', p_allocation_id,
    v_result.subject_count, jsonb_build_object('allocation_id', p_allocation_id));
  return v_result;
end
$$;

-- As it was, and each account has at most 100 comments in a thread.
create or replace function add_comment(
  p_account_id uuid, p_review_id bigint, p_parent_id bigint, p_text text, p_request_id uuid)
returns table (
  has_review boolean, has_parent boolean, comment_id bigint, review_id bigint, parent_id bigint,
  author_name text, comment text, created_at timestamptz, is_removed boolean)
language plpgsql as $$
declare
  v_count integer;
  v_id bigint;
begin
  select c.comment_id into v_id from review_comment c
   where c.account_id = p_account_id and c.request_id = p_request_id;
  if not found then
    select r.comment_count into v_count from review r
     where r.review_id = p_review_id and r.state = 1 for update;
    if not found then
      return query select false, false, null::bigint, null::bigint, null::bigint, null::text,
                          null::text, null::timestamptz, null::boolean;
      return;
    end if;
    if p_parent_id <> 0 and not exists (
      select from review_comment c
       where c.comment_id = p_parent_id and c.review_id = p_review_id and c.parent_id is null
         and c.state = 1)
    then
      return query select true, false, null::bigint, null::bigint, null::bigint, null::text,
                          null::text, null::timestamptz, null::boolean;
      return;
    end if;
    -- Nobody closes a thread alone, not even by taking back what it said.
    if v_count < 1000 and (
      select count(*) from review_comment c
       where c.review_id = p_review_id and c.account_id = p_account_id) < 100 then
      insert into review_comment (review_id, parent_id, account_id, request_id, text)
      values (p_review_id, nullif(p_parent_id, 0), p_account_id, p_request_id, p_text)
      on conflict do nothing
      returning review_comment.comment_id into v_id;
      if found then
        update review r set comment_count = r.comment_count + 1 where r.review_id = p_review_id;
      else
        -- The same request, at the same time.
        select c.comment_id into v_id from review_comment c
         where c.account_id = p_account_id and c.request_id = p_request_id;
      end if;
    end if;
  end if;
  return query
    select true, true, c.comment_id, c.review_id, coalesce(c.parent_id, 0), a.name, c.text,
           c.created_at, c.state <> 1
      from (values (v_id)) one(comment_id)
      left join review_comment c using (comment_id)
      left join account a using (account_id);
end
$$;
