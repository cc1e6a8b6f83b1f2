-- Gives account $1 the e-mail $2, in lower case $3, the phone $4 and the name $5 (null: as it is).
update account a
   set email = coalesce($2::text, a.email), email_key = coalesce($3::text, a.email_key),
       phone = coalesce($4::text, a.phone), name = coalesce($5::text, a.name)
 where a.account_id = $1::uuid and a.state = 1
returning a.account_id, a.email, a.phone, a.name, a.state, a.created_at
