"""Dates in the words of a language, as pages show them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_datetime

LOCALES = {"ar": "ar_IQ", "kmr": "ku"}
"""CLDR locales where they are named otherwise than our language code; ar_IQ for the Syriac month names."""

JALALI_MONTHS = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
LONG_MONTHS = 6  # the first months of a Persian year, of 31 days; those after have 30


def spoken(time: datetime, language: str) -> str:
    """Day, month, year and clock; for Persian in the Solar Hijri calendar."""
    if language == "fa":
        year, month, day = jalali(time.date())
        return f"{day} {JALALI_MONTHS[month - 1]} {year} - {time:%H:%M}".translate(PERSIAN_DIGITS)
    return format_datetime(time, "d MMMM y - HH:mm", locale=LOCALES.get(language, language))


def jalali(day: date) -> tuple[int, int, int]:
    """Year, month and day of the Solar Hijri calendar, by the arithmetic rule of 8 leap years in 33."""
    year = day.year - 621
    if day < new_year(year):
        year -= 1
    passed = (day - new_year(year)).days
    if passed < LONG_MONTHS * 31:
        return year, passed // 31 + 1, passed % 31 + 1
    passed -= LONG_MONTHS * 31
    return year, LONG_MONTHS + passed // 30 + 1, passed % 30 + 1


def new_year(year: int) -> date:
    """First day (Nowruz) of a Solar Hijri year."""
    return date(1979, 3, 21) + timedelta(days=365 * (year - 1358) + leaps(year) - leaps(1358))


def leaps(year: int) -> int:
    """Leap years before this Solar Hijri year, up to a constant."""
    return (8 * year + 21) // 33
