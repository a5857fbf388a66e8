"""What articles agree on, where they differ, what was said before, and what came later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from qa.asking.listing import Folded, entry
from qa.asking.recency import Accounts, said_in
from qa.asking.subjects import leading_terms
from qa.asking.values import Said, same_value
from qa.index import Generation
from qa.text.question import wants_sentence
from qa.text.terms import terms
from qa.types import Agreement, Answer, Article, Citation, EarlierStatement, ListedArticle, Reading, SaidValue, Verdict

LATER = 2  # later articles that are named
NEARLY = 0.7  # share of the lead's score that a later article's passage must have
SUBJECT = 0.5  # share of the question's terms that its title and opening must hold


def weighed(answer: Answer, accounts: Accounts, generation: Generation) -> Answer:
    """Return an answer with the values that articles give, what was said earlier, and later articles on the subject."""
    if answer.verdict is not Verdict.ANSWERED:
        return answer
    articles = generation.articles
    rivals = [(r, c) for r in accounts.readings[: accounts.rivals] if (c := _citation(r, answer.citations))]
    current = {id(r) for r in accounts.readings[: accounts.current]}
    answer = replace(answer, later=_later(answer, generation))
    if len(rivals) < 2:
        return answer
    earlier = tuple(
        EarlierStatement(said_in(r, articles).text, c.number)
        for r, c in rivals
        if id(r) not in current and not _like_the_lead(r, rivals[0][0], articles)
    )
    short = not wants_sentence(answer.question)
    values = _values([(said_in(r, articles), c.number, id(r) in current) for r, c in rivals]) if short else ()
    return replace(answer, earlier=earlier, agreement=Agreement(_finding(values), values) if values else None)


def _citation(reading: Reading, citations: Sequence[Citation]) -> Citation | None:
    place = (reading.hit.passage.article_id, reading.end, reading.answer_start)
    return next((c for c in citations if (c.article_id, c.end, c.answer_start) == place), None)


def _like_the_lead(reading: Reading, lead: Reading, articles: Mapping[str, Article]) -> bool:
    return same_value(said_in(reading, articles), said_in(lead, articles))


def _values(said: Sequence[tuple[Said, int, bool]]) -> tuple[SaidValue, ...]:
    """Return values with the citations that give them, in order; one that is said anew is current."""
    groups: list[list[tuple[Said, int, bool]]] = []
    for each in said:
        group = next((g for g in groups if same_value(g[0][0], each[0])), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    return tuple(
        SaidValue(group[0][0].text, tuple(number for _, number, _ in group), any(now for *_, now in group))
        for group in groups
    )


def _finding(values: Sequence[SaidValue]) -> Literal["agree", "differ", "superseded"]:
    if len(values) == 1:
        return "agree"
    return "differ" if sum(value.current for value in values) > 1 else "superseded"


def _later(answer: Answer, generation: Generation) -> tuple[ListedArticle, ...]:
    """Return the articles, newest first, that are later than the answer's and led by the question's subject."""
    lead = answer.citations[0]
    if lead.published is None:
        return ()
    cited = {citation.article_id for citation in answer.citations}
    asked = {term: generation.store.idf(term) for term in terms(answer.question)}
    least = NEARLY * next((hit.score for hit in answer.hits if hit.passage.id == lead.passage.id), 1.0)
    found: dict[str, Article] = {}
    for hit in answer.hits:
        article = generation.articles[hit.passage.article_id]
        held = leading_terms(article)
        share = sum(w for t, w in asked.items() if t in held) / (sum(asked.values()) or 1.0)
        newer = article.published is not None and article.published > lead.published
        if newer and article.id not in cited and hit.score >= least and share >= SUBJECT:
            found[article.id] = article
    newest = sorted(found.values(), key=lambda a: (a.published or lead.published, a.id), reverse=True)
    return tuple(entry(Folded(article, ()), generation) for article in newest[:LATER])
