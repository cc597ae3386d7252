"""Who and what the demo is about: twelve people, five teams, and a week of alerts. Only facts."""

from dataclasses import dataclass

from alerts.states import Severity
from schedules.states import Unit

ZONE = "Europe/Vienna"
ADMIN_EMAIL = "admin@example.com"

PEOPLE = (
    ("Priya Raman", "Europe/Vienna"),
    ("Marcus Lee", "Europe/London"),
    ("Elena Petrova", "Europe/Sofia"),
    ("Tom Baker", "America/New_York"),
    ("Aiko Tanaka", "Asia/Tokyo"),
    ("Sam Okafor", "Africa/Lagos"),
    ("Lucia Fernandez", "Europe/Madrid"),
    ("Noah Schmidt", "Europe/Berlin"),
    ("Grace Kim", "Asia/Seoul"),
    ("Omar Haddad", "Asia/Dubai"),
    ("Hannah Weiss", "Europe/Vienna"),
    ("Diego Silva", "America/Sao_Paulo"),
)


@dataclass(frozen=True)
class Team:
    """A group of the demo; people by first name, in the order of their turns."""

    name: str
    about: str
    turns: tuple[str, ...]
    manager: str
    topics: tuple[str, ...]
    unit: Unit = Unit.WEEK
    scheduled: bool = True


TEAMS = (
    Team(
        "Payments On-Call",
        "Card payments, refunds and the bank gateway.",
        ("Priya", "Marcus", "Tom"),
        "Elena",
        ("payments", "checkout", "bank-gateway"),
    ),
    Team(
        "Database On-Call",
        "PostgreSQL clusters, backups and replicas.",
        ("Noah", "Aiko", "Sam"),
        "Hannah",
        ("postgres", "backups"),
        Unit.DAY,
    ),
    Team(
        "Checkout Service",
        "The basket and the checkout pages.",
        ("Lucia", "Grace", "Diego"),
        "Elena",
        ("checkout", "frontend"),
    ),
    Team(
        "Platform SRE",
        "Kubernetes, ingress and the build farm.",
        ("Sam", "Omar", "Noah", "Hannah"),
        "Hannah",
        ("kubernetes", "ingress", "ci"),
        Unit.DAY,
    ),
    Team(
        "Network Operations",
        "Routers, DNS and the office. No schedule: members answer in their order.",
        ("Omar", "Diego"),
        "Tom",
        ("network", "dns"),
        scheduled=False,
    ),
)


@dataclass(frozen=True)
class Past:
    """One alert of last week: when it came, who answered after how long, when it was over."""

    hours_ago: float
    source: str
    group: str
    title: str
    severity: Severity
    by: str = ""
    answered: float = 0
    lasted: float = 0
    repeats: int = 0
    note: str = ""


HISTORY = (
    Past(
        160, "Datadog", "Payments On-Call", "Refund queue is growing", Severity.HIGH, "Tom", 3, 41
    ),
    Past(
        141,
        "Alertmanager production",
        "Platform SRE",
        "KubeNodeNotReady worker-17",
        Severity.CRITICAL,
        "Omar",
        2,
        18,
        3,
    ),
    Past(
        118,
        "Backup scripts",
        "Database On-Call",
        "Nightly backup of orders took 6 h",
        Severity.MEDIUM,
        "Aiko",
        12,
        95,
        note="Vacuum ran into the backup window; moved by two hours.",
    ),
    Past(
        97,
        "Grafana",
        "Checkout Service",
        "Checkout latency p99 above 2 s",
        Severity.CRITICAL,
        "Grace",
        7,
        34,
        12,
        "Rolled back build 4812.",
    ),
    Past(
        80,
        "PagerDuty clients",
        "Network Operations",
        "DNS: 3 of 4 resolvers answer",
        Severity.LOW,
        "Omar",
        14,
        26,
    ),
    Past(
        70.5,
        "Datadog",
        "Payments On-Call",
        "Payment errors above 5 % on pay-2",
        Severity.CRITICAL,
        "Marcus",
        8,
        52,
        4,
        "Bank gateway certificate was renewed late; the bank confirmed.",
    ),
    Past(
        49,
        "Alertmanager production",
        "Platform SRE",
        "Ingress 5xx rate",
        Severity.HIGH,
        "Sam",
        1,
        9,
    ),
    Past(
        30,
        "Alertmanager production",
        "Database On-Call",
        "PostgresReplicationLag db-orders-3",
        Severity.HIGH,
        "Noah",
        4,
        75,
        6,
    ),
    Past(
        22,
        "Backup scripts",
        "Database On-Call",
        "Disk of db-audit-1 is 80 % full",
        Severity.LOW,
        "Noah",
        11,
    ),
    Past(
        9,
        "Grafana",
        "Checkout Service",
        "Basket service restarts",
        Severity.MEDIUM,
        "Lucia",
        5,
        21,
        2,
    ),
    Past(
        1.4,
        "Alertmanager production",
        "Platform SRE",
        "Build farm queue above 200",
        Severity.HIGH,
        "Sam",
        6,
    ),
    Past(
        0.6,
        "Grafana",
        "Checkout Service",
        "Synthetic checkout fails in eu-west",
        Severity.CRITICAL,
        "Lucia",
        2,
        repeats=5,
    ),
    Past(
        0.2,
        "PagerDuty clients",
        "Network Operations",
        "Packet loss to branch office",
        Severity.HIGH,
    ),
)
