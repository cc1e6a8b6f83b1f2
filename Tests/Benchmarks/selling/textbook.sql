-- The textbook's transaction, for pgbench: lock the two seats, book them, mark them, commit. Each
-- client counts through pairs of its own from :base on, round the shows, so that no pair is sold
-- twice and no client waits for another.
\set pair :base + :n * :clients + :client_id
\set n :n + 1
\set show 1 + :pair % :shows
\set first :pair / :shows * 2
\set second :first + 1
begin;
select seat_no, state, hold_until from seat where show_id = :show and seat_no in (:first, :second) order by seat_no for update;
insert into booking (show_id, seat_nos, customer_ref, total, hold_until, created_at) values (:show, array[:first, :second]::integer[], '', 2400, now() + interval '5 minutes', now()) returning booking_id \gset
update seat set state = 2, booking_id = :booking_id, hold_until = now() + interval '5 minutes' where show_id = :show and seat_no in (:first, :second) and state = 1;
commit;
