-- Whoever changes several shows takes their rows in the order of the lanes.

create or replace function raise_shows_of_theatre() returns trigger
language plpgsql as $$
begin
  perform from show s
    where s.theatre_id = new.theatre_id and upper(s.during) > now()
    order by s.lane, s.show_id
    for no key update;
  update show s set pricing_version = s.pricing_version + 1
   where s.theatre_id = new.theatre_id and upper(s.during) > now();
  return null;
end
$$;
