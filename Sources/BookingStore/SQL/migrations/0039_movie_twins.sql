-- One movie of a title and release date. Those that there were before stay, with their shows and reviews:
-- they are told apart by their order.

alter table movie add column twin integer not null default 0 check (twin >= 0);
update movie m set twin = d.twin
  from (select t.movie_id,
               row_number() over (partition by t.title, t.release_date order by t.movie_id) - 1 as twin
          from movie t) as d
 where d.movie_id = m.movie_id and d.twin > 0;
create unique index movie_by_release on movie (title, release_date, twin) nulls not distinct;
