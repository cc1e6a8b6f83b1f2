"""Two ways to speak to the server: generated stubs, or nothing but what reflection tells."""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

import partner as partners

PROTO_FOLDER_METHOD = "ServerReflectionInfo"


class StubApi:
    """Calls through the generated modules."""

    def __init__(self, channel):
        self.channel = channel
        self._modules = (partners.booking_pb2, partners.catalog_pb2, partners.seat_map_pb2)

    def message(self, name, **fields):
        for module in self._modules:
            if hasattr(module, name):
                return getattr(module, name)(**fields)
        raise AssertionError(name)

    def call(self, service, method, **fields):
        stub = {
            "CatalogService": partners.catalog_pb2_grpc.CatalogServiceStub,
            "SeatMapService": partners.seat_map_pb2_grpc.SeatMapServiceStub,
            "BookingService": partners.booking_pb2_grpc.BookingServiceStub,
        }[service](self.channel)
        return getattr(stub, method)(self.message(f"{method}Request", **fields), timeout=60)


class PoolApi:
    """Calls through descriptors that the server told."""

    def __init__(self, channel, pool):
        self.channel = channel
        self.pool = pool

    def call(self, service, method, **fields):
        descriptor = self.pool.FindServiceByName(f"usher.v1.{service}").methods_by_name[method]
        request = message_factory.GetMessageClass(descriptor.input_type)(**fields)
        answer = message_factory.GetMessageClass(descriptor.output_type)
        kind = (
            self.channel.unary_stream if descriptor.server_streaming else self.channel.unary_unary
        )
        path = f"/{descriptor.containing_service.full_name}/{descriptor.name}"
        rpc = kind(
            path, request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        return rpc(request, timeout=60)


def api_v1alpha(channel):
    """By the stock reflection package."""
    database = ProtoReflectionDescriptorDatabase(channel)
    assert "usher.v1.BookingService" in database.get_services()
    return PoolApi(channel, descriptor_pool.DescriptorPool(database))


def messages_of(proto_folder, *files):
    """Message classes of schema files, in a pool of their own."""
    import pathlib
    import tempfile

    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "set"
        code = protoc.main(
            ["protoc", f"-I{proto_folder}", "--include_imports", f"--descriptor_set_out={out}",
             *files]
        )
        assert code == 0
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


class ReflectionV1:
    """grpc.reflection.v1 by hand: no stock Python package speaks it."""

    def __init__(self, channel, proto_folder):
        find = messages_of(proto_folder, "grpc/reflection/v1/reflection.proto")
        self.request = find("grpc.reflection.v1.ServerReflectionRequest")
        answer = find("grpc.reflection.v1.ServerReflectionResponse")
        self._rpc = channel.stream_stream(
            f"/grpc.reflection.v1.ServerReflection/{PROTO_FOLDER_METHOD}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )

    def ask(self, *requests):
        return list(self._rpc(iter([self.request(**fields) for fields in requests]), timeout=60))

    def pool(self, *symbols):
        answers = self.ask(*({"file_containing_symbol": symbol} for symbol in symbols))
        files = {}
        for answer in answers:
            for data in answer.file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(data)
                files[file.name] = file
        pool = descriptor_pool.DescriptorPool()
        self._add(pool, files, set())
        return pool

    def _add(self, pool, files, done):
        """Dependencies first, asking for those that were not sent along."""
        for name in list(files):
            self._add_file(pool, files, name, done)

    def _add_file(self, pool, files, name, done):
        if name in done:
            return
        if name not in files:
            answer = self.ask({"file_by_filename": name})[0]
            for data in answer.file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(data)
                files[file.name] = file
        done.add(name)
        for dependency in files[name].dependency:
            self._add_file(pool, files, dependency, done)
        pool.Add(files[name])


def api_v1(channel, proto_folder):
    reflection = ReflectionV1(channel, proto_folder)
    services = reflection.ask({"list_services": ""})[0].list_services_response.service
    names = [service.name for service in services if service.name.startswith("usher.v1.")]
    return PoolApi(channel, reflection.pool(*names))


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK
