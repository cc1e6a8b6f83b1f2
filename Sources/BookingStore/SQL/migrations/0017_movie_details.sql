-- Who made a movie, what there is to see of it, and what customers think of it.

alter table movie
  add column trailer_url text not null default ''
    check (trailer_url ~ '^(https://[!-~]+)?$' and octet_length(trailer_url) <= 500),
  add column poster_url text not null default ''
    check (poster_url ~ '^(https://[!-~]+)?$' and octet_length(poster_url) <= 500),
  add column gallery_urls text[] not null default '{}' check (cardinality(gallery_urls) <= 50);

create table movie_credit (
  movie_id bigint not null references movie on delete cascade,
  -- The billing, from 1.
  position smallint not null check (position between 1 and 200),
  -- 1 cast, 2 crew, 3 artist.
  kind smallint not null check (kind between 1 and 3),
  name text not null check (name ~ '^[^[:cntrl:]]{1,120}$'),
  -- Character, job or instrument.
  role text not null default '' check (role ~ '^[^[:cntrl:]]{0,120}$'),
  primary key (movie_id, position)
);
create index movie_credit_by_name on movie_credit (name, movie_id);
create trigger movie_credit_told after insert or delete or truncate or update on movie_credit
for each statement execute function tell_movies();

-- The sum of all ratings that count, kept by whoever changes one: reading it costs the same however
-- many there are.
create table movie_rating (
  movie_id bigint primary key references movie on delete cascade,
  rating_count bigint not null check (rating_count >= 0),
  rating_total bigint not null check (rating_total between rating_count and 10 * rating_count)
);

-- Reviews. One row for each account and movie.
create table review (
  review_id bigint generated always as identity primary key,
  movie_id bigint not null references movie on delete cascade,
  account_id uuid not null references account,
  rating smallint not null check (rating between 1 and 10),
  text text not null default '' check (char_length(text) <= 4000),
  -- 1 stands, 2 hidden by an operator.
  state smallint not null default 1 check (state in (1, 2)),
  created_at timestamptz not null default clock_timestamp(),
  edited_at timestamptz,
  comment_count integer not null default 0 check (comment_count between 0 and 1000),
  unique (account_id, movie_id)
);
create index review_by_movie on review (movie_id, review_id) where state = 1;

create table review_comment (
  comment_id bigint generated always as identity primary key,
  review_id bigint not null references review on delete cascade,
  -- What it replies to, which replies to nothing itself.
  parent_id bigint references review_comment on delete cascade,
  account_id uuid not null references account,
  request_id uuid not null,
  text text not null check (char_length(text) between 1 and 1000),
  -- 1 stands, 2 hidden by an operator, 3 taken back by its author.
  state smallint not null default 1 check (state between 1 and 3),
  created_at timestamptz not null default clock_timestamp(),
  unique (account_id, request_id)
);
create index review_comment_by_thread
  on review_comment (review_id, coalesce(parent_id, comment_id), comment_id);
create index review_comment_by_parent on review_comment (parent_id);

-- What customers want operators to look at. Gone once it is judged.
create table content_report (
  report_id bigint generated always as identity primary key,
  review_id bigint references review on delete cascade,
  comment_id bigint references review_comment on delete cascade,
  account_id uuid not null references account,
  -- 1 spam, 2 abuse, 3 spoiler, 4 personal data, 5 other.
  objection smallint not null check (objection between 1 and 5),
  created_at timestamptz not null default clock_timestamp(),
  check (num_nonnulls(review_id, comment_id) = 1),
  unique nulls not distinct (review_id, comment_id, account_id)
);
create index content_report_by_comment on content_report (comment_id);

-- Keeps the sum of ratings, and says that it has changed.
create function count_rating() returns trigger
language plpgsql as $$
declare
  v_count integer := 0;
  v_total integer := 0;
begin
  if tg_op <> 'INSERT' and old.state = 1 then
    v_count := v_count - 1;
    v_total := v_total - old.rating;
  end if;
  if tg_op <> 'DELETE' and new.state = 1 then
    v_count := v_count + 1;
    v_total := v_total + new.rating;
  end if;
  if v_count <> 0 or v_total <> 0 then
    -- One statement to insert or to add would check the sum before it is added.
    update movie_rating r
       set rating_count = r.rating_count + v_count, rating_total = r.rating_total + v_total
     where r.movie_id = coalesce(new.movie_id, old.movie_id);
    if not found and exists (select from movie m where m.movie_id = coalesce(new.movie_id, old.movie_id)) then
      insert into movie_rating as r (movie_id, rating_count, rating_total)
      values (coalesce(new.movie_id, old.movie_id), greatest(v_count, 0), greatest(v_total, 0))
      on conflict (movie_id) do update
        set rating_count = r.rating_count + v_count, rating_total = r.rating_total + v_total;
    end if;
  end if;
  perform tell_catalogue(4, 0, 0, coalesce(new.movie_id, old.movie_id));
  return null;
end
$$;
create trigger review_counted after insert or delete or update on review
for each row execute function count_rating();

-- Whoever changes the name it is known by, or leaves, is called otherwise in all that it wrote.
create function tell_authorship() returns trigger
language plpgsql as $$
begin
  perform tell_catalogue(4, 0, 0, r.movie_id) from review r where r.account_id = new.account_id;
  return null;
end
$$;
create trigger account_told after update of name on account
for each row when (old.name is distinct from new.name) execute function tell_authorship();

-- Says something under a review, once for each request. The review's row is locked, so that its thread is
-- counted exactly.
create function add_comment(
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
    if v_count < 1000 then
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
