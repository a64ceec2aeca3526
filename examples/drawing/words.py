"""What a prompt says: shapes, how many of each, their colour and size, and what they are drawn on.

"two big red stars and a circle on blue" -> [Group(2, "star", "red", 1.4), Group(1, "circle", None, 1)], "blue"
"""

import re
from dataclasses import dataclass

COLOURS = {
    "black": "#1a1a1a", "white": "#ffffff", "grey": "#8c8c8c", "gray": "#8c8c8c", "red": "#d62728", "orange": "#ff8c1a",
    "yellow": "#ffd21a", "green": "#2ca02c", "blue": "#1f6fd6", "purple": "#8e44ad", "pink": "#ff69b4",
    "brown": "#8c564b",
}  # fmt: skip
SHAPES = {
    "circle": "circle", "ball": "circle", "dot": "circle", "square": "square", "box": "square", "triangle": "triangle",
    "star": "star", "hexagon": "hexagon", "diamond": "diamond", "ring": "ring", "heart": "heart",
}  # fmt: skip
SIZES = {"tiny": 0.4, "small": 0.6, "little": 0.6, "big": 1.3, "large": 1.3, "huge": 1.6}
COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "dozen": 12,
}  # fmt: skip
GROUNDS = {"background", "ground", "paper", "canvas", "sky"}
MOST = 100


@dataclass(frozen=True)
class Group:
    """So many of one shape that look alike."""

    count: int
    shape: str
    colour: str | None
    size: float


def read(prompt: str) -> tuple[list[Group], str]:
    """The groups in the order of the prompt, and the ground's colour; raises ValueError where there is no shape."""
    groups: list[Group] = []
    ground = "white"
    count, colour, size, beneath = 1, None, 1.0, False
    for word in re.findall(r"[a-z]+|\d+", prompt.lower()):
        shape = SHAPES.get(word) or SHAPES.get(word.removesuffix("es")) or SHAPES.get(word.removesuffix("s"))
        if word in COLOURS:
            colour = word
            # "on blue" says it of the ground, unless a shape follows: "on a blue square".
            ground = word if beneath else ground
        elif word in GROUNDS:
            ground = colour or ground
            count, colour, size, beneath = 1, None, 1.0, False
        elif shape:
            if beneath and colour is not None and ground == colour:
                ground = "white"
            groups.append(Group(count, shape, colour, size))
            count, colour, size, beneath = 1, None, 1.0, False
        elif word in ("on", "over"):
            count, colour, size, beneath = 1, None, 1.0, True
        elif word in SIZES:
            size = SIZES[word]
        elif word in COUNTS or word.isdecimal():
            count = COUNTS.get(word) or int(word[:6])
    groups = [one for one in groups if one.count]
    if not groups:
        raise ValueError(f"the prompt names no shape that can be drawn: {', '.join(sorted(set(SHAPES)))}")
    if sum(one.count for one in groups) > MOST:
        raise ValueError(f"the prompt asks for more than {MOST} shapes")
    return groups, ground
