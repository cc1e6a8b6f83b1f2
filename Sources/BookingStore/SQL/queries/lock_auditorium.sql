-- Takes auditorium $1 for an import of its layout: nobody else imports one until the end of the
-- transaction. What it looks like is read afterwards: a statement does not see what it waited for.
select 1 from auditorium a where a.auditorium_id = $1::bigint for update
