-- The textbook's transaction again, for pgbench, on one show until it is sold out. Each client begins
-- with a pair of another show, from :lead_in on, and then waits for the lock that whoever measures
-- has; when that lets go, all begin at once, connected and prepared. :n counts a client's
-- transactions.
\if :n = 0
\set show :lead_in_show
\set pair :lead_in + :client_id
\else
\set show :sold_show
\set pair (:n - 1) * :clients + :client_id
\endif
\set n :n + 1
\if :pair < :pairs
\set first :pair * 2
\set second :first + 1
begin;
select seat_no, state, hold_until from seat where show_id = :show and seat_no in (:first, :second) order by seat_no for update;
insert into booking (show_id, seat_nos, customer_ref, total, hold_until, created_at) values (:show, array[:first, :second]::integer[], '', 2400, now() + interval '5 minutes', now()) returning booking_id \gset
update seat set state = 2, booking_id = :booking_id, hold_until = now() + interval '5 minutes' where show_id = :show and seat_no in (:first, :second) and state = 1;
commit;
\endif
\if :n = 1
select pg_advisory_lock_shared(1);
\endif
