-- Add-ons that bookings of show $1 can have, by id, after ($2 not used, $3 id), at most $4.
select a.add_on_id, a.theatre_id, a.title, a.category, a.minor_units, a.currency, a.most_per_seat,
       a.active, a.created_at
  from show s join add_on a on a.theatre_id = s.theatre_id and a.currency = s.currency
 where s.show_id = $1::bigint and a.active and $2::text is not null and a.add_on_id > $3::bigint
 order by a.add_on_id
 limit $4::bigint
