"""Anything that can post a form: the generic webhook's fields as key=value.

    curl -d title='Disk full' -d host=db-1 …

Sample: integrations/samples/generic_form.json
"""

from dataclasses import replace

from integrations.vendors.generic import generic

generic_form = replace(
    generic,
    kind="generic_form",
    label="Generic form",
    setup="""\
Send a POST with the fields of a form:

    curl -fsS {url} \\
      --data-urlencode "title=Disk full on db-1" \\
      --data-urlencode "severity=critical" \\
      --data-urlencode "dedup_key=db-1/disk"

Send the same dedup_key with status=resolved to close the alert, with status=acknowledged to
acknowledge it. A field named payload may hold all of it as JSON.
""",
)
