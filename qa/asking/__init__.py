"""From a question to its answer.

`request` says what is asked for, given the conversation before it; `answering` takes the request to hits, readings and
an answer. Follow-ups: `turns` bounds the history, `mentions` finds who and what was spoken of, `antecedents` chooses
among them, `needs_context` says whether a question needs them, `fragments` and `rewrite` word it so that it stands
alone, `fusion` joins the hits of both wordings.

What is asked for: `kinds` has the rules, `times` the words that name a time, `parts` tells several questions in one
apart, `joining` makes one answer of theirs. `small_talk` and `listing` answer from the list of articles, `subjects`
says which articles and sentences speak of a subject, `overview` chooses sentences about one, `timeline` and
`comparing` put them in order or side by side, `speakers` finds who said them.

What is true now: `recency` puts the newest account first, `values` knows a value in other words, `agreement` says
what articles agree on, `event_dates` what "Sunday" means in an article, `digest` what came since a day.
"""

from qa.asking.answering import answer_request, answer_timeline
from qa.asking.request import Request, Setting, request_of, spoken, timeline_request
from qa.asking.rewrite import stand_alone
from qa.asking.turns import History

__all__ = [
    "History",
    "Request",
    "Setting",
    "answer_request",
    "answer_timeline",
    "request_of",
    "spoken",
    "stand_alone",
    "timeline_request",
]
