"""Icinga 2: https://icinga.com/docs/icinga-2/latest/doc/03-monitoring-basics/#notification-commands

The script below posts what Icinga puts into its environment, as a form. Host and service are the
key; flapping begins and ends without a problem of its own and so is told apart. Downtimes are no
alerts, and a custom notification is something a person said. A runtime macro that could not be
resolved arrives as nothing or as it stands, "$service.name$".
Sample: integrations/samples/icinga.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor
from integrations.phrases import filled, others, unfilled
from integrations.vendors.checkmk import STATES, badness, notification

_absent = unfilled(r"\$[\w.]*\$")


def _macro(*names: str) -> Any:
    return filled(_absent, *names)


_HOST = _macro("HOSTNAME", "host.name", "host_name", "host")
_SERVICE = _macro("SERVICENAME", "SERVICEDESC", "service.name", "service_name", "service")
_STATE = _macro("SERVICESTATE", "service.state", "HOSTSTATE", "host.state", "state")
_TYPE = _macro("NOTIFICATIONTYPE", "notification.type", "notification_type", "type")


def _words(item: Any, top: Any) -> tuple[str, str, str, bool]:
    host, service, state, kind = (
        texts.words(pick(item, top)).strip() for pick in (_HOST, _SERVICE, _STATE, _TYPE)
    )
    return host, service, state, "FLAPPING" in kind.upper()


def _key(item: Any, top: Any) -> str:
    host, service, _, is_flapping = _words(item, top)
    return f"{host}/{service}" + ("/flapping" if is_flapping else "") if host else ""


def _title(item: Any, top: Any) -> str:
    host, service, state, is_flapping = _words(item, top)
    if not host:
        return ""
    what = f"{service} on {host}" if service else host
    if texts.words(_TYPE(item, top)).strip().upper() == "CUSTOM":
        said = texts.words(_macro("COMMENT", "notification.comment")(item, top)).strip()
        return f"{what}: {said}" if said else f"{what}: a custom notification"
    return f"{what} is {'flapping' if is_flapping else state}"


def _action(item: Any, top: Any) -> Any:
    """Icinga says "FLAPPINGEND" whatever the state: it is the flapping that is over."""
    if texts.words(_TYPE(item, top)).strip().upper() == "FLAPPINGEND":
        return "resolve"
    return notification(_TYPE, _STATE)(item, top)


icinga = Vendor(
    kind="icinga",
    label="Icinga",
    action=_action,
    dedup_key=_key,
    title=_title,
    description=_macro("SERVICEOUTPUT", "HOSTOUTPUT", "service.output", "host.output", "output"),
    severity=badness(_STATE),
    details=others(
        "HOSTNAME", "SERVICENAME", "SERVICEOUTPUT", "HOSTOUTPUT", "LINK", absent=_absent
    ),
    links=(("Icinga", _macro("LINK")), ("Notes", _macro("NOTESURL"))),
    absent=_absent,
    words=STATES,
    setup="""\
Save this as /etc/icinga2/scripts/alertops.sh on the master and make it executable (chmod 755):

    #!/bin/sh
    exec curl -fsS --max-time 10 --retry 5 {url} \\
      --data-urlencode "NOTIFICATIONTYPE=$NOTIFICATIONTYPE" \\
      --data-urlencode "HOSTNAME=$HOSTNAME" \\
      --data-urlencode "SERVICENAME=$SERVICENAME" \\
      --data-urlencode "HOSTSTATE=$HOSTSTATE" \\
      --data-urlencode "SERVICESTATE=$SERVICESTATE" \\
      --data-urlencode "HOSTOUTPUT=$HOSTOUTPUT" \\
      --data-urlencode "SERVICEOUTPUT=$SERVICEOUTPUT" \\
      --data-urlencode "HOSTADDRESS=$HOSTADDRESS" \\
      --data-urlencode "AUTHOR=$NOTIFICATIONAUTHORNAME" \\
      --data-urlencode "COMMENT=$NOTIFICATIONCOMMENT"

and this as /etc/icinga2/conf.d/alertops.conf (or the same in Icinga Director), then reload Icinga:

    object NotificationCommand "alertops-host" {{
      command = [ ConfigDir + "/scripts/alertops.sh" ]
      env = {{
        NOTIFICATIONTYPE = "$notification.type$"
        HOSTNAME = "$host.name$"
        HOSTSTATE = "$host.state$"
        HOSTOUTPUT = "$host.output$"
        HOSTADDRESS = "$address$"
        NOTIFICATIONAUTHORNAME = "$notification.author$"
        NOTIFICATIONCOMMENT = "$notification.comment$"
      }}
    }}

    object NotificationCommand "alertops-service" {{
      import "alertops-host"
      env += {{
        SERVICENAME = "$service.name$"
        SERVICESTATE = "$service.state$"
        SERVICEOUTPUT = "$service.output$"
      }}
    }}

    object User "alertops" {{ }}

    apply Notification "alertops" to Host {{
      command = "alertops-host"
      users = [ "alertops" ]
      interval = 0
      types = [ Problem, Acknowledgement, Recovery, Custom, FlappingStart, FlappingEnd ]
      assign where true
    }}

    apply Notification "alertops" to Service {{
      command = "alertops-service"
      users = [ "alertops" ]
      interval = 0
      types = [ Problem, Acknowledgement, Recovery, Custom, FlappingStart, FlappingEnd ]
      assign where true
    }}
""",
    docs="https://icinga.com/docs/icinga-2/latest/doc/03-monitoring-basics/",
)
