# Builds both C++ servers into OUT, from Debian's libgrpc++-dev and protobuf-compiler-grpc.
OUT ?= out
CXXFLAGS = -O3 -DNDEBUG -std=c++17 -I$(OUT) -I. $(shell pkg-config --cflags grpc++ protobuf)
LDLIBS = $(shell pkg-config --libs grpc++ protobuf) -lpthread
GENERATED = $(OUT)/echo.pb.cc $(OUT)/echo.grpc.pb.cc

all: $(OUT)/async_server $(OUT)/callback_server

$(OUT)/echo.pb.cc: ../echo.proto
	mkdir -p $(OUT)
	protoc -I.. --cpp_out=$(OUT) ../echo.proto

$(OUT)/echo.grpc.pb.cc: ../echo.proto
	mkdir -p $(OUT)
	protoc -I.. --grpc_out=$(OUT) --plugin=protoc-gen-grpc=$(shell which grpc_cpp_plugin) ../echo.proto

$(OUT)/%.o: $(OUT)/%.cc $(GENERATED)
	g++ $(CXXFLAGS) -c -o $@ $<

$(OUT)/%.o: %.cc common.h $(GENERATED)
	g++ $(CXXFLAGS) -c -o $@ $<

$(OUT)/%_server: $(OUT)/%_server.o $(OUT)/echo.pb.o $(OUT)/echo.grpc.pb.o
	g++ -o $@ $^ $(LDLIBS)
