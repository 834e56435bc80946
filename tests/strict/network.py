"""Two hosts in network namespaces, and an arbiter in a third one: the root's. Each two of the three
have a line of their own, which can be cut: then packets vanish, and no error comes back."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator

from relay import Relay

HOSTS = ("a", "b")


class Network:
    """Needs root."""

    def __init__(self) -> None:
        number = os.getpid() % 250
        self._tag = f"tw{number}"
        # By line, the address of each end.
        self.address = {
            ("a", "b"): (f"10.{number}.12.1", f"10.{number}.12.2"),
            ("a", "arbiter"): (f"10.{number}.13.1", f"10.{number}.13.2"),
            ("b", "arbiter"): (f"10.{number}.23.1", f"10.{number}.23.2"),
        }

    def inside(self, host: str) -> tuple[str, ...]:
        """Words before a command that runs on this host."""
        return ("ip", "netns", "exec", self._space(host))

    def url(self, host: str, port: int) -> str:
        return f"http://{self.address['a', 'b'][HOSTS.index(host)]}:{port}"

    def cut(self, one: str, other: str) -> None:
        self._filter(one, other, "-A")

    def join(self, one: str, other: str) -> None:
        self._filter(one, other, "-D")

    def build(self) -> None:
        for host in HOSTS:
            _ip("netns", "add", self._space(host))
            _ip("-n", self._space(host), "link", "set", "lo", "up")
        for (one, other), (here, there) in self.address.items():
            ends = self._end(one, other), self._end(other, one)
            _ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
            for name, end, address in ((one, ends[0], here), (other, ends[1], there)):
                within = ("-n", self._space(name)) if name in HOSTS else ()
                if within:
                    _ip("link", "set", end, "netns", self._space(name))
                _ip(*within, "addr", "add", f"{address}/30", "dev", end)
                _ip(*within, "link", "set", end, "up")

    def remove(self) -> None:
        for host in HOSTS:
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "del", self._space(host))

    def _filter(self, one: str, other: str, change: str) -> None:
        there = self.address[one, other][1]
        for chain, side in (("INPUT", "-s"), ("OUTPUT", "-d")):
            rule = ("iptables", change, chain, side, there, "-j", "DROP")
            subprocess.run([*self.inside(one), *rule], check=True)

    def _space(self, host: str) -> str:
        return f"{self._tag}-{host}"

    def _end(self, of: str, towards: str) -> str:
        return f"{self._tag}{of[:2]}-{towards[:2]}"


def _ip(*words: str) -> None:
    command = ["ip", *words]
    subprocess.run(command, check=True)


@contextlib.contextmanager
def network(port: int) -> Iterator[Network]:
    """`port`: where the arbiter listens on the loopback. Each host reaches it by its own line."""
    made = Network()
    try:
        made.build()
        with contextlib.ExitStack() as relays:
            for host in HOSTS:
                address = made.address[host, "arbiter"][1]
                relay = relays.enter_context(Relay((address, port), port))
                threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True).start()
                relays.callback(relay.shutdown)
            yield made
    finally:
        made.remove()
