"""The same with a real PostgreSQL, and what ends a holder at once or for a while."""

from dataclasses import dataclass
from pathlib import Path

from network import HOSTS, network
from postgres_server import PostgresServer, postgres_server
from two_hosts import LEASE_S, TwoHosts, wait


@dataclass
class Postgres:
    server: PostgresServer

    def forget(self) -> None:
        self.server.sql("DELETE FROM twin_arbiter", "DELETE FROM twin_arbiter_slot")

    def crash(self) -> None:
        self.server.kill()
        wait(3)
        self.server.start()


def test_a_holder_that_freezes_or_is_killed_is_followed_and_no_slot_starts_twice(
    tmp_path: Path,
) -> None:
    with postgres_server() as server, network(server.port) as lines:
        ends = {host: lines.address[host, "arbiter"][1] for host in HOSTS}
        urls = {host: server.url.replace("127.0.0.1", end) for host, end in ends.items()}
        hosts = TwoHosts(lines, Postgres(server), tmp_path, urls)
        try:
            hosts.settle()
            holder = hosts.holder
            hosts.freeze(5)
            assert hosts.holder == holder
            hosts.forget()
            hosts.crash()
            hosts.freeze(LEASE_S + 4)
            assert hosts.holder != holder
            hosts.kill()
            assert hosts.doubled() == []
            assert hosts.overlap_s() <= 0
            assert hosts.longest_gap_s() <= LEASE_S + 2
        finally:
            hosts.end()
            print(hosts.longest_gap_s(), hosts.overlap_s(), hosts.doubled())
