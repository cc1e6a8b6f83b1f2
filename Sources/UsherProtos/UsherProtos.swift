// UsherProtos
