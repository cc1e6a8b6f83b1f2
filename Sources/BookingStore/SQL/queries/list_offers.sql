-- Offers that may apply to show $1, whoever buys. What is over is over for ever: who makes it valid again
-- raises the show's pricing_version.
select o.offer_id, o.title, o.kind, o.discount_basis_points, o.discount_minor_units,
       o.discount_currency, o.first_minute, o.last_minute, o.ticket_position, o.weekdays, o.priority,
       o.exclusive, o.valid_from, o.valid_until, o.partner_id, o.tier, o.seat_nos
  from show s join theatre t using (theatre_id)
  join offer o on (o.owner_id is null or o.owner_id = t.partner_id)
 where s.show_id = $1::bigint and o.active
   and (o.theatre_id is null or o.theatre_id = s.theatre_id)
   and (o.auditorium_id is null or o.auditorium_id = s.auditorium_id)
   and (o.movie_id is null or o.movie_id = s.movie_id)
   and (o.show_id is null or o.show_id = s.show_id)
   and (o.valid_until is null or o.valid_until > now())
