-- Changes movie $16; parameters as in add_movie.sql, null: as it is. $17 names what is changed.
with changed as (
  update movie m
     set title = coalesce($3::text, m.title), synopsis = coalesce($4::text, m.synopsis),
         genres = coalesce($5::text[], m.genres), languages = coalesce($6::text[], m.languages),
         duration_minutes = coalesce($7::integer, m.duration_minutes),
         release_date = case when $8::text is null then m.release_date
                             else nullif($8::text, '')::date end,
         certificate = coalesce($9::text, m.certificate),
         trailer_url = coalesce($10::text, m.trailer_url),
         poster_url = coalesce($11::text, m.poster_url),
         gallery_urls = coalesce($12::text[], m.gallery_urls)
   where m.movie_id = $16::bigint
  returning m.movie_id),
-- By position, so that no credit is deleted and added at once.
credited as (
  insert into movie_credit as old (movie_id, position, kind, name, role)
  select m.movie_id, c.position, c.kind, c.name, c.role
    from changed m, unnest($13::smallint[], $14::text[], $15::text[])
           with ordinality as c(kind, name, role, position)
  on conflict (movie_id, position) do update
    set kind = excluded.kind, name = excluded.name, role = excluded.role),
removed as (
  delete from movie_credit c using changed m
   where c.movie_id = m.movie_id and c.position > cardinality($13::smallint[])),
noted as (
  insert into audit_entry (actor_key_id, actor, action, detail)
  select $1::bigint, $2::text, 'UPDATE_MOVIE',
         jsonb_build_object('movie_id', m.movie_id, 'fields', $17::text[])
    from changed m)
select m.movie_id from changed m
