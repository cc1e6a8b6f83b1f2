-- What was sold for shows that begin on the days $1 to $2 of their theatres, grouped by $3 as in
-- read_sales_statistics.sql, of movie $4 (0: any) and seller $5 (null: any), as far as partner $6 (null: anybody)
-- may see it by theatres $7 (null: all): of the first $8 shows, whose number is in the last column of each row,
-- at most $9 rows. From the sums that are kept of each show: what is numbered is in them.
with candidate as (
  -- A partner's own theatres, what it has sold for others, or any.
  select s.show_id, s.theatre_id, s.movie_id, s.during, s.currency, s.seat_count, true as is_owner
    from theatre t join show s on s.theatre_id = t.theatre_id
   where t.partner_id = $6::bigint
     and lower(s.during) >= ($1::date - 1)::timestamp at time zone 'UTC'
     and lower(s.during) < ($2::date + 2)::timestamp at time zone 'UTC'
  union all
  select s.show_id, s.theatre_id, s.movie_id, s.during, s.currency, s.seat_count, false
    from sold_show k
    join show s on s.lane = k.lane and s.show_id = k.show_id
    join theatre t on t.theatre_id = s.theatre_id
   where k.seller_id = $6 and t.partner_id is distinct from $6
     and k.starts_at >= ($1 - 1)::timestamp at time zone 'UTC'
     and k.starts_at < ($2 + 2)::timestamp at time zone 'UTC'
  union all
  select s.show_id, s.theatre_id, s.movie_id, s.during, s.currency, s.seat_count, true from show s
   where $6 is null
     and lower(s.during) >= ($1 - 1)::timestamp at time zone 'UTC'
     and lower(s.during) < ($2 + 2)::timestamp at time zone 'UTC'
), wanted as materialized (
  select c.show_id, c.currency, c.seat_count, c.is_owner,
         case when $3::integer = 1 then d.day end as day,
         case $3 when 2 then c.show_id when 3 then c.theatre_id when 4 then coalesce(c.movie_id, 0)
                 else 0 end as id
    from candidate c
    join theatre t on t.theatre_id = c.theatre_id
   cross join lateral (select (lower(c.during) at time zone t.time_zone)::date as day offset 0) d
   -- No zone is further from UTC than a day.
   where d.day between $1 and $2 and ($4::bigint = 0 or c.movie_id = $4)
     and ($7::bigint[] is null or c.theatre_id = any ($7))
   limit $8::bigint
), house as (
  select w.day, w.id, w.currency, count(*) as shows, sum(w.seat_count) as hall_seats
    from wanted w where $3 <> 5 and $5::bigint is null group by w.day, w.id, w.currency
), sold as (
  select w.day, case when $3 = 5 then k.seller_id else w.id end as id, w.currency, count(*) as shows,
         sum(w.seat_count) as hall_seats, sum(k.bookings) as bookings, sum(k.seats) as seats,
         sum(k.amount) as amount, sum(k.cancelled) as cancelled, sum(k.refunded) as refunded
    from wanted w
    join sold_show k on k.show_id = w.show_id
   where (w.is_owner or k.seller_id = $6) and ($5 is null or k.seller_id = $5)
   group by 1, 2, 3
), found as (
  select coalesce(h.day, s.day) as day, coalesce(h.id, s.id) as id,
         coalesce(h.currency, s.currency) as currency, coalesce(h.shows, s.shows) as shows,
         coalesce(h.hall_seats, s.hall_seats)::bigint as hall_seats, s.bookings, s.seats, s.amount,
         s.cancelled, s.refunded
    from house h
    full join sold s on coalesce(s.day, $1) = coalesce(h.day, $1) and s.id = h.id and s.currency = h.currency
   order by 1, 2, 3
   limit $9::bigint
)
select coalesce(f.day::text, ''), f.id,
       coalesce(case $3 when 2 then (select coalesce(m.title, s.title)
                                       from show s left join movie m using (movie_id)
                                      where s.show_id = f.id)
                        when 3 then (select t.name from theatre t where t.theatre_id = f.id)
                        when 4 then (select m.title from movie m where m.movie_id = f.id)
                        when 5 then (select p.name from partner p where p.partner_id = f.id) end, ''),
       f.currency, f.shows, f.hall_seats, coalesce(f.bookings, 0)::bigint, coalesce(f.seats, 0)::bigint,
       coalesce(f.amount, 0)::bigint, coalesce(f.cancelled, 0)::bigint, coalesce(f.refunded, 0)::bigint,
       (select count(*) from wanted)
  from found f
 order by f.day, f.id, f.currency
