-- Ends session $1.
update account_session s set ended_at = clock_timestamp()
 where s.session_id = $1::uuid and s.ended_at is null
