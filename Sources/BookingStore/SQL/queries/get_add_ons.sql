-- Of add-ons $3 those that the theatre of booking ($1 lane, $2 id) has, in the columns of list_add_ons.
select a.add_on_id, a.theatre_id, a.title, a.category, a.minor_units, a.currency, a.most_per_seat,
       a.active, a.created_at
  from booking b
  join show s on s.lane = b.lane and s.show_id = b.show_id
  join add_on a on a.theatre_id = s.theatre_id
 where b.lane = $1::smallint and b.booking_id = $2::uuid and a.add_on_id = any ($3::bigint[])
