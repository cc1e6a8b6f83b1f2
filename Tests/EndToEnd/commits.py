"""What the database announced, commit by commit, as PostgreSQL's own log has it: a replication slot
that outlives every node and every crash of the database."""

import struct

SLOT = "judge"


class Announced(Exception):
    """What was announced contradicts itself."""


class CommitLog:
    """Keeps what is announced while it is open; for one show at a time. `sql` returns rows of text."""

    def __init__(self, sql):
        self.sql = sql

    def __enter__(self):
        self.sql(f"select pg_create_logical_replication_slot('{SLOT}', 'pgoutput')")
        return self

    def __exit__(self, *_):
        self.sql(f"select pg_drop_replication_slot('{SLOT}')")

    def read(self, show_id, labels):
        """Version → (transaction, label → state) of one show."""
        found = {}
        rows = self.sql(
            f"select xid, encode(data, 'hex') from pg_logical_slot_get_binary_changes('{SLOT}', null,"
            " null, 'proto_version', '1', 'publication_names', 'usher_feed', 'messages', 'true')")
        for transaction, text in rows:
            content = self.content(bytes.fromhex(text))
            if content is None:
                continue
            _, show, version, count = struct.unpack_from(">hqqi", content)
            if show != show_id:
                continue
            if version in found:
                raise Announced(f"version {version} twice")
            numbers = struct.iter_unpack(">ih", content[22:])
            found[version] = transaction, {labels[number]: state for number, state in numbers}
            assert len(found[version][1]) == count
        return found

    @staticmethod
    def content(message):
        """The content of a message about seats, None of anything else. PostgreSQL, 55.9: 'M', flags,
        LSN, prefix, length, content."""
        if message[:1] != b"M":
            return None
        end = message.index(0, 10)
        if message[10:end] != b"usher.seat":
            return None
        (length,) = struct.unpack_from(">i", message, end + 1)
        return message[end + 5:end + 5 + length]
