"""Anything that can post XML: elements and attributes are fields, wherever the root names them.

A document type is refused, whatever it declares. Sample: integrations/samples/generic_xml.json
"""

from dataclasses import replace

from integrations.vendors.generic import generic

generic_xml = replace(
    generic,
    kind="generic_xml",
    label="Generic XML",
    setup="""\
Send a POST with XML; the names are those of the generic webhook, as elements or attributes:

    curl -fsS {url} -H 'Content-Type: application/xml' -d '
      <alert status="firing">
        <title>Disk full on db-1</title>
        <severity>critical</severity>
        <dedup_key>db-1/disk</dedup_key>
      </alert>'

Send the same dedup_key with the status resolved to close the alert.
""",
)
