"""A pair of real processes with a real Redis as arbiter: what a pair alone cannot promise."""

from dataclasses import dataclass
from pathlib import Path

from network import HOSTS, network
from redis_server import RedisServer, redis_server
from two_hosts import LEASE_S, TwoHosts, wait


@dataclass
class Redis:
    server: RedisServer

    def forget(self) -> None:
        self.server.command("FLUSHALL")

    def crash(self) -> None:
        self.server.kill()
        wait(3)
        self.server.start()


def test_a_holder_without_its_arbiter_goes_on_and_one_that_is_alone_stops(tmp_path: Path) -> None:
    with redis_server("--appendonly", "yes") as server, network(server.port) as lines:
        ends = {host: lines.address[host, "arbiter"][1] for host in HOSTS}
        urls = {host: f"redis://{end}:{server.port}" for host, end in ends.items()}
        hosts = TwoHosts(lines, Redis(server), tmp_path, urls)
        try:
            hosts.settle()
            holder = hosts.holder
            hosts.cut_from_the_arbiter(LEASE_S + 4)
            hosts.forget()
            hosts.crash()
            hosts.cut_from_the_other(5)
            assert hosts.holder == holder
            # A start waits 3 s for the arbiter, and then until the other twin has heard of it.
            assert hosts.longest_gap_s() <= 8
            hosts.isolate(LEASE_S + 3)
            assert hosts.holder != holder
            hosts.terminate()
            assert hosts.doubled() == []
            assert hosts.overlap_s() <= 0
            assert hosts.longest_gap_s() <= LEASE_S + 2
        finally:
            hosts.end()
            print(hosts.longest_gap_s(), hosts.overlap_s(), hosts.doubled())
