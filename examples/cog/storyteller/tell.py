import random
import time
from collections import defaultdict

from cog import BasePredictor, ConcatenateIterator, Input


class Storyteller(BasePredictor):
    def setup(self):
        self.after = defaultdict(list)
        with open("words.txt") as file:
            for line in file:
                words = line.split()
                for word, following in zip(words, words[1:]):
                    self.after[word].append(following)

    def predict(
        self,
        start: str = Input(description="The first word", default="the"),
        words: int = Input(description="How many words", ge=1, le=500, default=30),
        seed: int = Input(description="The same seed tells the same story", default=None),
        pause: float = Input(description="Seconds between two words", ge=0, le=1, default=0),
    ) -> ConcatenateIterator[str]:
        dice = random.Random(seed)
        word = start
        yield word
        for _ in range(words - 1):
            time.sleep(pause)
            following = self.after.get(word)
            if not following:
                word = dice.choice(sorted(self.after))
                yield ". " + word
            else:
                word = dice.choice(following)
                yield " " + word
