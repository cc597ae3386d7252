"""StatusCake: https://www.statuscake.com/kb/knowledge-base/how-to-use-the-web-hook-url/

A form with the name, address and state of one test. The state is "Up" or "Down", the code 0 where
nothing answered. There is no id, so the name and the address together are the key. `Token` is a
hash of the account's key and is not shown. Sample: integrations/samples/statuscake.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, joined, table
from integrations.phrases import phrase


def _answer(item: Any, top: Any) -> str:
    code = texts.words(field("StatusCode")(item, top)).strip()
    return "It does not answer." if code == "0" else code and f"It answers with {code}."


statuscake = Vendor(
    kind="statuscake",
    label="StatusCake",
    action=choose("Status", {"down": "trigger", "up": "resolve"}),
    dedup_key=first(field("TestID", "Test_ID"), joined("Name", "URL"), field("URL")),
    title=phrase(first(field("Name"), field("URL")), "Status", by=" is "),
    description=_answer,
    severity=lambda item, top: "",
    details=table("URL", "IP", "StatusCode", "Method", "Checkrate"),
    tags=field("Tags"),
    links=(("Checked", field("URL")),),
    setup="""\
In StatusCake open Alerting → Contact Groups, edit the group of the tests that should page, paste
as Webhook URL:

    {url}

and choose POST as its method.
""",
    docs="https://www.statuscake.com/kb/knowledge-base/how-to-use-the-web-hook-url/",
)
