-- Takes back one failure of the e-mail with SHA-256 $1, and the waiting that came of it.
update login_failure f
   set failure_count = f.failure_count - 1,
       locked_until = case when f.failure_count <= 5 then f.last_at else f.locked_until end
 where f.email_hash = $1::bytea and f.failure_count > 0
