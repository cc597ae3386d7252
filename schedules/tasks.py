"""django-q2's entry points: what a calendar needs that nobody waits for. Any number may run."""

from alertops import clock
from schedules import actions_swaps, calendars, news, past, public_holidays, swap_news


def read_calendars() -> int:
    """Calendars elsewhere are read when their time has come."""
    return calendars.read_due(clock.now())


def tell_of_shifts() -> int:
    """Requests nobody took are closed; people hear of moved shifts, hand-offs and requests."""
    now = clock.now()
    actions_swaps.expire(now)
    news.note_handoffs(now)
    return news.tell_changes(now) + news.tell_handoffs(now) + swap_news.tell(now)


def fill_holidays() -> int:
    """Public holidays stay known for years ahead."""
    return public_holidays.fill_all(clock.now())


def keep_past() -> int:
    """What was is on record at the latest a day later, so that no edit has years to write down."""
    return past.settle_all(clock.now())
