"""Python grpcio's server, for orientation: one thread pool, bytes in and bytes out without a codec.

HOST:PORT [CERTIFICATE KEY]
"""

import sys
from concurrent import futures

import grpc


def same(data):
    return data


def main(address, certificate=None, key=None):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    handler = grpc.unary_unary_rpc_method_handler(
        lambda request, context: request, request_deserializer=same, response_serializer=same
    )
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("bench.Echo", {"Unary": handler})]
    )
    if certificate:
        with open(key, "rb") as k, open(certificate, "rb") as c:
            credentials = grpc.ssl_server_credentials([(k.read(), c.read())])
        port = server.add_secure_port(address, credentials)
    else:
        port = server.add_insecure_port(address)
    server.start()
    print(f"ready 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
