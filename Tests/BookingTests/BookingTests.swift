// BookingTests
