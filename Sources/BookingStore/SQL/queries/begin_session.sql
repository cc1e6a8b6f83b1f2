-- Begins session $3 of account $1 with refresh token hash $4, for $5 seconds, unless its password hash is
-- other than $6 by now; $2 is the SHA-256 of the e-mail that its owner logged in with.
select now_seconds
  from begin_session($1::uuid, $2::bytea, $3::uuid, $4::bytea, $5::bigint * interval '1 second',
                     $6::text)
