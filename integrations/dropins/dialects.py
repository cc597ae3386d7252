"""How the events of each drop-in API's doors are read, by the name that is stored with them."""

from integrations.dropins import alertmanager, oncall, pagerduty, victorops
from integrations.dropins.alerta.verbs import dialects as alerta_dialects
from integrations.dropins.contract import Dialect
from integrations.dropins.opsgenie.verbs import dialects as opsgenie_dialects

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        *alerta_dialects,
        *alertmanager.dialects,
        *oncall.dialects,
        *opsgenie_dialects,
        *pagerduty.dialects,
        *victorops.dialects,
    )
}
