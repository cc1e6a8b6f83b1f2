// SeatFeedTests
