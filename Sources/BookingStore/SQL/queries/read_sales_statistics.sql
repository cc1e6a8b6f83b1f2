-- What was sold for shows that begin on the days $1 to $2 of their theatres, grouped by $3 (1 day, 2 show,
-- 3 theatre, 4 movie, 5 seller), of theatre $4, movie $5, show $6 (0: any) and seller $7 (null: any), as
-- far as partner $8 (null: anybody) may see it by theatres $9 (null: all): of the first $10 shows, whose
-- number is in the last column of each row, at most $11 rows.
--
-- A row is of one currency. A show of which nothing is sold counts as one, unless sellers are told apart.
-- Who sells for others is told of the shows for which it sold, as far as sales are numbered.
with candidate as (
  -- Found by the narrowest that is given, so that no more shows are looked at than may be wanted: a show,
  -- a theatre, a partner's own theatres, what a partner has sold for others, or any.
  select s.lane, s.show_id from show s where $6::bigint <> 0 and s.show_id = $6
  union all
  select s.lane, s.show_id from show s
   where $6 = 0 and $4::bigint <> 0 and s.theatre_id = $4
     and lower(s.during) >= ($1::date - 1)::timestamp at time zone 'UTC'
     and lower(s.during) < ($2::date + 2)::timestamp at time zone 'UTC'
  union all
  select s.lane, s.show_id from theatre t join show s on s.theatre_id = t.theatre_id
   where $6 = 0 and $4 = 0 and t.partner_id = $8::bigint
     and lower(s.during) >= ($1 - 1)::timestamp at time zone 'UTC'
     and lower(s.during) < ($2 + 2)::timestamp at time zone 'UTC'
  union all
  select k.lane, k.show_id
    from sold_show k
    join show s on s.lane = k.lane and s.show_id = k.show_id
    join theatre t on t.theatre_id = s.theatre_id
   where $6 = 0 and $4 = 0 and k.seller_id = $8 and t.partner_id is distinct from $8
     and k.starts_at >= ($1 - 1)::timestamp at time zone 'UTC'
     and k.starts_at < ($2 + 2)::timestamp at time zone 'UTC'
  union all
  select s.lane, s.show_id from show s
   where $6 = 0 and $4 = 0 and $8 is null
     and lower(s.during) >= ($1 - 1)::timestamp at time zone 'UTC'
     and lower(s.during) < ($2 + 2)::timestamp at time zone 'UTC'
), wanted as (
  select s.lane, s.show_id, s.theatre_id, coalesce(s.movie_id, 0) as movie_id, s.title, s.currency,
         s.seat_count, (lower(s.during) at time zone t.time_zone)::date as day,
         t.name as theatre_name,
         $8 is null or t.partner_id is not distinct from $8 as is_owner
    from candidate c
    join show s on s.lane = c.lane and s.show_id = c.show_id
    join theatre t on t.theatre_id = s.theatre_id
   -- No zone is further from UTC than a day.
   where (lower(s.during) at time zone t.time_zone)::date between $1 and $2
     and ($4 = 0 or s.theatre_id = $4) and ($5::bigint = 0 or s.movie_id = $5)
     and ($9::bigint[] is null or s.theatre_id = any ($9))
     and ($8 is null or t.partner_id = $8
          or exists (select from sold_show k where k.show_id = s.show_id and k.seller_id = $8))
   limit $10::bigint
), sold as (
  select w.show_id, case when $3::integer = 5 then b.partner_id end as seller_id,
         count(*) filter (where b.state in (2, 7)) as bookings,
         sum(case when b.state in (2, 7)
                  then cardinality(b.seat_nos) - coalesce(cardinality(b.cancelled_seat_nos), 0)
                  else 0 end) as seats,
         sum(case when b.state not in (2, 7) then 0
                  when b.cancelled_seat_nos is null then b.total
                  else (select coalesce(sum(split_part(l.line, chr(9), 2)::bigint), 0)
                          from string_to_table(b.quote, chr(10)) as l(line)
                         where (b.seat_nos[split_part(l.line, chr(9), 1)::integer + 1]
                                = any (b.cancelled_seat_nos)) is not true) end) as amount,
         sum(case b.state when 5 then cardinality(b.seat_nos)
                          else coalesce(cardinality(b.cancelled_seat_nos), 0) end) as cancelled,
         sum((select coalesce(sum(r.amount), 0) from refund r
               where r.lane = b.lane and r.booking_id = b.booking_id)) as refunded
    from wanted w
    join booking b on b.lane = w.lane and b.show_id = w.show_id and b.state in (2, 5, 6, 7)
   -- What was exchanged before it was paid is no sale.
   where b.payment_reference <> '' and (w.is_owner or b.partner_id = $8)
     and ($7::bigint is null or b.partner_id = $7)
   group by w.show_id, seller_id
)
select case $3 when 1 then w.day::text else '' end as day,
       case $3 when 2 then w.show_id when 3 then w.theatre_id when 4 then w.movie_id
               when 5 then x.seller_id else 0 end as id,
       max(case $3 when 2 then coalesce(m.title, w.title) when 3 then w.theatre_name
                   when 4 then coalesce(m.title, '') when 5 then p.name else '' end),
       w.currency, count(*), sum(w.seat_count)::bigint, coalesce(sum(x.bookings), 0)::bigint,
       coalesce(sum(x.seats), 0)::bigint, coalesce(sum(x.amount), 0)::bigint,
       coalesce(sum(x.cancelled), 0)::bigint, coalesce(sum(x.refunded), 0)::bigint,
       (select count(*) from wanted)
  from wanted w
  left join sold x on x.show_id = w.show_id
  left join movie m on m.movie_id = w.movie_id
  left join partner p on p.partner_id = x.seller_id
 where ($3 <> 5 and $7 is null) or x.show_id is not null
 group by 1, 2, w.currency
 order by 1, 2, w.currency
 limit $11::bigint
