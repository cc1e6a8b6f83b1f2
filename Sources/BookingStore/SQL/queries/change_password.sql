-- Gives account $1, whose password hash is $4, the hash $2, ends all its sessions but $3, and forgets wrong passwords.
with changed as (
  update account a set password_hash = $2::text where a.account_id = $1::uuid and a.state = 1
     and a.password_hash = $4::text
  returning a.account_id, a.email_key),
forgotten as (
  delete from login_failure f using changed c
   where f.email_hash = sha256(convert_to(c.email_key, 'UTF8'))),
ended as (
  update account_session s set ended_at = clock_timestamp()
    from changed c
   where s.account_id = c.account_id and s.session_id <> $3::uuid and s.ended_at is null)
select c.account_id from changed c
