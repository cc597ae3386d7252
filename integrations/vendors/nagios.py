"""Nagios, and what understands its macros (Naemon, Shinken, Centreon):
https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/macrolist.html

The commands below post the notification macros as a form. A macro that has no meaning (a service
in a host's notification) stays as it stands, "$SERVICEDESC$", and counts as absent. Flapping is
told apart from the problem itself: it begins and ends without one. Downtimes are no alerts.
Sample: integrations/samples/nagios.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose
from integrations.phrases import filled, others, unfilled

_TYPES = {
    "PROBLEM": "trigger",
    "CUSTOM": "trigger",
    "RECOVERY": "resolve",
    "ACKNOWLEDGEMENT": "acknowledge",
    "FLAPPINGSTART": "trigger",
    "FLAPPINGSTOP": "resolve",
    "FLAPPINGDISABLED": "resolve",
    "DOWNTIMESTART": "ignore",
    "DOWNTIMEEND": "ignore",
    "DOWNTIMECANCELLED": "ignore",
}
_STATES = {
    "CRITICAL": "critical",
    "DOWN": "critical",
    "UNREACHABLE": "high",
    "WARNING": "medium",
    "UNKNOWN": "medium",
}
_absent = unfilled(r"\$[A-Z_:]*\$")


def _macro(*names: str) -> Any:
    """A macro, written as Nagios writes it or as a JSON field."""
    return filled(_absent, *names)


_HOST, _SERVICE = _macro("HOSTNAME", "host"), _macro("SERVICEDESC", "service")
_STATE = _macro("SERVICESTATE", "HOSTSTATE", "state")
_TYPE = _macro("NOTIFICATIONTYPE", "type")


def _words(item: Any, top: Any) -> tuple[str, str, str, str]:
    host, service, state, kind = (
        texts.words(pick(item, top)).strip() for pick in (_HOST, _SERVICE, _STATE, _TYPE)
    )
    return host, service, state, kind.upper()


def _key(item: Any, top: Any) -> str:
    host, service, _, kind = _words(item, top)
    return f"{host}/{service}" + ("/flapping" if "FLAPPING" in kind else "") if host else ""


def _title(item: Any, top: Any) -> str:
    host, service, state, kind = _words(item, top)
    if not host:
        return ""
    how = "flapping" if "FLAPPING" in kind else state
    return f"{host}: {service} is {how}" if service else f"{host} is {how}"


nagios = Vendor(
    kind="nagios",
    label="Nagios",
    action=choose(_TYPE, _TYPES),
    dedup_key=_key,
    title=_title,
    description=_macro("SERVICEOUTPUT", "HOSTOUTPUT", "output"),
    severity=choose(_STATE, _STATES),
    details=others("SERVICEOUTPUT", "HOSTOUTPUT", "HOSTNAME", "SERVICEDESC", absent=_absent),
    links=(("Notes", _macro("SERVICENOTESURL", "HOSTNOTESURL")),),
    absent=_absent,
    setup="""\
Put this into /usr/local/nagios/etc/objects/alertops.cfg and name the file in nagios.cfg:

    define contact {{
      contact_name                   alertops
      alias                          AlertOps
      service_notification_period    24x7
      host_notification_period       24x7
      service_notification_options   w,u,c,r,f
      host_notification_options      d,u,r,f
      service_notification_commands  alertops-service
      host_notification_commands     alertops-host
    }}

    define command {{
      command_name  alertops-service
      command_line  /usr/bin/curl -fsS -m 10 --retry 5 {url} --data-urlencode \
"NOTIFICATIONTYPE=$NOTIFICATIONTYPE$" --data-urlencode "HOSTNAME=$HOSTNAME$" --data-urlencode \
"SERVICEDESC=$SERVICEDESC$" --data-urlencode "SERVICESTATE=$SERVICESTATE$" --data-urlencode \
"SERVICEOUTPUT=$SERVICEOUTPUT$" --data-urlencode "LONGDATETIME=$LONGDATETIME$"
    }}

    define command {{
      command_name  alertops-host
      command_line  /usr/bin/curl -fsS -m 10 --retry 5 {url} --data-urlencode \
"NOTIFICATIONTYPE=$NOTIFICATIONTYPE$" --data-urlencode "HOSTNAME=$HOSTNAME$" --data-urlencode \
"HOSTSTATE=$HOSTSTATE$" --data-urlencode "HOSTADDRESS=$HOSTADDRESS$" --data-urlencode \
"HOSTOUTPUT=$HOSTOUTPUT$" --data-urlencode "LONGDATETIME=$LONGDATETIME$"
    }}

Add the contact alertops to the contact groups that should page, and reload Nagios.
""",
    docs="https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/notifications.html",
)
