-- Gives account $3 the state $4, unless it is closed; one that is blocked has no session left. $1 is the key
-- and $2 the name of who does it. What changes nothing is not noted.
with before as (
  select a.account_id, a.state from account a
   where a.account_id = $3::uuid and a.state <> 2 for update),
after as (
  update account a set state = $4::smallint from before b where a.account_id = b.account_id
  returning a.account_id, a.email, a.phone, a.name, a.state, a.created_at),
ended as (
  update account_session s set ended_at = clock_timestamp()
    from after a where s.account_id = a.account_id and a.state = 3 and s.ended_at is null),
noted as (
  insert into audit_entry (actor_key_id, actor, action, account_id, detail)
  select $1::bigint, $2::text, 'SET_ACCOUNT_STATE', a.account_id,
         jsonb_build_object('before', b.state, 'after', a.state)
    from after a join before b using (account_id) where a.state <> b.state)
select a.* from after a
