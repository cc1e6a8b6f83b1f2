-- Makes a movie: $3 title, $4 synopsis, $5 genres, $6 languages, $7 minutes, $8 release date as text ('': none),
-- $9 certificate, $10 trailer, $11 poster, $12 gallery, credits by $13 kinds, $14 names and $15 roles, unless
-- there is one of this title and release date. Its id, and that of the one that there was; neither when one
-- was made meanwhile. $1 is the key and $2 the name of who does it, for partner $16 (null: the house).
with known as (
  select m.movie_id from movie m
   where m.title = $3::text and m.release_date is not distinct from nullif($8::text, '')::date
   order by m.movie_id limit 1),
made as (
  insert into movie (title, synopsis, genres, languages, duration_minutes, release_date, certificate,
                     trailer_url, poster_url, gallery_urls)
  select $3, $4::text, $5::text[], $6::text[], $7::integer, nullif($8, '')::date, $9::text, $10::text,
         $11::text, $12::text[]
   where not exists (select from known)
  on conflict do nothing
  returning movie_id, title),
credited as (
  insert into movie_credit (movie_id, position, kind, name, role)
  select m.movie_id, c.position, c.kind, c.name, c.role
    from made m, unnest($13::smallint[], $14::text[], $15::text[])
           with ordinality as c(kind, name, role, position)),
noted as (
  insert into audit_entry (actor_key_id, actor, action, partner_id, detail)
  select $1::bigint, $2::text, 'CREATE_MOVIE', $16::bigint,
         jsonb_build_object('movie_id', m.movie_id, 'title', m.title)
    from made m)
select (select m.movie_id from made m), (select k.movie_id from known k)
