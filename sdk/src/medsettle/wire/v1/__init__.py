"""Generated protobuf messages of medsettle.wire.v1. Never edited; see protos/README.md."""
