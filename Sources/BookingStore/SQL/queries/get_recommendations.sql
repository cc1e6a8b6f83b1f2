-- What account $1, in bookings named $2, may like to see in city $3 (0: any), at most $4: movies with shows to come that
-- it has neither booked nor rated, each with its strongest reason (values of usher.v1.RecommendationReason), by
-- reason, then by how strong it is. Columns as in list_movies.sql, the reason, what both have in common, then
-- the movie that it is about, null for none.
with booked as materialized (
  select s.movie_id
    from (select b.lane, b.show_id, b.created_at from booking b
           where b.partner_id = 0 and b.customer_ref = $2::text and b.state in (2, 7)
           limit 500) b
    join show s on s.lane = b.lane and s.show_id = b.show_id
   where s.movie_id is not null
   group by s.movie_id
   order by max(b.created_at) desc, s.movie_id
   limit 50),
rated as materialized (
  select r.movie_id, r.rating from review r where r.account_id = $1::uuid),
-- What reasons are about. What was booked and liked was booked.
own as (
  select b.movie_id, 0 as step from booked b
   union all
  select r.movie_id, 1 from rated r
   where r.rating >= 7 and not exists (select from booked b where b.movie_id = r.movie_id)),
candidate as materialized (
  select m.movie_id, m.genres
    from movie m
   where not exists (select from booked b where b.movie_id = m.movie_id)
     and not exists (select from rated r where r.movie_id = m.movie_id)
     and exists (
       select from show s join theatre t using (theatre_id)
        where s.movie_id = m.movie_id and s.sales_state <> 4 and upper(s.during) > now()
          and ($3::bigint = 0 or t.city_id = $3))),
-- Some of those who booked the same, and some of what they booked: more would only make it slow. Of the
-- latest shows of a movie some bookings each are looked at.
neighbour as materialized (
  select o.movie_id, n.customer_ref
    from booked o
   cross join lateral (
     select distinct k.customer_ref
       from (select b.partner_id, b.customer_ref
               from (select s.lane, s.show_id from show s where s.movie_id = o.movie_id
                      order by upper(s.during) desc, s.show_id limit 50) s
              cross join lateral (
                select b.partner_id, b.customer_ref from booking b
                 where b.lane = s.lane and b.show_id = s.show_id and b.state in (2, 7)
                 limit 100) b) k
      where k.partner_id = 0 and k.customer_ref <> $2
      limit 100) n),
found as (
  select c.movie_id, 1 as reason, n.movie_id as because_of, count(distinct n.customer_ref) as strength,
         '{}'::text[] as in_common
    from neighbour n
   cross join lateral (
     select b.lane, b.show_id from booking b
      where b.partner_id = 0 and b.customer_ref = n.customer_ref and b.state in (2, 7)
      limit 50) b
    join show s on s.lane = b.lane and s.show_id = b.show_id
    join candidate c on c.movie_id = s.movie_id
   group by c.movie_id, n.movie_id
   union all
  select c.movie_id, 2 + o.step, o.movie_id, count(distinct theirs.name),
         (array_agg(distinct theirs.name order by theirs.name))[1:5]
    from own o
    join movie_credit ours on ours.movie_id = o.movie_id
    join movie_credit theirs on theirs.name = ours.name
    join candidate c on c.movie_id = theirs.movie_id
   group by c.movie_id, o.step, o.movie_id
   union all
  select c.movie_id, 4 + o.step, o.movie_id, count(distinct g), (array_agg(distinct g order by g))[1:5]
    from own o join movie m using (movie_id)
    cross join unnest(m.genres) as g
    join candidate c on g = any (c.genres)
   group by c.movie_id, o.step, o.movie_id
   union all
  select c.movie_id, 6, null, coalesce(p.sold, 0), '{}'
    from candidate c
    left join (
      select s.movie_id, sum(b.sold)::bigint as sold
        from (select s.lane, s.show_id, s.movie_id from show s join theatre t using (theatre_id)
               where lower(s.during) > now() and s.sales_state <> 4 and s.movie_id is not null
                 and ($3 = 0 or t.city_id = $3)
               order by lower(s.during), s.show_id limit 1000) s
       cross join lateral (
         select count(*) as sold
           from (select from booking b
                  where b.lane = s.lane and b.show_id = s.show_id and b.state in (2, 7)
                  limit 100) b) b
       group by s.movie_id) p using (movie_id)),
strongest as (
  select distinct on (f.movie_id) f.*
    from found f
   order by f.movie_id, f.reason, f.strength desc, f.because_of)
select m.movie_id, m.title, m.synopsis, m.genres, m.languages, m.duration_minutes,
       coalesce(to_char(m.release_date, 'YYYY-MM-DD'), ''), m.certificate,
       f.reason::smallint, f.in_common,
       o.movie_id, o.title, o.synopsis, o.genres, o.languages, o.duration_minutes,
       coalesce(to_char(o.release_date, 'YYYY-MM-DD'), ''), o.certificate
  from strongest f
  join movie m using (movie_id)
  left join movie o on o.movie_id = f.because_of
  left join movie_rating r on r.movie_id = f.movie_id
 order by f.reason, f.strength desc, r.rating_total::double precision / nullif(r.rating_count, 0) desc nulls last,
          f.movie_id
 limit $4::bigint
