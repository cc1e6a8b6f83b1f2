-- $1: [{name, region, country_code}] → how many were new.
with added as (
  insert into city (name, region, country_code)
  select name, region, country_code
    from jsonb_to_recordset($1) as new(name text, region text, country_code text)
  on conflict do nothing
  returning 1
)
select count(*) from added
