# Builds codec_bench into OUT, from Debian's libprotobuf-dev.
OUT ?= out
PROTOS = ../../../../Protos
BENCH = ../../Codec/Protos
CXXFLAGS = -O3 -DNDEBUG -std=c++17 -I$(OUT) $(shell pkg-config --cflags protobuf)
NAMES = google/rpc/status usher/v1/common usher/v1/add_on usher/v1/booking usher/v1/seat_map bench/deep
SOURCES = $(NAMES:%=$(OUT)/%.pb.cc)

$(OUT)/codec_bench: codec_bench.cc $(SOURCES)
	g++ $(CXXFLAGS) -o $@ $^ $(shell pkg-config --libs protobuf)

$(SOURCES) &: $(wildcard $(PROTOS)/google/rpc/*.proto $(PROTOS)/usher/v1/*.proto) $(BENCH)/bench/deep.proto
	mkdir -p $(OUT)
	protoc -I$(PROTOS) -I$(BENCH) --cpp_out=$(OUT) $(NAMES:%=%.proto)
