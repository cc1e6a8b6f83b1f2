-- What is decided about an account holds against what is under way: a log-in whose password was checked
-- before it changed, a hold and a place in a line that were asked for before the account was blocked or closed.

-- As before, for a password that still has the hash that was checked.
drop function begin_session(uuid, bytea, uuid, bytea, interval);
create function begin_session(
  p_account_id uuid, p_email_hash bytea, p_session_id uuid, p_token_hash bytea, p_lifetime interval,
  p_password_hash text)
returns table (now_seconds bigint)
language plpgsql as $$
declare
  v_now constant timestamptz := clock_timestamp();
begin
  perform from account a
    where a.account_id = p_account_id and a.state = 1 and a.password_hash = p_password_hash
      for update;
  if not found then return; end if;
  delete from login_failure f where f.email_hash = p_email_hash;
  delete from account_session s
   where s.account_id = p_account_id
     and (s.ended_at is not null or s.expires_at <= v_now or s.session_id in (
           select old.session_id from account_session old where old.account_id = p_account_id
            order by old.created_at desc, old.session_id offset 19));
  insert into account_session (session_id, account_id, created_at, expires_at)
  values (p_session_id, p_account_id, v_now, v_now + p_lifetime);
  insert into refresh_token (token_hash, session_id) values (p_token_hash, p_session_id);
  return query select floor(extract(epoch from v_now))::bigint;
end
$$;

-- Accounts that were blocked or closed of late: what they hold, and where they wait, is looked for until
-- nothing that was under way then can still commit.
create table account_ending (
  account_id uuid primary key references account,
  since timestamptz not null default clock_timestamp()
);

create function note_account_end() returns trigger
language plpgsql as $$
begin
  if new.state = 1 then
    delete from account_ending e where e.account_id = new.account_id;
  else
    insert into account_ending as e (account_id) values (new.account_id)
        on conflict (account_id) do update set since = excluded.since;
  end if;
  return null;
end
$$;

create trigger account_ends after update of state on account
  for each row when (new.state is distinct from old.state) execute function note_account_end();

-- Parties of accounts that wait; few accounts do.
create index waitlist_entry_by_account on waitlist_entry (customer_ref)
  where partner_id = 0 and state = 1;
