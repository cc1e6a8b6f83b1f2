-- As it was, but of two attempts at once none is told that the other has locked the address for a moment.
create or replace function begin_login(p_email_key text, p_email_hash bytea)
returns table (account_id uuid, state smallint, password_hash text, locked_ms bigint)
language plpgsql as $$
declare
  v_now timestamptz := clock_timestamp();
  v_until timestamptz;
begin
  delete from login_failure f where f.email_hash in (
    select old.email_hash from login_failure old
     where old.last_at < v_now - interval '1 day' order by old.last_at limit 100
       for update skip locked);
  insert into login_failure as f (email_hash, failure_count, last_at, locked_until)
  values (p_email_hash, 0, v_now, v_now) on conflict do nothing;
  select f.locked_until into v_until from login_failure f
   where f.email_hash = p_email_hash for update;
  -- An attempt that came later may have gone first: by the time before, this one would be locked by it.
  v_now := clock_timestamp();
  if v_until > v_now then
    return query select null::uuid, null::smallint, null::text,
                        ceil(extract(epoch from v_until - v_now) * 1000)::bigint;
    return;
  end if;
  update login_failure f
     set failure_count = f.failure_count + 1, last_at = v_now,
         locked_until = v_now + case when f.failure_count < 4 then interval '0'
           else least(interval '5 seconds' * 2 ^ least(f.failure_count - 4, 20), interval '15 minutes') end
   where f.email_hash = p_email_hash;
  return query
    select a.account_id, a.state, a.password_hash, 0::bigint
      from (values (1)) one left join account a on a.email_key = p_email_key;
end
$$;
