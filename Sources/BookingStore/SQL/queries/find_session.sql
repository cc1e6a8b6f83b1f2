-- Whether session $1 of account $2 still is, for an access token that ends at second $3.
select 1
  from account_session s join account a using (account_id)
 where s.session_id = $1::uuid and s.account_id = $2::uuid and a.state = 1 and s.ended_at is null
   and s.expires_at > clock_timestamp() and $3::bigint > extract(epoch from clock_timestamp())
