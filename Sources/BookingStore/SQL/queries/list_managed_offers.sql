-- Offers as those see them who make them: of owner $1 (null: of everybody, the house's too), of these
-- theatres $2 (null: all), that reach show $3 (0: any), ended ones with $4. By id from after $6 ($5 is
-- not used), at most $7. Columns 0 to 16 as in list_offers.
select o.offer_id, o.title, o.kind, o.discount_basis_points, o.discount_minor_units,
       o.discount_currency, o.first_minute, o.last_minute, o.ticket_position, o.weekdays, o.priority,
       o.exclusive, o.valid_from, o.valid_until, o.partner_id, o.tier, o.seat_nos,
       o.theatre_id, o.auditorium_id, o.show_id, o.movie_id, o.owner_id, o.active, o.created_at,
       array(select x.label from layout_seat x
              where x.auditorium_id = o.auditorium_id and x.seat_no = any (o.seat_nos)
                and x.layout_version = coalesce(
                  (select w.layout_version from show w where w.show_id = o.show_id),
                  (select max(l.layout_version) from layout l
                    where l.auditorium_id = o.auditorium_id))
              order by x.seat_no)
  from offer o
 where ($1::bigint is null or o.owner_id = $1)
   and ($2::bigint[] is null or coalesce(
          (select w.theatre_id from show w where w.show_id = o.show_id),
          (select a.theatre_id from auditorium a where a.auditorium_id = o.auditorium_id),
          o.theatre_id) = any ($2))
   and ($3::bigint = 0 or exists (
          select from show s join theatre t using (theatre_id)
           where s.show_id = $3 and (o.owner_id is null or o.owner_id = t.partner_id)
             and (o.theatre_id is null or o.theatre_id = s.theatre_id)
             and (o.auditorium_id is null or o.auditorium_id = s.auditorium_id)
             and (o.movie_id is null or o.movie_id = s.movie_id)
             and (o.show_id is null or o.show_id = s.show_id)))
   and (o.active or $4::boolean)
   and ($5::text is not null and o.offer_id > $6::bigint)
 order by o.offer_id
 limit $7::bigint
