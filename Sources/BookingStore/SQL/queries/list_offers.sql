-- Offers that may apply to show $1, whoever buys.
select o.offer_id, o.title, o.kind, o.discount_basis_points,
       coalesce(o.first_minute, 0), coalesce(o.last_minute, 0), coalesce(o.ticket_position, 0),
       o.partner_id, o.tier
  from offer o join show s on s.show_id = $1::bigint
 where o.active
   and (o.theatre_id is null or o.theatre_id = s.theatre_id)
   and (o.movie_id is null or o.movie_id = s.movie_id)
   and (o.show_id is null or o.show_id = s.show_id)
 order by o.offer_id
