-- Holds the place of a migration of its number that comes with uploads.
select 1;
