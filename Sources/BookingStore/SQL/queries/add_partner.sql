-- The partner named $1, made if there is none.
insert into partner (name) values ($1::text)
on conflict (name) do update set name = excluded.name
returning partner_id
