-- Changes movie $16; parameters as in add_movie.sql, null: as it is. $17 names what is changed. Its id, and
-- that of the movie which has the new title and release date already; neither without a movie $16.
with target as materialized (
  select w.*, (w.title, w.release_date) is distinct from (w.present_title, w.present_date) as is_other
    from (select m.movie_id, m.title as present_title, m.release_date as present_date,
                 coalesce($3::text, m.title) as title,
                 case when $8::text is null then m.release_date
                      else nullif($8::text, '')::date end as release_date
            from movie m where m.movie_id = $16::bigint) as w),
known as (
  select o.movie_id
    from target w
    join movie o on o.title = w.title and o.release_date is not distinct from w.release_date
   where w.is_other and o.movie_id <> w.movie_id
   order by o.movie_id limit 1),
changed as (
  update movie m
     set title = w.title, release_date = w.release_date,
         twin = case when w.is_other then 0 else m.twin end, synopsis = coalesce($4::text, m.synopsis),
         genres = coalesce($5::text[], m.genres), languages = coalesce($6::text[], m.languages),
         duration_minutes = coalesce($7::integer, m.duration_minutes),
         certificate = coalesce($9::text, m.certificate),
         trailer_url = coalesce($10::text, m.trailer_url),
         poster_url = coalesce($11::text, m.poster_url),
         gallery_urls = coalesce($12::text[], m.gallery_urls)
    from target w
   where m.movie_id = w.movie_id and not exists (select from known)
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
select (select m.movie_id from changed m), (select k.movie_id from known k)
