// Bookings by the codes on their tickets: who finds which, and with which customer.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct TicketLookupTests {
  private func found(
    _ house: House, _ id: BookingID, _ partner: Int64?, _ theatres: [Int64]? = nil
  ) async throws -> [BookingID] {
    try await SalesStore(house.connection).bookings(
      ofTicket: TicketCode(id), SalesReach(partnerID: partner, theatreIDs: theatres)
    ).map(\.booking.id)
  }

  @Test func whatWasPaidIsFoundByWhoMaySeeIt() async throws {
    try await House.run { house in
      try await house.run("update theatre set partner_id = 2 where theatre_id = 1")
      let held = try await house.held(["A1"], 1)
      #expect(try await found(house, held.id, nil) == [])
      _ = try await house.change(.confirm, held.id, 2, payment: "p")
      #expect(try await found(house, held.id, nil) == [held.id])
      #expect(try await found(house, held.id, House.partner) == [held.id])
      #expect(try await found(house, held.id, House.otherPartner) == [held.id])
      #expect(try await found(house, held.id, House.otherPartner, [1]) == [held.id])
      #expect(try await found(house, held.id, House.otherPartner, [2]) == [])
      #expect(try await found(house, held.id, 3) == [])
      // What became of it later is found, too.
      _ = try await house.change(.cancel, held.id, 3)
      #expect(try await found(house, held.id, House.partner) == [held.id])
    }
  }

  @Test func whatWasNeverPaidHasNoTicket() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      let swapped = try await house.serve([house.exchange(held.id, ["A2"], 2)])
      #expect(swapped[0].record?.ticketCode == nil)
      #expect(try await found(house, held.id, nil) == [])
    }
  }

  @Test func twoThatShareACodeAreBothFound() async throws {
    try await House.run { house in
      let sale = try await house.sold(["A1"], 1)
      let other = try await house.sold(["B1"], 2)
      // The same lane and the same last 44 bits, of another millisecond.
      let twin = "00000000" + "\(other.id)".dropFirst(8).prefix(17) + "\(sale.id)".suffix(11)
      try await house.run(
        "update booking set booking_id = '\(twin)' where booking_id = '\(other.id)'")
      let ids = try await found(house, sale.id, nil)
      #expect(ids.count == 2 && ids.contains(sale.id))
    }
  }

  @Test func theHousesOwnCustomersAreTold() async throws {
    try await House.run { house in
      let sale = try await house.sold(["A1"], 1)
      let store = SalesStore(house.connection)
      let reach = SalesReach(partnerID: nil)
      #expect(try await store.bookings(ofTicket: TicketCode(sale.id), reach)[0].customer == nil)
      let account = "6b1e1c3e-0d2c-4bb5-8a7e-2f4b8c9d0e1f"
      try await house.run(
        """
        insert into account (account_id, email, email_key, phone, name, password_hash)
        values ('\(account)', 'Ada@example.org', 'ada@example.org', '+3291234567', 'Ada', 'none')
        """)
      try await house.run(
        "update booking set partner_id = 0, customer_ref = '\(account)'")
      let ticket = try await store.bookings(ofTicket: TicketCode(sale.id), reach)[0]
      #expect(
        ticket.customer
          == TicketCustomer(name: "Ada", email: "Ada@example.org", phone: "+3291234567"))
    }
  }
}
