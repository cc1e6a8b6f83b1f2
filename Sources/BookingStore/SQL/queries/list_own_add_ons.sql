-- Add-ons of theatre $1, ended ones too if $2, by id, after ($3 not used, $4 id), at most $5.
select a.add_on_id, a.theatre_id, a.title, a.category, a.minor_units, a.currency, a.most_per_seat,
       a.active, a.created_at
  from add_on a
 where a.theatre_id = $1::bigint and (a.active or $2::boolean) and $3::text is not null
   and a.add_on_id > $4::bigint
 order by a.add_on_id
 limit $5::bigint
