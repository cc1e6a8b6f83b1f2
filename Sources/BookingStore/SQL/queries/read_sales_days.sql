-- What was sold and given back on the days $1 to $2 of theatres' clocks, day by day, of theatre $3 (0: any) and
-- seller $4 (null: any), as far as partner $5 (null: anybody) may see it by theatres $6 (null: all), at most $7
-- rows. As far as sales are numbered.
select d.day::text, 0::bigint, '', d.currency, 0::bigint, 0::bigint, 0::bigint, sum(d.sold)::bigint,
       sum(d.gross)::bigint, sum(d.returned)::bigint, sum(d.refunded)::bigint, 0::bigint
  from settlement_day d
  join theatre t on t.theatre_id = d.theatre_id
 where d.day between $1::date and $2::date and ($3::bigint = 0 or d.theatre_id = $3)
   and ($4::bigint is null or d.seller_id = $4)
   and ($5::bigint is null or t.partner_id = $5 or d.seller_id = $5)
   and ($6::bigint[] is null or d.theatre_id = any ($6))
 group by d.day, d.currency
 order by d.day, d.currency
 limit $7::bigint
