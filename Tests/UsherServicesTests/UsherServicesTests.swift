// UsherServicesTests
