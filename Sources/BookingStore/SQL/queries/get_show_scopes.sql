-- Where some shows are and of what movies (0: none), each once.
select distinct t.city_id, t.theatre_id, coalesce(s.movie_id, 0)
  from unnest($1::bigint[]) as q(show_id)
 cross join lateral (select x.theatre_id, x.movie_id from show x where x.show_id = q.show_id limit 1) s
  join theatre t on t.theatre_id = s.theatre_id
