-- Adds a movie: title $3, synopsis $4, genres $5, languages $6, minutes $7, released $8 (null: not known),
-- certificate $9, unless there is one of this title and release date. Its id, and that of the one that there
-- was. $1 is the key and $2 the name of who does it.
with known as (
  select m.movie_id from movie m
   where m.title = $3::text and m.release_date is not distinct from $8::date
   order by m.movie_id limit 1),
made as (
  insert into movie (title, synopsis, genres, languages, duration_minutes, release_date, certificate)
  select $3::text, $4::text, $5::text[], $6::text[], $7::integer, $8::date, $9::text
   where not exists (select from known)
  returning movie_id, title),
noted as (
  insert into audit_entry (actor_key_id, actor, action, detail)
  select $1::bigint, $2::text, 'CREATE_MOVIE',
         jsonb_build_object('movie', m.movie_id, 'title', m.title)
    from made m)
select (select m.movie_id from made m), (select k.movie_id from known k)
