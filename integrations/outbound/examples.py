"""An alert that never was: for previews, checks of templates and test messages."""

from dataclasses import replace
from datetime import UTC, datetime

from integrations.outbound.contract import TEST, AlertFacts, News

EXAMPLE = News(
    id="example",
    kind="opened",
    at=datetime(2026, 3, 2, 3, 0, tzinfo=UTC),
    alert=AlertFacts(
        number=42,
        title='Disk "/" is 96 % full on db-1',
        severity="critical",
        status="triggered",
        url="https://alertops.example/alerts/42/",
        description="Less than 4 GB are left.\nIt grows by 1 GB an hour.",
        group="Databases",
        source="Prometheus",
        service="Shop",
        runbook="https://wiki.example/disk",
        dedup_key="db-1/disk",
        opened_at="2026-03-02T03:00:00+00:00",
        tags=("db", "disk"),
        links=({"href": "https://grafana.example/d/1", "text": "Dashboard"},),
        details={"host": "db-1", "used": 96, "labels": {"zone": "eu-1"}},
    ),
    who="Prometheus",
    words="Opened by Prometheus.",
)


def trial(key: str, now: datetime, base: str, by: str) -> News:
    """What the button "Send a test message" sends: plainly a test, about no alert."""
    alert = AlertFacts(
        number=0,
        title="Test message from AlertOps",
        severity="info",
        status="triggered",
        url=f"{base}/integrations/outbound/",
        description="Nothing is wrong. Somebody is trying out this connection.",
        opened_at=now.isoformat(),
    )
    words = f"{by} sent a test message."
    return replace(EXAMPLE, id=key, kind=TEST, at=now, alert=alert, who=by, words=words)
