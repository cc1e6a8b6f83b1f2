-- Account $1, or the one with e-mail $2 in lower case.
select a.account_id, a.email, a.phone, a.name, a.state, a.created_at
  from account a where a.account_id = $1::uuid or a.email_key = $2::text
