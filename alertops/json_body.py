"""Reading the JSON bodies of the API: capped, and never an exception we did not expect."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser


class TooLarge(APIException):
    """The body is over the cap and was not read to its end."""

    status_code = 413
    default_code = "too_large"


class JsonParser(BaseParser):
    """JSON in UTF-8. Refuses what is too large, nested too deeply, or not JSON, in a sentence."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = stream.read(settings.BODY_BYTES + 1)
        if len(raw) > settings.BODY_BYTES:
            raise TooLarge(f"The body is larger than {settings.BODY_BYTES // 1024} KiB.")
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
