// The table of permissions: it leaves no method of the schema out, and says of each what it should.

import RPC
import Testing
import UsherProtos

@testable import UsherServices

@Suite struct PermissionTests {
  /// Every method that the schema declares has a row, whether or not anybody serves it.
  @Test func everyMethodOfTheSchemaHasARow() {
    let declared = DescriptorIndex(ProtoDescriptors.files).methods
    #expect(Set(AllMethods.list.map { "\($0.service).\($0.method)" }) == declared)
    #expect(Permissions.table.missing(of: AllMethods.list).isEmpty)
  }

  @Test func aMethodWithoutARowIsMissed() {
    let sell = Usher.V1.BookingServiceMethods.holdSeats
    let unknown = MethodDescriptor(
      service: sell.service, method: "SellEverything", kind: .unary, sideEffects: true)
    #expect(Permissions.table.missing(of: [sell, unknown]) == [unknown])
    #expect(Permissions([(sell, .open)])[sell] == .open)
  }

  /// What customers may do by themselves as long as there are no payments.
  private static let ofCustomersToo: Set = [
    "HoldSeats", "SetAddOns", "ExtendHold", "ReleaseHold", "CancelBooking", "ExchangeBooking",
    "BatchHoldSeats", "BatchCancelBookings", "FenceRequest", "GetRequestOutcome", "GetBooking",
  ]

  @Test(arguments: AllMethods.list)
  func eachServiceHasItsKindOfCaller(method: MethodDescriptor) {
    let expected: Requirement =
      switch method.service {
      case "usher.v1.CatalogService", "usher.v1.SeatMapService": .read
      case "usher.v1.BookingService":
        method.method == "ListBookings"
          ? .account
          : Self.ofCustomersToo.contains(method.method) ? .scopeOrAccount(.sell) : .scope(.sell)
      case "usher.v1.WaitlistService": .scopeOrAccount(.sell)
      case "usher.v1.PartnerService", "usher.v1.SandboxService": .scope(.manage)
      case "usher.v1.SalesService": .scope(.report)
      case "usher.v1.AccountService":
        ["SignUp", "LogIn", "RefreshSession"].contains(method.method) ? .open : .account
      case "usher.v1.ReviewService":
        ["ListReviews", "ListComments"].contains(method.method) ? .read : .account
      case "usher.v1.RecommendationService": .account
      case "usher.admin.v1.AdminService", "usher.admin.v1.OperatorService",
        "usher.admin.v1.CatalogAdminService":
        .scope(.admin)
      default: .open
      }
    #expect(Permissions.table[method] == expected)
  }

  @Test func whatChangesSomethingIsOpenToNobodyWithoutACredential() {
    let doors: Set = ["SignUp", "LogIn", "RefreshSession"]
    for method in AllMethods.list where method.sideEffects && !method.service.hasPrefix("grpc.") {
      switch Permissions.table[method] {
      case .scope, .scopeOrAccount, .account: #expect(!doors.contains(method.method))
      case .open: #expect(doors.contains(method.method), "\(method.path) is open")
      case .read, nil: Issue.record("\(method.path) needs no scope")
      }
    }
  }

  @Test func scopesAreReadByName() {
    for scope in Scope.allCases {
      #expect(Scopes(names: [scope.rawValue]) == Scopes(scope))
      #expect(!Scopes(scope).isEmpty)
    }
    #expect(Scopes(names: ["sell", "admin"]) == [.sell, .admin])
    #expect(Set(Scope.allCases.map { Scopes($0).rawValue }).count == Scope.allCases.count)
    #expect(Scopes(names: ["everything", "", "SELL"]).isEmpty)
  }
}

enum AllMethods {
  static let list: [MethodDescriptor] =
    Usher.V1.CatalogServiceMethods.all + Usher.V1.SeatMapServiceMethods.all
    + Usher.V1.BookingServiceMethods.all + Usher.V1.WaitlistServiceMethods.all
    + Usher.V1.SalesServiceMethods.all
    + Usher.V1.AccountServiceMethods.all + Usher.V1.PartnerServiceMethods.all
    + Usher.V1.SandboxServiceMethods.all + Usher.V1.ReviewServiceMethods.all
    + Usher.V1.RecommendationServiceMethods.all
    + Usher.Admin.V1.CatalogAdminServiceMethods.all
    + Usher.Admin.V1.AdminServiceMethods.all + Usher.Admin.V1.OperatorServiceMethods.all
    + Grpc.Health.V1.HealthMethods.all
    + Grpc.Reflection.V1.ServerReflectionMethods.all
    + Grpc.Reflection.V1alpha.ServerReflectionMethods.all
}
