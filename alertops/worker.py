"""The clockwork: a django-q2 cluster; what it is not trusted with stands in docs/adr/0003."""

from django_q.cluster import Cluster


def main() -> None:
    """Run the cluster until a stop signal; returns when its sentinel ends, for whatever reason."""
    cluster = Cluster()
    cluster.start()
    if cluster.sentinel is not None:
        cluster.sentinel.join()
