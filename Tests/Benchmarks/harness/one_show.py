"""One show of 2,000 seats until it is sold out, again and again on fresh shows. A sale begins with
everybody connected and ends with the last seat; the times of all of them are added up. Both sides
sell two seats a booking, each pair once."""

import os
import subprocess
import threading
import time

import selling
from calls import Holds, one_show_after_the_other
from database import Meter, per_booking
from process import Failed, Server
from report import machine_line

CLIENT_COUNTS = (8, 16, 32, 64)
IN_FLIGHT_COUNTS = (128, 256, 512)
PAIRS = selling.HALL_SEATS // 2
LEAD_IN_SHOWS = 2
# A show of its own for what clients do before they begin.
LEAD_IN_SHOW = selling.HALLS


def count_of_shows(seconds):
    """Clients of the textbook find a pair each to begin with in LEAD_IN_SHOW, show by show."""
    most = min(selling.HALLS - 1, PAIRS // max(CLIENT_COUNTS)) - LEAD_IN_SHOWS
    return max(3, min(most, round(seconds * 4)))


class Whistle:
    """A lock for which all clients of a pgbench wait, so that they begin at once."""

    def __init__(self, database, name):
        # What psql says is read line by line as it comes.
        self.session = Server(
            ["stdbuf", "-oL", "psql", "-XAtq", database.connection(name), "-c",
             "select 'ready whistle'", "-f", "-"],
            log=os.path.join(database.tools.folder, "whistle.log"))

    def __enter__(self):
        self._ask("select 'held' from pg_advisory_lock(1)")
        return self

    def __exit__(self, *_):
        self.session.stop()

    def await_clients(self, count):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            waiting = self._ask(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted")
            if int(waiting) == count:
                return
            time.sleep(0.005)
        raise Failed("the clients of pgbench did not come")

    def blow(self):
        self._ask("select pg_advisory_unlock(1)")

    def _ask(self, text):
        return self.session.ask(f"{text};", 30).strip()


class Textbook:
    """The peer: a pgbench for each show."""

    name = "textbook by pgbench"

    def __init__(self, database):
        self.database = database

    def sell(self, clients, shows):
        self.database.fresh("textbook_halls")
        totals, seconds, load_cpu = {}, 0.0, 0.0
        for number in range(LEAD_IN_SHOWS + shows):
            spent, cpu, figures = self._sell_out(number, clients)
            if number < LEAD_IN_SHOWS:
                continue
            seconds, load_cpu = seconds + spent, load_cpu + cpu
            for measure, value in figures.items():
                totals[measure] = totals.get(measure, 0) + value
        selling.check_textbook(
            self.database, "textbook_halls", (LEAD_IN_SHOWS + shows) * (PAIRS + clients))
        totals.update(rate=shows * PAIRS / seconds, mean_ms=seconds / shows * 1e3)
        return per_booking(totals, shows * PAIRS, load_cpu=load_cpu, server_cpu=0.0)

    def _sell_out(self, number, clients):
        """One show. Returns the seconds from the whistle to the last commit, pgbench's CPU, and
        what a meter read."""
        log = os.path.join(self.database.tools.folder, "one_show")
        with Whistle(self.database, "textbook_halls") as whistle:
            process = subprocess.Popen(
                ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(2, clients)),
                 "-t", str(1 + -(-PAIRS // clients)), "-l", f"--log-prefix={log}",
                 *self._variables(number, clients), "-f",
                 self.database.tools.source("selling/one_show.sql"),
                 self.database.connection("textbook_halls")],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            watchdog = threading.Timer(60, process.kill)
            watchdog.start()
            try:
                whistle.await_clients(clients)
                meter = Meter(self.database)
                whistle.blow()
                output = process.stdout.read()
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            finally:
                watchdog.cancel()
                if process.returncode is None:
                    process.kill()
                    process.wait()
        if process.returncode != 0:
            raise Failed(f"pgbench failed:\n{output[-1500:]}")
        seconds = self._read_log(log, clients)
        return seconds, usage.ru_utime + usage.ru_stime, meter.read()

    def _variables(self, number, clients):
        values = {
            "n": 0, "clients": clients, "pairs": PAIRS, "sold_show": number + 1,
            "lead_in_show": LEAD_IN_SHOW, "lead_in": number * clients,
        }
        return [word for pair in values.items() for word in ("-D", "=".join(map(str, pair)))]

    def _read_log(self, prefix, clients):
        """Each client's first transaction ends at the whistle. One log per thread."""
        first, last = {}, 0.0
        folder, name = os.path.split(prefix)
        for file in os.listdir(folder):
            if not file.startswith(f"{name}."):
                continue
            path = os.path.join(folder, file)
            with open(path) as lines:
                for line in lines:
                    client, _, _, _, second, micro = map(int, line.split()[:6])
                    ended = second + micro / 1e6
                    first.setdefault(client, ended)
                    last = max(last, ended)
            os.unlink(path)
        if len(first) != clients:
            raise Failed(f"{len(first)} of {clients} clients of pgbench left a log")
        return last - min(first.values())


class Usher:
    """Ours, on one database and one server after the other shows."""

    name = "usherd over RPC"

    def __init__(self, database, name="usher", first_show=selling.SHOWS + 1):
        self.database, self.template = database, name
        shows = range(first_show, first_show + selling.HALLS)
        self.holds = Holds(
            database.tools, f"{name}_halls", shows,
            one_show_after_the_other(shows, selling.HALL_SEATS))

    def sell(self, in_flight, shows):
        self.database.fresh(self.template)
        with self.database.serve(self.template) as server:
            figures, held = self.measure(server, in_flight, shows)
        self.database.check_sales(self.template, held)
        return figures

    def measure(self, server, in_flight, shows):
        """Returns the figures and how many bookings were held in all."""
        with self.holds.load(server, in_flight) as load:
            for number in range(LEAD_IN_SHOWS):
                self._sell_out(load, number, in_flight)
            meter, cpu = Meter(self.database), server.cpu_seconds()
            sold = [
                self._sell_out(load, LEAD_IN_SHOWS + number, in_flight) for number in range(shows)]
            figures, cpu = meter.read(), server.cpu_seconds() - cpu
        held, seconds = shows * PAIRS, sum(sale["seconds"] for sale in sold)
        figures.update(rate=held / seconds, mean_ms=seconds / shows * 1e3)
        load_cpu = sum(sale["cpu_seconds"] for sale in sold)
        per_booking(figures, held, load_cpu=load_cpu, server_cpu=cpu)
        return figures, held + LEAD_IN_SHOWS * PAIRS

    def _sell_out(self, load, number, in_flight):
        sold = self.holds.sell(load, number * PAIRS, PAIRS, at_a_time=in_flight)
        if sold["answered"] != PAIRS:
            raise Failed(f"a show of {PAIRS} pairs sold {sold['answered']}")
        return sold


def run(database, rounds, seconds):
    textbook, usher = Textbook(database), Usher(database)
    shows = count_of_shows(seconds)
    choices = {
        textbook: selling.best(textbook, CLIENT_COUNTS, shows),
        usher: selling.best(usher, IN_FLIGHT_COUNTS, shows),
    }
    figures = selling.compete(textbook, usher, choices, rounds, shows)
    print(
        f"\nOne show of {selling.HALL_SEATS:,} seats until sold out, {shows} of them one after the"
        f" other, fsync on, {rounds} rounds; typical ms: until a show is sold out")
    selling.show(figures, choices)
    judgement = selling.judge(figures, "one show")
    concurrency = {seller.name: choice for seller, choice in choices.items()}
    machine_line(
        "one_show", figures, judgement, {**database.tools.facts, "at_a_time": concurrency})
    return judgement
