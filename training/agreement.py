"""What the reader that ships thinks of labels that are not sure: whether it is sure of something else."""

from __future__ import annotations

from qa.evaluation.statistics import f1
from qa.reader import Network
from training.data import Asked, Paragraph

ALIKE = 0.5  # F1 from which its span and the label agree
SURE = 0.6  # probability from which it is sure of another span, or of none


class LabelAgreement:
    """The shipped reader as a judge of labels."""

    def __init__(self) -> None:
        self._network = Network()

    def __call__(self, paragraph: Paragraph, asked: Asked) -> bool:
        """Return whether the reader finds the label, or is not sure of anything else."""
        (said,) = self._network.read([(asked.text, paragraph.title, paragraph.text)])
        if not said.spans:
            return False
        if any(self._agrees(paragraph.text[s.start : s.end], asked) for s in said.spans[:1]):
            return True
        none = 1 - sum(span.probability for span in said.spans)
        return max(said.spans[0].probability, none) < SURE

    @staticmethod
    def _agrees(text: str, asked: Asked) -> bool:
        return f1(text, [answer for _, answer in asked.answers]) >= ALIKE
