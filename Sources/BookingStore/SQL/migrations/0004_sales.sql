-- Sales: one row per seat of a show, bookings, and the log of request ids.
--
-- No seat can be sold twice, by construction: a seat of a show is one row, and a row points to one
-- booking. What remains to be checked, that rows and bookings tell the same story, is
-- verify_sales(). There are no foreign keys between these tables: every writer holds the show row,
-- and a per-row check would cost more than the sale.

create table show_seat (
  lane smallint not null,
  show_id bigint not null,
  seat_no integer not null,
  -- 1 available, 2 held, 3 sold, 4 blocked: the values of usher.v1.SeatState.
  state smallint not null default 1 check (state between 1 and 4),
  booking_id uuid,
  -- End of the hold as the customer was told; the seat is free hold_grace() later.
  hold_until timestamptz,
  primary key (lane, show_id, seat_no),
  constraint seat_owner check ((state in (2, 3)) = (booking_id is not null)),
  constraint seat_hold check ((state = 2) = (hold_until is not null))
) with (fillfactor = 50);

create table booking (
  lane smallint not null,
  booking_id uuid not null,
  show_id bigint not null,
  partner_id bigint not null,
  customer_ref text not null check (octet_length(customer_ref) <= 128),
  -- The request that made the hold; the booking's own id for an offer of the waiting list.
  request_id uuid not null,
  -- 1 held, 2 confirmed, 3 released, 4 expired, 5 cancelled, 6 exchanged, 7 used.
  state smallint not null check (state between 1 and 7),
  -- In the order of the quote: dearest first, then by label.
  seat_nos integer[] not null check (cardinality(seat_nos) between 1 and 10),
  total bigint not null check (total >= 0),
  currency text not null,
  -- One line per rule: position in seat_nos, minor units, offer id (0: base price), description;
  -- separated by tabs.
  quote text not null,
  hold_until timestamptz not null,
  is_extended boolean not null default false,
  payment_reference text not null default '' check (octet_length(payment_reference) <= 128),
  -- The show's version that made this booking's last change visible.
  version bigint not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  -- Paid after the hold had expired; the seats were still free.
  is_taken_again boolean not null default false,
  -- Seats that were cancelled while others were kept: no longer the booking's. Null for none.
  cancelled_seat_nos integer[],
  -- The booking that this one was exchanged for; the one that was exchanged for it, and what that
  -- one's seats had cost.
  superseded_by uuid,
  supersedes uuid,
  exchange_credit bigint,
  primary key (lane, booking_id)
) with (fillfactor = 70);
create index booking_by_show on booking (lane, show_id) where state in (1, 2, 7);
create index booking_by_hold on booking (hold_until) where state = 1;

-- What became of each request id that had an effect. Written in the transaction of the effect
-- itself. A refusal changes nothing and leaves no row. A request that was fenced before it ran has
-- a row without booking, and so can have no other.
create table request_log (
  partner_id bigint not null,
  request_id uuid not null,
  lane smallint,
  -- SHA-256 of the request in canonical form: the same id with another body is refused.
  request_hash bytea not null check (length(request_hash) = 32),
  effect text not null,
  booking_id uuid,
  -- The booking as the request left it.
  booking_state smallint,
  cancelled_seat_nos integer[],
  version bigint,
  created_at timestamptz not null,
  primary key (partner_id, request_id),
  constraint request_fence check (
    num_nulls(lane, booking_id, booking_state, version) = case effect when 'fenced' then 4 else 0 end)
);

-- What is to be given back for seats that a request gave up, by the theatre's policy. Found by its
-- request; the lane is the booking's.
create table refund (
  partner_id bigint not null,
  request_id uuid not null,
  lane smallint not null,
  booking_id uuid not null,
  seat_nos integer[] not null check (cardinality(seat_nos) between 1 and 10),
  amount bigint not null check (amount >= 0),
  currency text not null,
  created_at timestamptz not null,
  primary key (partner_id, request_id)
);
create index refund_by_booking on refund (lane, booking_id);

-- What the server adds to a hold: nobody can take the seat in this time, and the customer's own
-- timer has ended before.
create function hold_grace() returns interval
language sql immutable parallel safe as $$ select interval '5 seconds' $$;

-- A hold whose time and grace are over counts as expired, whether or not it was swept.
create function booking_state_at(p_state smallint, p_hold_until timestamptz, p_now timestamptz)
returns smallint
language sql immutable parallel safe as $$
  select case when p_state = 1 and p_hold_until + hold_grace() <= p_now then 4::smallint
         else p_state end
$$;
