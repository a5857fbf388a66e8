"""Words of quantities: calendar, scales, units, currencies. Every pattern that needs them is built from these."""

from __future__ import annotations

import re

MONTH_NAMES = tuple("January February March April May June July August September October November December".split())
WEEKDAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
CALENDAR_WORDS = frozenset(word.lower() for word in (*MONTH_NAMES, *WEEKDAYS))
MONTHS = "|".join(MONTH_NAMES)
# "January", "Jan", "Jan.": names of up to four letters are not shortened, except June and July.
MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|"
    r"Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
DAY = r"(?:\d{1,2}(?:st|nd|rd|th)?)"
YEAR = r"(?:1[5-9]|20)\d\d"

SYMBOLS = "$€£¥"
CURRENCY = "roubles?|rubles?|yuan|dollars?|euros?|renminbi|pounds?|yen|rupees?|cents?"
SCALE = r"(?:hundred|thousand|million|billion|trillion|mn|bn|m|k)"
LENGTH = r"km\b|kilomet|cm\b|mm\b|m\b|met(?:re|er)s?\b|miles?|feet|foot|inch"
TIME = r"hours?|minutes?|seconds?|years?|months?|weeks?|days?|decades?"
MEASURE = (
    rf"(?:{LENGTH}|tonn?e?s?\b|kg|kilogram|pounds?|litres?|cubic|"
    rf"square|{TIME}|degrees?|MW|megawatt|gigawatt|bcm|barrels?)"
)
ABOUT = (
    r"(?:about|around|roughly|approximately|nearly|almost|over|under|some|more than|less than|fewer than|"
    r"at least|at most|"
    r"up to|just over|just under|an estimated)"
)
# "$6 billion", "1.7 trillion", "20-40 percent": a number with its scale, which it means something else without.
QUANTITY = re.compile(
    rf"(?-i:\b[A-Z]{{1,3}}\s?)?[{SYMBOLS}]?\d+(?:[.,]\d+)*(?:[-–—]\d+(?:[.,]\d+)*)?(?:[\s-]?{SCALE}\b)?"
    rf"(?:\s?(?:%|percent\b|per cent\b))?",
    re.I,
)
