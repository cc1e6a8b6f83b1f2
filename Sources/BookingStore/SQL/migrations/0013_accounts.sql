-- Customers' accounts and their sessions, and what keeps guessers of passwords away.

-- Accounts buy from the house itself, which is a partner like any other.
insert into partner (partner_id, name) values (0, 'Usher, to accounts');

create table account (
  account_id uuid primary key,
  -- As its owner writes it; empty once the account is closed, as all that is personal.
  email text not null check (octet_length(email) <= 254),
  -- In lower case; no two accounts have the same.
  email_key text unique,
  phone text not null default '' check (phone ~ '^(\+[1-9][0-9]{6,14})?$'),
  name text not null default '' check (name ~ '^[^[:cntrl:]]{0,120}$'),
  -- 1 active, 2 closed, 3 blocked.
  state smallint not null default 1 check (state between 1 and 3),
  -- argon2id in its textual form.
  password_hash text,
  created_at timestamptz not null default clock_timestamp(),
  constraint account_erased check (
    (state = 2) = (email_key is null) and (state = 2) = (password_hash is null)
    and (state <> 2 or (email = '' and phone = '' and name = '')))
);

-- A log-in on one device. Its access tokens name it, so that they end with it.
create table account_session (
  session_id uuid primary key,
  account_id uuid not null references account,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index account_session_by_account on account_session (account_id, created_at);

-- Each token is good for one renewal. One that comes twice was stolen, from its owner or by its owner's
-- thief: the session ends.
create table refresh_token (
  token_hash bytea primary key check (length(token_hash) = 32),
  session_id uuid not null references account_session on delete cascade,
  used_at timestamptz
);
create index refresh_token_by_session on refresh_token (session_id);

-- Wrong passwords by e-mail address, whether or not there is such an account: who is locked out must
-- not learn that. The address is kept as its SHA-256.
create table login_failure (
  email_hash bytea primary key check (length(email_hash) = 32),
  failure_count integer not null,
  last_at timestamptz not null,
  locked_until timestamptz not null
);
create index login_failure_by_time on login_failure (last_at);

-- What accounts hold and have bought, and nothing of what partners sell.
create index booking_by_account on booking (customer_ref) where partner_id = 0;

alter table audit_entry add column account_id uuid;

-- Begins an attempt to log in, as a failure until its session begins: so many attempts at once count as
-- many. After the fifth in a row the next waits five seconds, each then twice as long, a quarter of an hour at most; what is a
-- day old is forgotten. Returns the account, if there is one, and how many milliseconds it is locked.
create function begin_login(p_email_key text, p_email_hash bytea)
returns table (account_id uuid, state smallint, password_hash text, locked_ms bigint)
language plpgsql as $$
declare
  v_now constant timestamptz := clock_timestamp();
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

-- Begins a session of an account that is active: of its sessions the newest twenty stay. Returns the
-- time in seconds, or nothing.
create function begin_session(
  p_account_id uuid, p_email_hash bytea, p_session_id uuid, p_token_hash bytea, p_lifetime interval)
returns table (now_seconds bigint)
language plpgsql as $$
declare
  v_now constant timestamptz := clock_timestamp();
begin
  perform from account a where a.account_id = p_account_id and a.state = 1 for update;
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

-- Takes a refresh token for the next one. Returns the session with its account and the time in seconds,
-- or nothing; a token that was used before ends its session.
create function renew_session(p_token_hash bytea, p_next_hash bytea)
returns table (account_id uuid, session_id uuid, now_seconds bigint)
language plpgsql as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_session uuid;
  v_account uuid;
  v_used timestamptz;
begin
  select t.session_id into v_session from refresh_token t where t.token_hash = p_token_hash;
  -- Whatever happens to a session's tokens happens under the session's lock.
  select s.account_id into v_account from account_session s join account a using (account_id)
   where s.session_id = v_session and s.ended_at is null and s.expires_at > v_now and a.state = 1
     for update of s;
  if not found then return; end if;
  select t.used_at into v_used from refresh_token t where t.token_hash = p_token_hash;
  if v_used is not null then
    update account_session s set ended_at = v_now where s.session_id = v_session;
    return;
  end if;
  update refresh_token t set used_at = v_now where t.token_hash = p_token_hash;
  insert into refresh_token (token_hash, session_id) values (p_next_hash, v_session);
  return query select v_account, v_session, floor(extract(epoch from v_now))::bigint;
end
$$;
