-- Whoever changes the name it is known by is called otherwise at once in the latest fifty reviews that it
-- wrote, and in older ones as soon as what is in memory is a minute old: nobody must make a thousand
-- messages by changing its name.
create or replace function tell_authorship() returns trigger
language plpgsql as $$
begin
  perform tell_catalogue(4, 0, 0, l.movie_id)
    from (select r.movie_id from review r where r.account_id = new.account_id
           order by r.review_id desc limit 50) l;
  return null;
end
$$;
