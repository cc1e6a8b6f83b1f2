-- Version $4 of the layout of auditorium $3: grid $5 by $6, best view $7 and $8, seats with numbers $9,
-- labels $10, rows $11, places $12 and $13, tiers $14, attributes $15. $1 is the key and $2 the name of
-- who does it.
with made as (
  insert into layout (auditorium_id, layout_version, grid_columns, grid_lines, focal_x_hundredths,
                      focal_y_hundredths)
  values ($3::bigint, $4::integer, $5::integer, $6::integer, $7::integer, $8::integer)
  returning auditorium_id, layout_version),
seats as (
  insert into layout_seat (auditorium_id, layout_version, seat_no, label, row_label, grid_x, grid_y,
                           tier, attributes)
  select m.auditorium_id, m.layout_version, s.*
    from made m,
         unnest($9::integer[], $10::text[], $11::text[], $12::integer[], $13::integer[], $14::text[],
                $15::smallint[]) s),
-- An equal label has an equal number.
retired as (
  insert into retired_seat (auditorium_id, label, seat_no)
  select $3, s.label, s.seat_no
    from (select p.label, p.seat_no from layout_seat p
           where p.auditorium_id = $3 and p.layout_version = $4 - 1
          except
          select n.label collate "C", n.seat_no from unnest($10, $9) as n(label, seat_no)) as s
  on conflict (auditorium_id, label) do nothing)
insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
select $1::bigint, $2::text, 'IMPORT_LAYOUT', t.partner_id,
       jsonb_build_object('auditorium', m.auditorium_id, 'version', m.layout_version,
                          'seats', cardinality($9::integer[]))
  from made m join auditorium a using (auditorium_id) join theatre t using (theatre_id)
