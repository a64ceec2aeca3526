"""Signatures that 0.19.3 refuses and newer releases, or ours, take: run(), decorators, unions, models as inputs."""

from __future__ import annotations

from tests.cog.case import Case, model, takes, text, whole

INTEGER = {"type": "integer"}
BOX = {
    "type": "object",
    "properties": {"x": INTEGER, "label": {"type": "string", "default": "l"}},
    "required": ["x"],
}
NO_SUCH_NAME = "cannot import name"
UNION = "unsupported union type"
IN_023 = "0.23 takes it"

CASES: list[Case] = [
    model(
        "a_runner",
        """
        from cog import BaseRunner, Input

        class Runner(BaseRunner):
            def setup(self) -> None:
                pass

            def run(self, prompt: str = Input(description="P"), n: int = Input(default=1, le=3)) -> str:
                return prompt * n
        """,
        entry="predict.py:Runner",
        refused=NO_SUCH_NAME,
        expected=whole(
            {"prompt": text("Prompt", description="P"), "n": {**INTEGER, "title": "N", "default": 1, "maximum": 3}},
            ["prompt"],
        ),
        why=IN_023,
    ),
    model(
        "a_runner_with_predict",
        """
        from cog import BaseRunner

        class Runner(BaseRunner):
            def predict(self, prompt: str) -> str:
                return prompt
        """,
        entry="predict.py:Runner",
        refused=NO_SUCH_NAME,
        expected=whole({"prompt": text("Prompt")}, ["prompt"]),
        why=IN_023,
    ),
    model(
        "a_predictor_with_run",
        """
        from cog import BasePredictor

        class Predictor(BasePredictor):
            def run(self, prompt: str) -> str:
                return prompt
        """,
        refused="must not have **kwargs",
        expected=whole({"prompt": text("Prompt")}, ["prompt"]),
        why=IN_023,
    ),
    model(
        "streaming",
        """
        from typing import Iterator
        from cog import BaseRunner, Input, streaming

        class Runner(BaseRunner):
            @streaming
            def run(self, prompt: str = Input(default="x", min_length=1)) -> Iterator[str]:
                yield prompt
        """,
        entry="predict.py:Runner",
        refused=NO_SUCH_NAME,
        expected=whole(
            {"prompt": text("Prompt", default="x", minLength=1)},
            [],
            {"type": "array", "items": {"type": "string"}, "x-cog-array-type": "iterator"},
        ),
        why=IN_023,
    ),
    model(
        "streaming_and_concurrent",
        """
        from cog import AsyncConcatenateIterator, BaseRunner, concurrent, streaming

        class Runner(BaseRunner):
            @streaming()
            @concurrent(max=4)
            async def run(self, prompt: str) -> AsyncConcatenateIterator[str]:
                yield prompt
        """,
        entry="predict.py:Runner",
        refused=NO_SUCH_NAME,
        expected=whole(
            {"prompt": text("Prompt")},
            ["prompt"],
            {
                "type": "array",
                "items": {"type": "string"},
                "x-cog-array-type": "iterator",
                "x-cog-array-display": "concatenate",
            },
        ),
        why=IN_023,
    ),
    takes(
        "what_a_file_may_be",
        'image: Path = Input(accept="image/*,.pdf")',
        refused="unexpected keyword argument 'accept'",
        expected=whole({"image": {"type": "string", "format": "uri", "title": "Image"}}, ["image"]),
        why=IN_023,
    ),
    model(
        "opaque_objects",
        """
        from typing import Annotated, List, Optional
        from cog import BaseRunner, Input, Opaque

        class Thing:
            pass

        class Runner(BaseRunner):
            def run(
                self,
                one: Annotated[Thing, Opaque],
                several: Annotated[List[Thing], Opaque],
                more: List[Annotated[Thing, Opaque]],
                maybe: Optional[Annotated[Thing, Opaque]] = None,
            ) -> Annotated[Thing, Opaque]:
                return {}
        """,
        entry="predict.py:Runner",
        refused=NO_SUCH_NAME,
        expected=whole(
            {
                "one": {"type": "object", "title": "One"},
                "several": {"type": "array", "items": {"type": "object"}, "title": "Several"},
                "more": {"type": "array", "items": {"type": "object"}, "title": "More"},
                "maybe": {"type": "object", "title": "Maybe", "nullable": True},
            },
            ["one", "several", "more"],
            {"type": "object"},
        ),
        why=IN_023,
    ),
    takes(
        "unions",
        """
        a: Union[int, str]
        f: Union[str, dict]
        b: str | float = Input(default=0.5, description="B")
        c: Optional[Union[int, str]] = None
        d: Union[str, List[str]] = Input(default="d")
        e: int | str | None = Input(default=None)
        """,
        refused=UNION,
        expected=whole(
            {
                "a": {"title": "A", "anyOf": [INTEGER, {"type": "string"}]},
                "b": {
                    "title": "B",
                    "description": "B",
                    "default": 0.5,
                    "anyOf": [{"type": "string"}, {"type": "number"}],
                },
                "c": {"title": "C", "nullable": True, "anyOf": [INTEGER, {"type": "string"}]},
                "d": {
                    "title": "D",
                    "default": "d",
                    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                },
                "e": {"title": "E", "nullable": True, "anyOf": [INTEGER, {"type": "string"}]},
                "f": {"title": "F", "anyOf": [{"type": "string"}, {"type": "object"}]},
            },
            ["a", "f"],
        ),
        why=IN_023,
    ),
    takes(
        "a_file_or_a_text",
        "source: Union[Path, str]",
        refused=UNION,
        expected=whole(
            {"source": {"title": "Source", "anyOf": [{"type": "string", "format": "uri"}, {"type": "string"}]}},
            ["source"],
        ),
        why="ours takes any union",
    ),
    takes(
        "a_list_of_what_may_be_left_out",
        "names: List[Optional[str]]\ngrid: List[List[int]]",
        refused="List cannot have nested type",
        expected=whole(
            {
                "names": {"title": "Names", "type": "array", "items": {"type": "string", "nullable": True}},
                "grid": {"title": "Grid", "type": "array", "items": {"type": "array", "items": INTEGER}},
            },
            ["names", "grid"],
        ),
        why="ours takes any nesting",
    ),
    takes(
        "a_literal",
        'n: Literal[1, 2]\nsize: Literal["s", "m"] = Input(default="s")',
        before="from typing import Literal",
        refused="unsupported Cog type",
        expected=whole(
            {
                "size": {"type": "string", "default": "s", "enum": ["s", "m"]},
                "n": {**INTEGER, "enum": [1, 2]},
            },
            ["n"],
        ),
        why="ours takes it: newer releases of Cog read the source",
    ),
    takes(
        "an_enum",
        "color: Color = Input(default=Color.RED, description='C')",
        before="""
            import enum

            class Color(enum.Enum):
                RED = "red"
                BLUE = "blue"
        """,
        refused="unsupported Cog type Color",
        expected=whole(
            {"color": {"type": "string", "description": "C", "default": "red", "enum": ["red", "blue"]}}, []
        ),
        why="ours takes it",
    ),
    takes(
        "models_as_inputs",
        "box: Box\nboxes: List[Box] = Input(description='Boxes')\nother: Optional[Box] = None",
        before="class Box(BaseModel):\n    x: int\n    label: str = 'l'",
        refused="unsupported Cog type Box",
        expected=whole(
            {
                "box": {**BOX, "title": "Box"},
                "boxes": {"type": "array", "title": "Boxes", "description": "Boxes", "items": BOX},
                "other": {**BOX, "title": "Other", "nullable": True},
            },
            ["box", "boxes"],
        ),
        why="newer schemas of Cog, made outside Python, have lists of classes",
    ),
    takes(
        "an_annotated_input",
        'n: Annotated[int, Input(description="N", ge=1)] = 3',
        before="from typing import Annotated",
        differs={"input.properties.n.description": "N", "input.properties.n.minimum": 1},
        why="ours reads Input() there, too; Cog drops it",
    ),
    takes(
        "choices_that_cog_refuses",
        'only: str = Input(choices=["one"])\nratio: float = Input(default=0.5, choices=[0.5, 1.0])',
        refused="must have >= 2 elements",
        expected=whole(
            {
                "only": {"type": "string", "enum": ["one"]},
                "ratio": {"type": "number", "default": 0.5, "enum": [0.5, 1.0]},
            },
            ["only"],
        ),
        why="they say what they say",
    ),
    takes(
        "a_default_outside_of_its_bounds",
        "n: int = Input(default=20, le=10)",
        refused="must be at maximum 10",
        expected=whole({"n": {**INTEGER, "title": "N", "default": 20, "maximum": 10}}, []),
        why="what is left out is the author's own value",
    ),
    takes(
        "a_default_in_a_field",
        """
            names: List[str] = Input(default=field(default_factory=lambda: ['a']))
            n: int = Input(default=field(default=3))
        """,
        before="from dataclasses import field",
    ),
]
