"""Models that are about their form: file and class, decorators, setup, what a module does when it is loaded."""

from __future__ import annotations

from tests.cog.case import Case, model, text, whole

CASES: list[Case] = [
    model(
        "a_function",
        """
        from cog import Input

        def predict(prompt: str, n: int = Input(default=1, ge=1)) -> str:
            return prompt * n
        """,
        entry="predict.py:predict",
    ),
    model(
        "another_file_and_class",
        """
        from cog import BasePredictor

        class MyModel(BasePredictor):
            def predict(self, prompt: str) -> str:
                return prompt
        """,
        file="cog_main-v2.py",
        entry="cog_main-v2.py:MyModel",
    ),
    model(
        "a_file_in_a_subfolder",
        """
        import helpers
        from cog import BasePredictor, Input

        class Predictor(BasePredictor):
            def predict(self, prompt: str = Input(default="x", choices=helpers.CHOICES)) -> str:
                return prompt
        """,
        file="src/model/predict.py",
        entry="src/model/predict.py:Predictor",
        others={"helpers.py": 'CHOICES = ["x", "y"]'},
    ),
    model(
        "siblings_and_packages",
        """
        from cog import BasePredictor, Input
        from names import NAMES, describe
        from lib.sizes import Sizes

        class Predictor(BasePredictor):
            def predict(
                self,
                name: str = Input(choices=NAMES, description=describe("name")),
                size: int = Input(default=Sizes.default, ge=Sizes.low, le=Sizes.high),
            ) -> str:
                return name
        """,
        others={
            "names.py": 'NAMES = [f"n{i}" for i in range(12)]\n\ndef describe(what):\n    return f"The {what}"\n',
            "lib/__init__.py": "",
            "lib/sizes.py": "from .low import LOW\n\nclass Sizes:\n    default, low, high = 2, LOW, 9\n",
            "lib/low.py": "LOW = 1\n",
        },
    ),
    model(
        "choices_read_from_a_file",
        """
        import json
        from cog import BasePredictor, Input

        with open("labels.json") as labels:
            LABELS = json.load(labels)

        class Predictor(BasePredictor):
            def predict(self, label: str = Input(default=LABELS[0], choices=LABELS)) -> str:
                return label
        """,
        others={"labels.json": '["cat", "dog"]'},
    ),
    model(
        "a_module_with_side_effects",
        """
        import logging
        import os
        import sys
        import threading
        import warnings
        from cog import BasePredictor, ExperimentalFeatureWarning, Input

        print("loading")
        print("to stderr", file=sys.stderr)
        logging.basicConfig(level=logging.DEBUG)
        logging.getLogger("x").warning("a line")
        warnings.filterwarnings("ignore", category=ExperimentalFeatureWarning)
        os.environ["HF_HOME"] = "./cache"
        os.makedirs("cache", exist_ok=True)
        sys.path.append("extra")
        threading.Thread(target=lambda: None, daemon=True).start()
        import more

        class Predictor(BasePredictor):
            def predict(self, home: str = Input(default=os.environ["HF_HOME"], description=more.TEXT)) -> str:
                print("never said")
                return home
        """,
        others={"extra/more.py": 'TEXT = "More"'},
    ),
    model(
        "weights_in_setup",
        """
        from typing import Optional, Union
        from cog import BasePredictor, Path

        class Predictor(BasePredictor):
            def setup(self, weights: Optional[Union[Path, str]] = None) -> None:
                raise RuntimeError("not for a schema")

            def predict(self, prompt: str) -> str:
                return prompt
        """,
    ),
    model(
        "weights_that_setup_needs",
        """
        from cog import BasePredictor

        class Predictor(BasePredictor):
            def setup(self, weights):
                self.weights = weights

            def predict(self) -> str:
                return str(self.weights)
        """,
    ),
    model(
        "an_async_setup_and_predict",
        """
        from cog import BasePredictor, Input

        class Predictor(BasePredictor):
            async def setup(self) -> None:
                self.ready = True

            async def predict(self, n: int = Input(ge=1, default=1)) -> int:
                return n
        """,
    ),
    model(
        "a_class_of_its_own",
        """
        from cog import Input, Path

        class Predictor:
            def setup(self):
                pass

            def predict(self, image: Path = Input(description="Image")) -> Path:
                return image
        """,
    ),
    model(
        "no_word_of_cog",
        """
        from typing import Optional

        class Predictor:
            def predict(self, prompt: str, times: Optional[int] = None) -> str:
                return prompt * (times or 1)
        """,
    ),
    model(
        "a_predict_that_is_inherited",
        """
        from base import Base

        class Predictor(Base):
            greeting = "hello"
        """,
        others={
            "base.py": """
            from cog import BasePredictor, Input

            class Base(BasePredictor):
                def predict(self, name: str = Input(description="Who")) -> str:
                    return self.greeting + name
            """
        },
    ),
    model(
        "decorators_with_and_without_wraps",
        """
        import functools
        from cog import BasePredictor, Input

        def polite(function):
            @functools.wraps(function)
            def inner(*args, **kwargs):
                return function(*args, **kwargs)
            return inner

        def rude(function):
            def inner(*args, **kwargs):
                return function(*args, **kwargs)
            return inner

        class Predictor(BasePredictor):
            @rude
            @polite
            def predict(self, n: int = Input(default=2, ge=1)) -> int:
                return n
        """,
    ),
    model(
        "a_decorator_with_arguments",
        """
        import functools
        from cog import BasePredictor, Input

        def times(count):
            def around(function):
                @functools.wraps(function)
                def inner(self, *args, **kwargs):
                    return [function(self, *args, **kwargs) for _ in range(count)][-1]
                return inner
            return around

        class Predictor(BasePredictor):
            @times(2)
            def predict(self, prompt: str = Input(description="P")) -> str:
                return prompt
        """,
    ),
    model(
        "annotations_from_the_future",
        """
        from __future__ import annotations

        from typing import Iterator, List, Optional
        from cog import BaseModel, BasePredictor, Input, Path

        class Output(BaseModel):
            image: Path
            label: str

        class Predictor(BasePredictor):
            def predict(
                self, image: Path, names: Optional[List[str]] = None, n: int = Input(default=1, choices=[1, 2])
            ) -> Iterator[str]:
                yield "x"
        """,
    ),
    model(
        "helpers_beside_it",
        """
        from typing import Optional
        from cog import BasePredictor, CancelationException, Input, current_scope, emit_metric

        SEED = 3

        class Scheduler:
            def predict(self):
                pass

        class Predictor(BasePredictor):
            def setup(self):
                self.scheduler = Scheduler()

            def helper(self, a, b=3, *rest):
                return a

            @property
            def size(self):
                return 3

            def predict(
                self,
                prompt: str = Input(description="P"),
                seed: Optional[int] = Input(default=None, description=f"{SEED}"),
            ) -> str:
                "Say it. Not shown by Cog."
                return prompt
        """,
    ),
    model(
        "both_run_and_predict_of_a_predictor",
        """
        from cog import BasePredictor

        class Predictor(BasePredictor):
            def run(self, steps):
                return steps

            def predict(self, prompt: str) -> str:
                return prompt
        """,
    ),
    model(
        "types_of_another_module",
        """
        import typing as t
        import cog
        from cog import types

        class Predictor(cog.BasePredictor):
            def predict(
                self, image: cog.Path, key: types.Secret, n: t.Optional[int] = cog.Input(default=None)
            ) -> t.List[cog.Path]:
                return [image]
        """,
    ),
    model(
        "docstrings_that_describe_arguments",
        '''
        from cog import BasePredictor, Input

        class Predictor(BasePredictor):
            """A predictor."""

            def predict(self, prompt: str, n: int = Input(default=1, description="Own words")) -> str:
                """Say it.

                Args:
                    prompt: What to say
                    n: not used, as Input() says it
                """
                return prompt
        ''',
        differs={"input.properties.prompt.description": "What to say"},
        why="ours reads docstrings, too",
    ),
    model(
        "no_type",
        """
        from cog import BasePredictor

        class Predictor(BasePredictor):
            def predict(self, prompt, n=3) -> str:
                return prompt
        """,
        refused="missing type annotation for input: prompt",
        expected=whole({"prompt": {"title": "Prompt"}, "n": {"title": "N", "default": 3}}, ["prompt"]),
        why="ours takes a parameter without a type as any value, and warns",
    ),
    model(
        "any_name_and_names_only",
        """
        from cog import BasePredictor, Input

        class Predictor(BasePredictor):
            def predict(self, prompt: str, *, n: int = Input(default=3)) -> str:
                return prompt
        """,
        refused="must not have keyword-only args",
        expected=whole({"prompt": text("Prompt"), "n": {"type": "integer", "title": "N", "default": 3}}, ["prompt"]),
        why="ours gives every input by its name anyway",
    ),
]
