-- The e-mail of account $1 in lower case, while it is active.
select a.email_key from account a where a.account_id = $1::uuid and a.state = 1
