-- usher:no-transaction
-- Titles of shows that are no films.
drop index concurrently if exists show_by_title;
create index concurrently show_by_title on show using gin (title gin_trgm_ops) where movie_id is null;
-- Holds that ended unpaid, newest first by their ids: they are looked at before those that were paid.
drop index concurrently if exists booking_unpaid;
create index concurrently booking_unpaid on booking (lane, booking_id)
 where state in (3, 4) and customer_ref <> '';
