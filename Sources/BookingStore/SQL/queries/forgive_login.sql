-- Takes back that the attempt of $2 counts as a failure of the e-mail with SHA-256 $1: the waiting that came of it,
-- and of a later attempt's what this one has added.
update login_failure f
   set failure_count = f.failure_count - 1,
       locked_until = case when f.last_at = $2::timestamptz then f.last_at
                           else least(f.locked_until, f.last_at + login_lock(f.failure_count - 1)) end
 where f.email_hash = $1::bytea and f.failure_count > 0
