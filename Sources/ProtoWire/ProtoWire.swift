// ProtoWire
