// ProtoSchemaTests
