import asyncio
import re

from cog import BaseRunner, Input, concurrent


class Runner(BaseRunner):
    async def setup(self):
        self.desks = asyncio.Semaphore(8)

    @concurrent(max=4)
    async def run(
        self,
        article: str = Input(description="A text of several sentences"),
        keep: int = Input(description="How many sentences to keep", ge=1, le=20, default=2),
        wait: float = Input(description="Seconds that reading a sentence takes", ge=0, le=5, default=0),
    ) -> list[str]:
        sentences = [one.strip() for one in re.split(r"(?<=[.!?])\s+", article) if one.strip()]
        common = self.count(article)
        scores = await asyncio.gather(*(self.score(one, common, wait) for one in sentences))
        self.record_metric("sentences", len(sentences))
        best = sorted(range(len(sentences)), key=lambda index: -scores[index])[:keep]
        return [sentences[index] for index in sorted(best)]

    async def score(self, sentence: str, common: dict[str, int], wait: float) -> float:
        async with self.desks:
            await asyncio.sleep(wait)
        words = re.findall(r"\w{4,}", sentence.lower())
        return sum(common[word] for word in words) / (len(words) or 1)

    def count(self, text: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for word in re.findall(r"\w{4,}", text.lower()):
            found[word] = found.get(word, 0) + 1
        return found
