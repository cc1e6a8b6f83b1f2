// SwiftEmitterTests
