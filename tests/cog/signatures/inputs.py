"""Signatures that are about inputs: what Input() says, defaults, choices, lists, files."""

from __future__ import annotations

from tests.cog.case import Absent, Case, takes

NUMBERS = [1, 2, 3]
LEFT_OUT = "D56: a default of None may be left out, and may be null"

CASES: list[Case] = [
    takes("nothing_is_asked_for", ""),
    takes("a_text_without_input", "prompt: str"),
    takes(
        "each_scalar",
        """
        a: str
        b: int
        c: float
        d: bool
    """,
    ),
    takes(
        "each_scalar_described",
        """
        a_text: str = Input(description="A text: ünïcode, \\"quotes\\" and\\na second line")
        steps: int = Input(description="How many")
        guidance_scale: float = Input(description="How much")
        is_fast: bool = Input(description="Whether")
        """,
    ),
    takes(
        "each_scalar_with_a_default",
        """
        a: str = Input(default="x")
        b: int = Input(default=3)
        c: float = Input(default=0.5)
        d: bool = Input(default=True)
        """,
    ),
    takes(
        "defaults_that_are_false",
        """
            a: str = Input(default="")
            b: int = Input(default=0)
            c: float = Input(default=0.0)
            d: bool = Input(default=False)
        """,
    ),
    takes(
        "defaults_without_input",
        """
        a: str = "x"
        b: int = 3
        c: float = 1
        d: bool = False
    """,
    ),
    takes("a_positional_default", 'a: int = Input(4, description="Four")\nb: str = Input("b")'),
    takes("a_whole_default_of_a_number", "scale: float = Input(default=7, ge=1, le=20)"),
    takes("bounds_of_an_integer", "n: int = Input(ge=1, le=4)\nm: int = Input(default=-1, ge=-1, le=2147483647)"),
    takes(
        "bounds_of_a_number",
        """
        x: float = Input(default=0.8, ge=0, le=1)
        y: float = Input(default=1e-05, ge=1e-7)
    """,
    ),
    takes("one_bound_only", "low: int = Input(ge=0)\nhigh: float = Input(le=0.25)"),
    takes(
        "lengths_of_a_text",
        """
            a: str = Input(min_length=1, max_length=10)
            b: str = Input(default="abc", max_length=3)
        """,
    ),
    takes(
        "a_regular_expression",
        'code: str = Input(default="abc", regex=r"^[a-z]{2,5}$")\nother: str = Input(regex="x+")',
    ),
    takes(
        "choices_of_texts",
        """
            size: str = Input(choices=["small", "big"])
            mode: str = Input(default="a", choices=["a", "b", "c"], description="Mode")
        """,
    ),
    takes(
        "choices_of_integers",
        "width: int = Input(default=512, choices=[128, 256, 512])\nheight: int = Input(choices=[1, 2])",
    ),
    takes(
        "choices_in_an_optional",
        'size: Optional[str] = Input(choices=["s", "m"])\nn: Optional[int] = Input(default=1, choices=[1, 2])',
    ),
    takes(
        "computed_choices",
        """
        voice: str = Input(default=DEFAULT, choices=sorted(VOICES))
        style: str = Input(default=list(STYLES)[0], choices=list(STYLES.keys()))
        steps: int = Input(default=max(SIZES), choices=[n * 2 for n in SIZES] + SIZES)
        """,
        before="""
            VOICES = {"b", "a"} | {"c"}
            DEFAULT = min(VOICES)
            STYLES = {f"style-{n}": n for n in range(3)}
            SIZES = [1, 2]
        """,
    ),
    takes(
        "computed_defaults",
        """
        seed: int = Input(default=make(3))
        path: str = Input(default=os.path.join("a", "b"))
        name: str = NAMES["first"]
        ratio: float = Input(default=1 / 3, description=f"One of {len(NAMES)}", ge=min(0, 1), le=2**3)
        """,
        before="""
            import os

            def make(n):
                return n * n

            NAMES = {"first": "x"}
        """,
    ),
    takes(
        "choices_of_an_enum",
        """
        color: str = Input(default=Color.RED, choices=list(Color))
        other: str = Input(default="blue", choices=[one.value for one in Color])
        level: int = Input(choices=list(Level))
        """,
        before="""
            import enum

            class Color(str, enum.Enum):
                RED = "red"
                BLUE = "blue"

            class Level(int, enum.Enum):
                LOW = 1
                HIGH = 2
        """,
    ),
    takes(
        "deprecated",
        """
            old: str = Input(default="", deprecated=True)
            new: int = Input(deprecated=False)
            both: Optional[int] = Input(deprecated=True, description="Gone")
        """,
    ),
    takes(
        "an_optional",
        """
            a: Optional[str]
            b: Optional[int] = None
            c: Optional[float] = Input(default=None)
            d: Optional[bool] = Input(description='D')
        """,
    ),
    takes(
        "an_optional_with_a_default",
        """
            a: Optional[str] = "x"
            b: Optional[int] = Input(default=3, ge=1, le=5)
            c: Optional[float] = Input(default=1)
        """,
    ),
    takes(
        "or_none",
        """
            a: str | None = Input(default=None)
            b: None | int = None
            c: Union[None, str] = Input(default='c')
        """,
    ),
    takes(
        "a_default_of_none_without_optional",
        """
            f: float
            a: str = Input(default=None)
            b: int = Input(default=None, ge=1, description='B')
            c: bool = Input(default=None)
            d: str = None
            e: str = Input(None)
        """,
        differs={
            **{f"input.properties.{name}.nullable": True for name in "abcde"},
            "input.required": ["f"],
        },
        why=LEFT_OUT,
    ),
    takes(
        "files_with_a_default_of_none",
        """
            image: Path = Input(default=None, description='Image')
            mask: Path = None
            images: List[Path] = Input(default=None)
            key: Secret = Input(default=None)
        """,
        differs={
            **{f"input.properties.{name}.nullable": True for name in ("image", "mask", "images", "key")},
            "input.required": [],
        },
        why=LEFT_OUT,
    ),
    takes(
        "choices_with_a_default_of_none",
        'size: str = Input(default=None, choices=["s", "m"])',
        differs={"input.properties.size.nullable": True, "input.required": []},
        why=LEFT_OUT,
    ),
    takes(
        "a_path",
        """
            image: Path
            other: Optional[Path]
            mask: Path = Input(description="Mask")
            last: Optional[Path] = Input(default=None)
        """,
    ),
    takes(
        "a_path_of_pathlib",
        "image: pathlib.Path = Input(description='Image')\nother: Optional[pathlib.Path] = None",
        before="import pathlib",
    ),
    takes("an_open_file", "data: File\nother: Optional[File] = Input(default=None, description='Other')"),
    takes(
        "a_secret",
        """
            key: Secret
            token: Secret = Input(description="Token")
            other: Optional[Secret] = None
            last: Optional[Secret] = Input(default=None)
        """,
    ),
    takes(
        "a_secret_with_a_default",
        'key: Secret = Input(default="k")',
    ),
    takes(
        "lists_of_scalars",
        """
            a: List[str]
            d: List[bool]
            b: List[int] = Input(description="B")
            c: list[float] = Input(default=[0.5, 1.0])
        """,
    ),
    takes(
        "lists_of_files",
        """
            images: List[Path]
            files: List[File]
            keys: List[Secret]
            more: list[Path] = Input(description='More')
        """,
    ),
    takes(
        "optional_lists",
        """
            a: Optional[List[str]]
            b: Optional[list[int]] = None
            c: Optional[List[Path]] = Input(default=None)
            d: list[str] | None = Input(default=['x'])
        """,
    ),
    takes(
        "a_list_without_a_default_of_its_own",
        """
        tags: List[str] = ["a", "b"]
        empty: List[int] = Input(default=[])
    """,
    ),
    takes(
        "bounds_of_a_lists_items",
        """
            a: List[int] = Input(ge=0, le=9)
            b: List[str] = Input(default=["ab"], min_length=1, max_length=3)
            c: List[str] = Input(regex="^[a-z]+$")
            d: Optional[List[float]] = Input(default=[0.5], le=1)
        """,
    ),
    takes(
        "choices_of_a_list",
        'sizes: List[str] = Input(choices=["s", "m"], description="Sizes")',
        differs={
            "input.properties.sizes.title": "Sizes",
            "input.properties.sizes.type": "array",
            "input.properties.sizes.items": {"type": "string", "enum": ["s", "m"]},
            "input.properties.sizes.enum": Absent,
        },
        why="Cog's own schema forgets that it is a list, though it runs with one",
    ),
    takes(
        "bare_lists",
        "a: list\nb: List = Input(description='B')",
        differs={f"input.properties.{name}.items": {} for name in "ab"},
        why="Cog calls a value of any type an object, and runs with any",
    ),
    takes(
        "any_value",
        "a: Any\nb: Any = Input(default='x', description='B')",
        differs={f"input.properties.{name}.type": Absent for name in "ab"},
        why="Cog calls a value of any type an object, and runs with any",
    ),
    takes(
        "dicts",
        """
            a: dict
            c: Dict[str, int]
            e: Dict
            b: Dict[str, Any] = Input(description='B')
            d: dict[str, str] = Input(default={'a': 'b'})
        """,
    ),
    takes(
        "optional_dicts",
        """
            a: Optional[dict]
            b: Optional[Dict[str, Any]] = Input(default=None)
            c: dict | None = None
        """,
    ),
    takes(
        "lists_of_dicts",
        """
            messages: List[dict]
            more: Optional[List[Dict[str, str]]] = None
            last: list[dict] = Input(default=[{'a': 1}])
        """,
    ),
    takes(
        "typed_dicts",
        "point: Point\npoints: List[Point]\nother: Optional[Point] = None",
        before="""
            from typing import TypedDict

            class Point(TypedDict):
                x: int
                y: int
        """,
    ),
    takes(
        "many_in_their_order",
        "\n".join(
            f"z{30 - n}_field: int = Input(default={n}, ge=0, le=100, description='Field {n}')" for n in range(20)
        )
        + "\nlast: str = Input(default='x', choices=['x', 'y'])\nafter: Optional[Path] = Input(default=None)",
    ),
    takes(
        "names_with_digits_and_capitals",
        """
            top_k2: int = 1
            HTTPUrl: str = ''
            _hidden: str = ''
            x__y: int = 2
            num_1st: int = 1
        """,
    ),
    takes(
        "defaults_that_are_converted",
        """
            a: int = Input(default="3", ge=1)
            b: float = "0.5"
            c: Optional[int] = Input(default="4")
            d: int = Input(default=True)
        """,
    ),
    takes(
        "annotations_as_texts",
        "a: 'Optional[List[str]]' = None\nb: 'Path' = Input(description='B')\nc: 'int' = Input(default=1, ge=0)",
    ),
]
