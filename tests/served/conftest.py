"""One house for all tests of this package: its start is the expensive part."""

from collections.abc import Iterator

import pytest

from tests.doubles.push import PushDouble
from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import TwilioDouble
from tests.served.house import Served


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These come first: idle workers take tests over from the end of another's list, and a
    package that is cut in two by that would start two houses."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/served/"))


@pytest.fixture(scope="package")
def phone_company() -> Iterator[TwilioDouble]:
    """Takes messages and reports on them with signed callbacks."""
    with TwilioDouble() as double:
        yield double


@pytest.fixture(scope="package")
def push_service() -> Iterator[PushDouble]:
    with PushDouble() as double:
        yield double


@pytest.fixture(scope="package")
def mail_server() -> Iterator[SmtpDouble]:
    """Where the house's own mails go."""
    with SmtpDouble() as double:
        yield double


@pytest.fixture(scope="package")
def served(
    phone_company: TwilioDouble, push_service: PushDouble, mail_server: SmtpDouble
) -> Iterator[Served]:
    with Served(phone_company.base_url, mail_server.port) as house:
        house.seed(push_service.subscribe())
        yield house


@pytest.fixture
def house(served: Served) -> Iterator[Served]:
    """The house, which may not complain about anything a test does."""
    yield served
    assert served.new_errors() == []
