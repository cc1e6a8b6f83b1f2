-- City and name of each theatre that was closed, which stays so.
select city.name, theatre.name from theatre join city using (city_id) where theatre.closed_at is not null
