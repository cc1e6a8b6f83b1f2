-- Show $1: when it starts also as the theatre's clock tells it, as if that were UTC's; prices in any order.
select s.show_id, s.lane, s.kind, coalesce(s.movie_id, 0), coalesce(m.title, s.title),
       s.theatre_id, t.name, t.city_id, c.name, s.auditorium_id, a.name, s.language, s.format,
       lower(s.during), upper(s.during), lower(s.during) at time zone t.time_zone at time zone 'UTC', t.time_zone,
       s.sales_state, s.currency, s.seat_count, s.layout_version, s.pricing_version,
       coalesce(p.tiers, '{}'), coalesce(p.amounts, '{}')
  from show s
  join theatre t using (theatre_id)
  join city c using (city_id)
  join auditorium a using (auditorium_id)
  left join movie m using (movie_id)
  cross join lateral (
    select array_agg(p.tier) as tiers, array_agg(p.minor_units) as amounts
      from show_price p where p.lane = s.lane and p.show_id = s.show_id) p
 where s.show_id = $1::bigint
