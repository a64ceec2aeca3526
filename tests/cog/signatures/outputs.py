"""Signatures that are about outputs: scalars, files, streams, classes of several fields."""

from __future__ import annotations

from tests.cog.case import Absent, Case, takes, whole

PYDANTIC = "import pydantic"

CASES: list[Case] = [
    takes("a_text_comes_back", "", "str"),
    takes("an_integer_comes_back", "", "int"),
    takes("a_number_comes_back", "", "float"),
    takes("a_boolean_comes_back", "", "bool"),
    takes("a_file_comes_back", "", "Path"),
    takes("an_open_file_comes_back", "", "File"),
    takes("files_come_back", "", "List[Path]"),
    takes("texts_come_back", "", "list[str]"),
    takes("a_dict_comes_back", "", "dict"),
    takes("a_dict_of_numbers_comes_back", "", "Dict[str, float]"),
    takes("dicts_come_back", "", "List[Dict[str, Any]]"),
    takes("anything_comes_back", "", "Any"),
    takes("texts_are_streamed", "prompt: str", "Iterator[str]"),
    takes("files_are_streamed", "n: int = 3", "Iterator[Path]"),
    takes("dicts_are_streamed", "", "Iterator[dict]"),
    takes("pieces_of_a_text_are_streamed", "prompt: str", "ConcatenateIterator[str]"),
    takes("texts_are_streamed_from_a_coroutine", "", "AsyncIterator[str]"),
    takes("pieces_of_a_text_are_streamed_from_a_coroutine", "", "AsyncConcatenateIterator[str]"),
    takes(
        "a_class_of_scalars",
        "",
        "Output",
        before="""
            class Output(BaseModel):
                text: str
                score: float
                count: int
                is_ok: bool
                top_label: str
        """,
    ),
    takes(
        "a_class_under_any_name_with_files",
        "",
        "SomeResult",
        before='''
            class SomeResult(BaseModel):
                """Not shown by Cog."""

                image: Path
                meta: dict
                raw: Any
        ''',
        differs={"output.properties.raw.type": Absent},
        why="Cog calls a value of any type an object, and runs with any",
    ),
    takes(
        "a_class_with_optional_fields",
        "",
        "Output",
        before="""
            class Output(BaseModel):
                text: str
                image: Optional[Path]
                score: Optional[float] = None
        """,
        differs={
            "output.properties.image.nullable": True,
            "output.properties.score.nullable": True,
            "output.required": ["text"],
        },
        why="0.23 says so; 0.19 left null out of outputs",
    ),
    takes(
        "a_class_with_lists",
        "",
        "Output",
        before="""
            class Output(BaseModel):
                images: List[Path]
                scores: list[float]
                extra: Optional[List[str]] = None
        """,
        differs={
            "output.properties.images": {
                "type": "array",
                "items": {"type": "string", "format": "uri"},
                "title": "Images",
            },
            "output.properties.scores": {"type": "array", "items": {"type": "number"}, "title": "Scores"},
            "output.properties.extra": {
                "type": "array",
                "items": {"type": "string"},
                "title": "Extra",
                "nullable": True,
            },
            "output.required": ["images", "scores"],
        },
        why="0.23 says so; 0.19 wrote the items of a field for the field",
    ),
    takes(
        "a_class_with_defaults",
        "",
        "Output",
        before="""
            class Output(BaseModel):
                text: str = ""
                count: int = 3
        """,
    ),
    takes(
        "a_class_that_inherits",
        "",
        "Output",
        before="""
            class Base(BaseModel):
                text: str

            class Output(Base):
                count: int
        """,
        differs={"output.properties.text": {"type": "string", "title": "Text"}, "output.required": ["text", "count"]},
        why="0.23 says so; 0.19 left the fields of the base out",
    ),
    takes(
        "a_class_of_classes",
        "",
        "Output",
        before="""
            class Box(BaseModel):
                x: int
                y: int

            class Output(BaseModel):
                first: Box
                label: str
        """,
        refused="unsupported Cog type Box",
        expected=whole(
            {},
            [],
            {
                "type": "object",
                "properties": {
                    "first": {
                        "type": "object",
                        "title": "First",
                        "properties": {"x": {"type": "integer", "title": "X"}, "y": {"type": "integer", "title": "Y"}},
                        "required": ["x", "y"],
                    },
                    "label": {"type": "string", "title": "Label"},
                },
                "required": ["first", "label"],
            },
        ),
        why="newer schemas of Cog, made outside Python, have classes in classes",
    ),
    takes(
        "a_list_of_classes",
        "",
        "List[Box]",
        before="class Box(BaseModel):\n    x: int\n    label: Optional[str] = None",
        refused="unsupported Cog type Box",
        expected=whole(
            {},
            [],
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "x": {"type": "integer", "title": "X"},
                        "label": {"type": "string", "title": "Label", "nullable": True},
                    },
                    "required": ["x"],
                },
            },
        ),
        why="newer schemas of Cog, made outside Python, have lists of classes",
    ),
    takes(
        "classes_are_streamed",
        "",
        "Iterator[Step]",
        before="class Step(BaseModel):\n    image: Path\n    n: int",
        refused="unsupported Cog type Step",
        expected=whole(
            {},
            [],
            {
                "type": "array",
                "x-cog-array-type": "iterator",
                "items": {
                    "type": "object",
                    "properties": {
                        "image": {"type": "string", "format": "uri", "title": "Image"},
                        "n": {"type": "integer", "title": "N"},
                    },
                    "required": ["image", "n"],
                },
            },
        ),
        why="newer schemas of Cog, made outside Python, have streams of classes",
    ),
    takes(
        "a_dataclass",
        "",
        "Output",
        before="""
            import dataclasses

            @dataclasses.dataclass
            class Output:
                text: str
                files: List[Path]
        """,
        refused="unsupported Cog type Output",
        expected=whole(
            {},
            [],
            {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "title": "Text"},
                    "files": {"type": "array", "items": {"type": "string", "format": "uri"}, "title": "Files"},
                },
                "required": ["text", "files"],
            },
        ),
        why="a dataclass is what a BaseModel becomes",
    ),
    takes(
        "a_class_of_pydantics",
        "",
        "Output",
        before=PYDANTIC + "\n\nclass Output(pydantic.BaseModel):\n    text: str\n    score: float\n    ok: bool = True",
    ),
    takes(
        "a_class_of_pydantics_with_a_file",
        "",
        "Result",
        before="""
            import pydantic

            class Result(pydantic.BaseModel):
                model_config = {"arbitrary_types_allowed": True}
                image: Path
                text: str
        """,
    ),
    takes(
        "a_class_of_pydantics_with_lists_and_classes",
        "",
        "Output",
        before=PYDANTIC
        + "\n\nclass Box(pydantic.BaseModel):\n    x: int\n\nclass Output(pydantic.BaseModel):\n    boxes: List[Box]",
        refused="unsupported Cog type Box",
        expected=whole(
            {},
            [],
            {
                "type": "object",
                "properties": {
                    "boxes": {
                        "type": "array",
                        "title": "Boxes",
                        "items": {
                            "type": "object",
                            "properties": {"x": {"type": "integer", "title": "X"}},
                            "required": ["x"],
                        },
                    }
                },
                "required": ["boxes"],
            },
        ),
        why="newer schemas of Cog, made outside Python, have lists of classes",
    ),
    takes("no_annotation", "", "", refused="must have a return type annotation", expected=whole({}, [], {}), why="D56"),
    takes(
        "nothing_comes_back",
        "",
        "None",
        refused="must have a return type annotation",
        expected=whole({}, [], {"type": "null"}),
        why="D56",
    ),
    takes(
        "a_text_or_nothing_comes_back",
        "",
        "Optional[str]",
        refused="output must not be Optional",
        expected=whole({}, [], {"type": "string", "nullable": True}),
        why="None is an output like any other",
    ),
    takes(
        "lists_of_lists_come_back",
        "",
        "List[List[float]]",
        refused="cannot have nested type",
        expected=whole({}, [], {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}),
        why="ours takes any nesting",
    ),
]
