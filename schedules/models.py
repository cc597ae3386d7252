"""A group's calendar: layers by rank, changes on top, and what was. Rules, not rows per shift.

What a rule means is in `resolver.py`; what it takes to be sensible is said in these files, by
`clean` to people and by constraints to everybody else.
"""

from schedules.models_base import EARLIEST, LATEST, Schedule, validate_assignable
from schedules.models_calendars import CalendarFeed, ImportedCalendar, ImportedEvent
from schedules.models_changes import Override, TemporarySchedule, TemporaryShift
from schedules.models_holidays import Holiday, HolidayCalendar
from schedules.models_layers import FixedShift, FixedShiftPerson
from schedules.models_past import HandoffNotice, NoticeSettings, PastDuty, Settled, ShiftChange
from schedules.models_requests import SwapDecline, SwapReminder, SwapRequest, TimeOff
from schedules.models_rotations import DutyWindow, Rotation, RotationMember

__all__ = [
    "EARLIEST",
    "LATEST",
    "CalendarFeed",
    "DutyWindow",
    "FixedShift",
    "FixedShiftPerson",
    "HandoffNotice",
    "Holiday",
    "HolidayCalendar",
    "ImportedCalendar",
    "ImportedEvent",
    "NoticeSettings",
    "Override",
    "PastDuty",
    "Rotation",
    "RotationMember",
    "Schedule",
    "Settled",
    "ShiftChange",
    "SwapDecline",
    "SwapReminder",
    "SwapRequest",
    "TemporarySchedule",
    "TemporaryShift",
    "TimeOff",
    "validate_assignable",
]
