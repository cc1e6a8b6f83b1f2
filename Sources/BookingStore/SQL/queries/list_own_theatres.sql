-- Theatres of partner $1 (null: of all), of those $2 (null: all of them), by name, after ($3 name, $4 id),
-- at most $5. Columns as in get_own_theatre.sql.
select t.theatre_id, t.partner_id, c.city_id, c.name, c.region, c.country_code, t.name, t.address,
       t.postal_code, t.time_zone, t.latitude, t.longitude,
       (select count(*) from auditorium a
         where a.theatre_id = t.theatre_id and a.closed_at is null)::integer,
       t.hold_minutes, t.seats_per_customer, t.orphan_rule, t.refund_basis_points,
       t.refund_minutes_before
  from theatre t join city c using (city_id)
 where t.closed_at is null and ($1::bigint is null or t.partner_id = $1)
   and ($2::bigint[] is null or t.theatre_id = any ($2))
   and (t.name, t.theatre_id) > ($3::text, $4::bigint)
 order by t.name, t.theatre_id
 limit $5::bigint
