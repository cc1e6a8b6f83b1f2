-- $1: [{title, synopsis, …, released_days_ago}], $2: today → how many were new.
with added as (
  insert into movie (title, synopsis, genres, languages, duration_minutes, release_date,
                     certificate)
  select title, synopsis, genres, languages, duration_minutes, $2::date - released_days_ago,
         certificate
    from jsonb_to_recordset($1) as new(
           title text, synopsis text, genres text[], languages text[], duration_minutes integer,
           released_days_ago integer, certificate text)
   where not exists (select 1 from movie where movie.title = new.title)
  returning 1
)
select count(*) from added
