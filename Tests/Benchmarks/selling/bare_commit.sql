-- What usherd writes for one booking of two seats, as a transaction by itself, for pgbench: round
-- :shows shows, each pair once. The arguments are those of write_sales(), in its order.
\set show 1 + :n % :shows
\set lane (:show - 1) % 64
\set version 1 + :n / :shows
\set first :n / :shows * 2
\set second :first + 1
\set n :n + 1
select write_sales(array[:lane]::smallint[], array[:show]::bigint[], array[:version]::bigint[], array[0]::bigint[], array[true], array[false], array[1], array[5], array[decode(repeat('00', 34), 'hex')], null, null, false, array[1], array[1]::bigint[], array[request_id], array[sha256('request')], array['held'], array[id], array[1]::smallint[], array[null]::text[], array[1], array[id], array[1]::bigint[], array[''], array[request_id], array[1]::smallint[], array[:first, :second]::integer[], array[1], array[2], array[2400]::bigint[], array['EUR'], array[E'0\t1200\t0\tFRONT\n1\t1200\t0\tFRONT'], array[''], array[null]::uuid[], array[null]::bigint[], array[null]::timestamptz[], array[false], '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', array[1, 1], array[:first, :second]::integer[], array[1, 1]::smallint[], array[null, null]::uuid[], array[2, 2]::smallint[], array[id, id], array[null, null]::timestamptz[], '{}', '{}', '{}', '{}', '{}', '{}', '{}') from (select lpad(to_hex(:n::bigint), 32, '0')::uuid as id, ('f' || lpad(to_hex(:n::bigint), 31, '0'))::uuid as request_id) as request;
