-- Makes account $1 with e-mail $2, in lower case $3, phone $4, name $5 and password hash $6, unless another
-- has the e-mail.
insert into account (account_id, email, email_key, phone, name, password_hash)
values ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text)
on conflict (email_key) do nothing
returning account_id, email, phone, name, state, created_at
