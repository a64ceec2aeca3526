import os

from cog import BasePredictor, Input
from rules.patterns import PATTERNS

KINDS = sorted(PATTERNS)


class Predictor(BasePredictor):
    def setup(self):
        self.mark = os.environ["REDACT_MARK"]

    def predict(
        self,
        text: str = Input(description="The text to hide personal data in", min_length=1),
        kind: str = Input(description="Only this kind of data", choices=["all", *KINDS], default="all"),
        mark: str = Input(description="What stands in its place", max_length=20, default=""),
        most: int = Input(description="How many to hide at most", ge=1, le=1000, default=100),
    ) -> str:
        left = most
        for name in KINDS if kind == "all" else [kind]:
            text, found = PATTERNS[name].subn(mark or self.mark, text, count=left)
            print(f"{name}: {found}")
            left -= found
            if left == 0:
                break
        return text
