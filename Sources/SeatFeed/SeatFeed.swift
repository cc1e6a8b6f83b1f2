// SeatFeed
