"""A conversation: what a follow-up means, what is asked of the briefing itself, and overviews.

`turns` bounds the history, `mentions` finds who and what was spoken of, `antecedents` chooses among them, `standalone`
rewrites; `replies` speaks of the library, `survey` chooses sentences for an overview, `fusion` joins two lists of hits.
"""

from qa.conversation.fusion import fused
from qa.conversation.replies import reply
from qa.conversation.request import Request, request_of, spoken
from qa.conversation.standalone import stand_alone
from qa.conversation.survey import speaking_of, survey
from qa.conversation.turns import History

__all__ = ["History", "Request", "fused", "reply", "request_of", "speaking_of", "spoken", "stand_alone", "survey"]
