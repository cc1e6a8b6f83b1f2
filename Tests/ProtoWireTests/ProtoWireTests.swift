// ProtoWireTests
