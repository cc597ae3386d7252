"""A Teams channel behind a workflow that takes adaptive cards."""

from typing import Any

from tests.doubles.desk import Desk
from tests.doubles.wire import Answer, Request

PATH = "/workflows/canary/triggers/manual/paths/invoke"
_ELEMENTS = {"TextBlock", "FactSet", "Container"}


class TeamsDouble(Desk):
    def __init__(self, *, port: int = 0, journal: str | None = None) -> None:
        super().__init__(port=port, journal=journal)
        self.cards: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """A workflow's address: who knows it may post."""
        return f"{self.base_url}{PATH}?api-version=2016-06-01&sig=canary"

    def work(self, request: Request) -> Answer:
        if request.path != PATH or request.query.get("sig") != "canary":
            return Answer.json({"error": {"code": "DirectApiAuthorizationRequired"}}, 401)
        if len(request.body) > 28 * 1024:
            return Answer.json({"error": {"code": "RequestEntityTooLarge"}}, 413)
        sent = request.json
        if sent.get("type") != "message" or len(sent["attachments"]) != 1:
            return Answer.json({"error": {"code": "TriggerInputSchemaMismatch"}}, 400)
        attachment = sent["attachments"][0]
        card = attachment["content"]
        fits = attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        fits = fits and card["type"] == "AdaptiveCard" and card["version"] == "1.4"
        fits = fits and all(_fits(element) for element in card["body"])
        fits = fits and all(action["type"] == "Action.OpenUrl" for action in card["actions"])
        if not fits:
            return Answer.json({"error": {"code": "BadRequest"}}, 400)
        self.cards.append(card)
        return Answer(202)


def _fits(element: dict[str, Any]) -> bool:
    if element["type"] == "TextBlock":
        return isinstance(element["text"], str) and bool(element["text"])
    if element["type"] == "FactSet":
        return all(fact["title"] and fact["value"] for fact in element["facts"])
    return element["type"] in _ELEMENTS and all(_fits(each) for each in element["items"])
