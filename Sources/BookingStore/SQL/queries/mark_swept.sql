-- Who waits was served after allocations $1 had returned.
update seat_allocation a set swept = true where a.allocation_id = any ($1::bigint[])
