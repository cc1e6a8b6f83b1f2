-- usher:no-transaction
-- The shows of a theatre on some days, for figures about them.
drop index concurrently if exists show_by_theatre_day;
create index concurrently show_by_theatre_day on show (theatre_id, lower(during));
