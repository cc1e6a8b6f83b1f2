# Builds the interoperability client and server on gRPC C++ into OUT, from Debian's libgrpc++-dev and
# protobuf-compiler-grpc. They are judges, not products: not optimised, so that they build quickly.
OUT ?= ../../../.build-interop
PROTOS = ../InteropProtos/Protos
CXXFLAGS = -O0 -std=c++17 -Wall -Wextra -Werror -I$(OUT) -I. $(shell pkg-config --cflags grpc++ protobuf)
LDLIBS = $(shell pkg-config --libs grpc++ protobuf) -lpthread
SCHEMA = $(wildcard $(PROTOS)/grpc/testing/*.proto)
HEADERS = $(OUT)/grpc/testing/test.grpc.pb.h
OBJECTS = $(addprefix $(OUT)/grpc/testing/,empty.pb.o messages.pb.o test.pb.o test.grpc.pb.o)

all: $(OUT)/interop_client $(OUT)/interop_server

# All generated files come out of one run; the last one stands for them.
$(HEADERS): $(SCHEMA)
	mkdir -p $(OUT)
	protoc -I$(PROTOS) --cpp_out=$(OUT) --grpc_out=$(OUT) \
	  --plugin=protoc-gen-grpc=$(shell which grpc_cpp_plugin) $(SCHEMA)
	touch $@

$(OBJECTS:.o=.cc): $(HEADERS) ;

$(OUT)/grpc/testing/%.o: $(OUT)/grpc/testing/%.cc $(HEADERS)
	g++ $(CXXFLAGS) -c -o $@ $<

$(OUT)/%.o: %.cc interop.h $(HEADERS)
	g++ $(CXXFLAGS) -c -o $@ $<

$(OUT)/interop_%: $(OUT)/interop_%.o $(OBJECTS)
	g++ -o $@ $^ $(LDLIBS)

.SECONDARY:
