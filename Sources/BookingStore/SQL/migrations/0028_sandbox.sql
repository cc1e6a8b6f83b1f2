-- Sandboxes: databases in which partners try their programs out, and what they have set there.

-- One row in a sandbox, none elsewhere. It is there from before the first show, or never: nothing that is
-- sold in earnest can become an experiment.
create table sandbox (
  is_the_only boolean primary key default true check (is_the_only),
  made_at timestamptz not null default clock_timestamp()
);

-- Makes this database a sandbox; false when it has shows already. What is one stays one.
create function make_sandbox() returns boolean
language plpgsql as $$
begin
  lock table show in share row exclusive mode;
  if exists (select from sandbox) then return true; end if;
  if exists (select from show) then return false; end if;
  insert into sandbox default values;
  return true;
end
$$;

-- A partner that has set something. Its row is the lock on all of that.
create table sandbox_partner (
  partner_id bigint primary key references partner
);

-- What goes wrong with calls of a partner. What is used up has no row; what has ended by time has one until
-- other switches are set.
create table sandbox_fault (
  partner_id bigint not null references sandbox_partner,
  position smallint not null,
  -- As in `usher.v1.BookingService/HoldSeats`; empty for all.
  method text not null,
  -- 1 refused, 2 delayed, 3 without its answer, 4 cut: the values of usher.v1.FaultKind.
  kind smallint not null check (kind between 1 and 4),
  -- The status's code, 0 for a delay.
  code integer not null,
  delay_ms integer not null check (delay_ms between 0 and 60000),
  after_messages integer not null check (after_messages between 0 and 1000000),
  times_left integer check (times_left between 1 and 1000000),
  ends_at timestamptz,
  primary key (partner_id, position)
);

-- Sets a partner's switches in place of those before. p_times and p_lasts_ms are 0 for no end.
create function set_faults(
  p_partner_id bigint, p_methods text[], p_kinds smallint[], p_codes integer[], p_delays integer[],
  p_messages integer[], p_times integer[], p_lasts_ms bigint[]
) returns void
language plpgsql as $$
begin
  insert into sandbox_partner (partner_id) values (p_partner_id) on conflict do nothing;
  perform from sandbox_partner p where p.partner_id = p_partner_id for update;
  delete from sandbox_fault f where f.partner_id = p_partner_id;
  insert into sandbox_fault (
    partner_id, position, method, kind, code, delay_ms, after_messages, times_left, ends_at)
  select p_partner_id, n.position, n.method, n.kind, n.code, n.delay, n.messages, nullif(n.times, 0),
         clock_timestamp() + nullif(n.lasts_ms, 0) * interval '1 millisecond'
    from unnest(p_methods, p_kinds, p_codes, p_delays, p_messages, p_times, p_lasts_ms)
      with ordinality as n(method, kind, code, delay, messages, times, lasts_ms, position);
end
$$;

-- A partner's switches that are not over, in their order.
create function read_faults(p_partner_id bigint)
returns table (method text, kind smallint, code integer, delay_ms integer, after_messages integer,
               times_left integer, lasts_ms bigint)
language sql stable as $$
  select f.method, f.kind, f.code, f.delay_ms, f.after_messages, f.times_left,
         ceil(extract(epoch from f.ends_at - t.now) * 1000)::bigint
    from (select clock_timestamp() as now) t cross join sandbox_fault f
   where f.partner_id = p_partner_id and (f.ends_at is null or f.ends_at > t.now)
   order by f.position
$$;

-- The switch that a partner's call meets, counted; no row for none. p_is_stream says that the server may
-- send several messages.
create function meet_fault(p_partner_id bigint, p_method text, p_is_stream boolean)
returns table (method text, kind smallint, code integer, delay_ms integer, after_messages integer,
               times_left integer, lasts_ms bigint)
language plpgsql as $$
#variable_conflict use_column
declare
  v_fault sandbox_fault;
begin
  -- Whoever has no switches waits for nobody.
  if not exists (select from sandbox_fault f where f.partner_id = p_partner_id) then return; end if;
  -- One call at a time: what the one before has used up is gone for the next.
  perform from sandbox_partner p where p.partner_id = p_partner_id for update;
  select f.* into v_fault from sandbox_fault f
   where f.partner_id = p_partner_id and f.method in ('', p_method) and (f.kind <> 4 or p_is_stream)
     and (f.ends_at is null or f.ends_at > clock_timestamp())
   order by f.position limit 1;
  if not found then return; end if;
  if v_fault.times_left = 1 then
    delete from sandbox_fault f
     where f.partner_id = p_partner_id and f.position = v_fault.position;
  elsif v_fault.times_left > 1 then
    update sandbox_fault f set times_left = f.times_left - 1
     where f.partner_id = p_partner_id and f.position = v_fault.position;
  end if;
  return query
    select v_fault.method, v_fault.kind, v_fault.code, v_fault.delay_ms, v_fault.after_messages,
           v_fault.times_left, null::bigint;
end
$$;
