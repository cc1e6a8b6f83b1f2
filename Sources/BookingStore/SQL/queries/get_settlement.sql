-- What money moved on the days $1 to $2 by theatre, seller and currency, of theatre $3 (0: any) and seller
-- $4 (null: any), as far as partner $5 (null: anybody) may see it by theatres $6 (null: all), behind theatre
-- $8 and in it $7 (seller and currency; '': from the beginning), at most $9.
select t.theatre_id, t.name, d.seller_id, p.name, d.currency, d.sold, d.gross, d.returned, d.refunded,
       d.credited, d.gross - d.refunded - d.credited
  from theatre t
 cross join lateral (
   select d.seller_id, d.currency, sum(d.sold)::bigint as sold, sum(d.gross)::bigint as gross,
          sum(d.returned)::bigint as returned, sum(d.refunded)::bigint as refunded,
          sum(d.credited)::bigint as credited
     from settlement_day d
    where d.theatre_id = t.theatre_id and d.day between $1::date and $2::date
      and ($4::bigint is null or d.seller_id = $4)
      and ($5::bigint is null or t.partner_id = $5 or d.seller_id = $5)
    group by d.seller_id, d.currency) d
  join partner p on p.partner_id = d.seller_id
 where t.theatre_id >= $8::bigint
   and ($7::text = ''
        or (t.theatre_id, d.seller_id, d.currency collate "C")
           > ($8, split_part($7, ' ', 1)::bigint, split_part($7, ' ', 2)))
   and ($3::bigint = 0 or t.theatre_id = $3) and ($6::bigint[] is null or t.theatre_id = any ($6))
   -- Theatres of others in which nothing was sold are passed over quickly.
   and ($5 is null or t.partner_id = $5
        or exists (select from settlement_day o
                    where o.seller_id = $5 and o.theatre_id = t.theatre_id
                      and o.day between $1 and $2))
 order by t.theatre_id, d.seller_id, d.currency collate "C"
 limit $9::bigint
