-- The peer's tables: what a textbook shows for selling seats, with :shows shows of :seats seats. Only
-- what its transaction needs, and room on the pages for its updates to stay there.

create table seat (
  show_id bigint not null,
  seat_no integer not null,
  state smallint not null default 1,
  booking_id bigint,
  hold_until timestamptz,
  primary key (show_id, seat_no)
) with (fillfactor = 50);
create table booking (
  booking_id bigint generated always as identity primary key,
  show_id bigint not null,
  seat_nos integer[] not null,
  customer_ref text not null,
  total bigint not null,
  hold_until timestamptz not null,
  created_at timestamptz not null
);
insert into seat (show_id, seat_no)
select show_id, seat_no
  from generate_series(1, :shows) show_id, generate_series(0, :seats - 1) seat_no;
vacuum analyze;
