"""SIGTERM drains: calls finish, streams end with UNAVAILABLE, the process exits 0."""

import select
import subprocess
import threading

import grpc

from partner import HELD, Watcher
from serving import Serving
from usherd import BINARY, START_SECONDS


def test_sigterm_drains(own_demo):
    demo = own_demo
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)
    with demo.partner() as partner:
        watcher = Watcher(partner, show.show_id).start()
        watcher.wait(lambda me: me.seats)
        partner.hold(show.show_id, labels[:1])
        watcher.wait_states({labels[0]: HELD})
        assert demo.server.terminate() == 0
        assert watcher.wait_end().code() == grpc.StatusCode.UNAVAILABLE
    assert "trap" not in demo.server.log().lower()


def test_a_signal_is_heeded_from_the_first_word_on(demo, own_folder):
    """Of the line that says where it listens the pipe holds a part: it is still being written."""
    listen = ",".join(f"unix:{own_folder}/{number:080}.sock" for number in range(60))
    node = Serving(demo, own_folder / "serving")
    process = subprocess.Popen(
        [BINARY, "serve", "--listen", listen, "--database", node.settings["database"]],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pipesize=4096)
    try:
        assert select.select([process.stdout], [], [], START_SECONDS)[0], "not ready"
        process.terminate()
        told, log = process.communicate(timeout=60)
    finally:
        process.kill()
    assert told.startswith(b"ready unix:") and len(told) > 4096, log.decode()
    assert process.returncode == 0, log.decode()


def test_calls_in_flight_at_sigterm_have_an_end(own_demo):
    demo = own_demo
    show = demo.fresh_show()
    labels = demo.labels(show.show_id)
    stop = threading.Event()
    acknowledged, codes = [], set()
    lock = threading.Lock()

    def sell(number):
        with demo.partner() as partner:
            for label in labels[number::8]:
                if stop.is_set():
                    return
                try:
                    held = partner.hold(show.show_id, [label])
                    with lock:
                        acknowledged.append((held.booking_id, label))
                except grpc.RpcError as error:
                    with lock:
                        codes.add(error.code())
                    if error.code() == grpc.StatusCode.UNAVAILABLE:
                        return

    threads = [threading.Thread(target=sell, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 5:
        assert any(thread.is_alive() for thread in threads)
    assert demo.server.terminate() == 0
    stop.set()
    for thread in threads:
        thread.join(60)
    assert codes <= {grpc.StatusCode.UNAVAILABLE}
    demo.server.start()
    with demo.partner() as partner:
        for booking_id, label in acknowledged:
            assert partner.get(booking_id).seats == [label]


def test_a_second_start_resumes_the_folder(own_demo):
    demo = own_demo
    show = demo.fresh_show()
    with demo.partner() as partner:
        held = partner.hold(show.show_id, best=(2, ""))
        shows = [show.show_id for show in partner.shows()]
    assert demo.server.terminate() == 0
    demo.server.start()
    assert (demo.server.data / "ca.pem").read_bytes() == demo.authority
    with demo.partner() as partner:
        assert partner.get(held.booking_id).seats == held.seats
        assert set(shows) >= {show.show_id for show in partner.shows()}
