-- Gives theatre $3 name $4, address $5, postal code $6, place $7 and $8, policies $9 to $13 (null: as it
-- is); $1 is the key and $2 the name of who does it. What changes nothing is not noted.
with before as (
  select t.* from theatre t where t.theatre_id = $3::bigint for no key update),
after as (
  update theatre t
     set name = coalesce($4::text, b.name), address = coalesce($5::text, b.address),
         postal_code = coalesce($6::text, b.postal_code),
         latitude = coalesce($7::double precision, b.latitude),
         longitude = coalesce($8::double precision, b.longitude),
         hold_minutes = coalesce($9::smallint, b.hold_minutes),
         seats_per_customer = coalesce($10::smallint, b.seats_per_customer),
         orphan_rule = coalesce($11::smallint, b.orphan_rule),
         refund_basis_points = coalesce($12::smallint, b.refund_basis_points),
         refund_minutes_before = coalesce($13::integer, b.refund_minutes_before)
    from before b where t.theatre_id = b.theatre_id
  returning t.*),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select $1::bigint, $2::text, 'UPDATE_THEATRE', a.partner_id,
         jsonb_build_object(
           'before', to_jsonb(b) - '{place,lane,city_id,time_zone,partner_id,closed_at}'::text[],
           'after', to_jsonb(a) - '{place,lane,city_id,time_zone,partner_id,closed_at}'::text[])
    from after a join before b using (theatre_id)
   where to_jsonb(a) <> to_jsonb(b))
select a.theatre_id from after a
