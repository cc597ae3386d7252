"""Riemann: https://riemann.io/concepts.html

The snippet below posts each event as it is. A state is any word, by custom "ok", "warning" and
"critical"; "expired" means that nothing was heard in time, which is a problem and not an end.
Sample: integrations/samples/riemann.json
"""

from integrations.mapping import Vendor, choose, field, joined
from integrations.phrases import others, phrase

riemann = Vendor(
    kind="riemann",
    label="Riemann",
    action=choose("state", {"ok": "resolve", "up": "resolve"}, "trigger"),
    dedup_key=joined("service", "host"),
    title=phrase("host", phrase("service", "state", by=" is ")),
    description=field("description"),
    severity=choose(
        "state",
        {
            "critical": "critical",
            "down": "critical",
            "expired": "high",
            "error": "high",
            "warning": "medium",
            "warn": "medium",
        },
    ),
    details=others("host", "service", "description", "tags", "state"),
    tags=field("tags"),
    setup="""\
In riemann.config define a stream that posts (clj-http comes with Riemann):

    (require '[clj-http.client :as http] '[cheshire.core :as json])

    (defn alertops [event]
      (http/post "{url}"
                 {{:body (json/generate-string event)
                  :content-type :json
                  :socket-timeout 5000
                  :conn-timeout 5000}}))

and send to it what changes its state:

    (streams
      (changed-state {{:init "ok"}}
        (async-queue! :alertops {{:queue-size 1000}} alertops)))
""",
    docs="https://riemann.io/howto.html",
)
