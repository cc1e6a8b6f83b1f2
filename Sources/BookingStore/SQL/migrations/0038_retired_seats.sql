-- The numbers of seats that the newest version of an auditorium's layout does not have: the same chair gets
-- its number again when it comes back. Kept apart, so that an import need not read every version.

create table retired_seat (
  auditorium_id bigint not null references auditorium,
  label text collate "C" not null,
  seat_no integer not null check (seat_no between 0 and 99999),
  primary key (auditorium_id, label)
);

insert into retired_seat (auditorium_id, label, seat_no)
select distinct on (s.auditorium_id, s.label) s.auditorium_id, s.label, s.seat_no
  from layout_seat s
  join (select l.auditorium_id, max(l.layout_version) as layout_version
          from layout l group by l.auditorium_id having max(l.layout_version) > 1) as newest
    on newest.auditorium_id = s.auditorium_id and newest.layout_version > s.layout_version
 where not exists (
   select from layout_seat n
    where n.auditorium_id = s.auditorium_id and n.layout_version = newest.layout_version
      and n.label = s.label)
 order by s.auditorium_id, s.label, s.layout_version desc;
