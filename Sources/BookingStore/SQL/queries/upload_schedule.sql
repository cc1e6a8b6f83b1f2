-- Puts rows $4 to $20 into the programme of theatre $3, as upload_shows(), and notes what has changed:
-- $1 is the key and $2 the name of who did it. Tells the movie that each show was of before.
with done as materialized (
  -- A statement sees what there was when it began.
  select u.n, u.outcome, u.show_id, u.other_show_id,
         (select s.movie_id from show s where s.show_id = u.show_id) as previous_movie_id
    from upload_shows($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) u
), noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select $1::bigint, $2::text, 'UPLOAD_SCHEDULE', t.partner_id,
         jsonb_build_object(
           'theatre', t.theatre_id,
           'created', count(*) filter (where d.outcome = 'CREATED'),
           'updated', count(*) filter (where d.outcome = 'UPDATED'),
           'unchanged', count(*) filter (where d.outcome = 'UNCHANGED'),
           'refused', count(*) filter (where d.outcome not in ('CREATED', 'UPDATED', 'UNCHANGED')),
           'auditoriums', array_agg(distinct coalesce(nullif(r.auditorium, ''), r.auditorium_id::text))
                          filter (where d.outcome in ('CREATED', 'UPDATED')))
    from done d
    join unnest($5::bigint[], $6::text[]) with ordinality as r(auditorium_id, auditorium, n)
      on r.n = d.n
    join theatre t on t.theatre_id = $3
   group by t.theatre_id
  having bool_or(d.outcome in ('CREATED', 'UPDATED'))
)
select d.n, d.outcome, d.show_id, d.other_show_id, coalesce(d.previous_movie_id, 0) from done d order by d.n
