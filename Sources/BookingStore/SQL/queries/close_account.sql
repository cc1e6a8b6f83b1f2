-- Closes account $1, whose password hash is $2: what is personal is erased, sessions are gone.
with before as (
  select a.account_id, a.email_key from account a
   where a.account_id = $1::uuid and a.state = 1 and a.password_hash = $2::text for update),
closed as (
  update account a
     set state = 2, email = '', email_key = null, phone = '', name = '', password_hash = null
    from before b where a.account_id = b.account_id
  returning a.account_id),
forgotten as (
  delete from login_failure f using before b
   where f.email_hash = sha256(convert_to(b.email_key, 'UTF8'))),
ended as (
  delete from account_session s using closed c where s.account_id = c.account_id)
select c.account_id from closed c
