-- Theatre $1 as its owner sees it.
select t.theatre_id, t.partner_id, c.city_id, c.name, c.region, c.country_code, t.name, t.address,
       t.postal_code, t.time_zone, t.latitude, t.longitude,
       (select count(*) from auditorium a
         where a.theatre_id = t.theatre_id and a.closed_at is null)::integer,
       t.hold_minutes, t.seats_per_customer, t.orphan_rule, t.refund_basis_points,
       t.refund_minutes_before
  from theatre t join city c using (city_id)
 where t.theatre_id = $1::bigint
