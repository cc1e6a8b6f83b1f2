-- Finding theatres by place and movies by words.

create extension if not exists cube;
create extension if not exists pg_trgm;

-- A place as a point of the unit sphere: the nearer on the earth, the nearer as the crow digs.
create function place_on_earth(p_latitude double precision, p_longitude double precision)
returns cube
language sql immutable parallel safe as $$
  select cube(array[cos(radians(p_latitude)) * cos(radians(p_longitude)),
                    cos(radians(p_latitude)) * sin(radians(p_longitude)),
                    sin(radians(p_latitude))])
$$;

-- The way along the surface between points of the unit sphere that are so far apart, in metres. The
-- radius is the mean one of IUGG.
create function metres_on_earth(p_chord double precision) returns double precision
language sql immutable parallel safe as $$
  select 2 * 6371008.8 * asin(least(1, p_chord / 2))
$$;

alter table theatre add column place cube not null
  generated always as (place_on_earth(latitude, longitude)) stored;
create index theatre_by_place on theatre using gist (place);

-- A postal code as it is compared.
create function plain_postal_code(p_code text) returns text
language sql immutable parallel safe as $$ select replace(lower(p_code), ' ', '') $$;
create index theatre_by_postal_code on theatre (plain_postal_code(postal_code));

-- Languages as RFC 4647 compares them: a tag fits itself and what begins with it.
create function language_fits(p_tag text, p_wanted text) returns boolean
language sql immutable parallel safe as $$
  select p_wanted = '' or lower(p_tag) = lower(p_wanted)
      or starts_with(lower(p_tag), lower(p_wanted) || '-')
$$;

create function genre_fits(p_genres text[], p_wanted text) returns boolean
language sql immutable parallel safe as $$
  select p_wanted = '' or exists (select 1 from unnest(p_genres) as g where lower(g) = lower(p_wanted))
$$;

alter table movie add column words tsvector not null
  generated always as (to_tsvector('simple', title || ' ' || synopsis)) stored;
create index movie_by_words on movie using gin (words);
create index movie_by_spelling on movie using gin (title gin_trgm_ops);

-- How well a movie fits words, 0 to 3.5: the beginning of the title counts most, then how much of the
-- words its title has, then whether title and synopsis have all of them.
create function movie_fit(p_text text, p_title text, p_words tsvector) returns double precision
language sql immutable parallel safe as $$
  select starts_with(lower(p_title), lower(p_text))::integer * 2
         + word_similarity(p_text, p_title)::double precision
         + (p_words @@ plainto_tsquery('simple', p_text))::integer * 0.5::double precision
$$;

-- Movies that fit, in no order.
create function find_movies(p_text text) returns table (movie_id bigint, fit double precision)
language sql stable parallel safe set pg_trgm.word_similarity_threshold = 0.35 as $$
  select m.movie_id, movie_fit(p_text, m.title, m.words)
    from movie m
   where p_text <% m.title or m.words @@ plainto_tsquery('simple', p_text)
$$;
