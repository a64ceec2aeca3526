"""Drawing: shapes, colours and counts that a prompt names in plain words; the same words give the same picture."""

import math
import random
from collections.abc import Sequence
from typing import Annotated

from PIL import Image, ImageDraw
from words import COLOURS, Group, read

from augury import File, Input, scratch

Side = Annotated[int, Input(description="Pixels", ge=64, le=2048)]
Points = list[tuple[float, float]]


def predict(
    prompt: Annotated[
        str, Input(description="Such as: two red stars and a blue circle", min_length=1, max_length=1000)
    ],
    width: Side = 512,
    height: Side = 512,
    seed: Annotated[int, Input(description="0: in rows; others: scattered, each in its own way", ge=0)] = 0,
) -> Annotated[File, Input(media_types=["image/png"])]:
    """Draw what the prompt says."""
    groups, ground = read(prompt)
    picture = Image.new("RGB", (width, height), COLOURS[ground])
    pen = ImageDraw.Draw(picture)
    shapes = [one for one in groups for _ in range(one.count)]
    shades = [name for name in COLOURS if name not in (ground, "gray", "white", "black")]
    scattered = random.Random(seed)  # noqa: S311 - nothing depends on nobody guessing it
    for place, (x, y, cell) in enumerate(cells(len(shapes), width, height)):
        one = shapes[place]
        radius = cell * 0.3 * one.size
        if seed:
            free = cell / 2 - radius - 1
            x, y = x + scattered.uniform(-free, free), y + scattered.uniform(-free, free)
        colour = one.colour or shades[groups.index(one) % len(shades)]
        draw(pen, one, (x, y), radius, COLOURS[colour])
    path = scratch() / "drawing.png"
    picture.save(path)
    return File(path)


def cells(count: int, width: int, height: int) -> list[tuple[float, float, float]]:
    """The middle and the side of a square for each shape, in rows that are as even as can be."""
    columns = min(count, max(1, round(math.sqrt(count * width / height))))
    rows = -(-count // columns)
    side = min(width / columns, height / rows)
    found: list[tuple[float, float, float]] = []
    for row in range(rows):
        here = min(columns, count - row * columns)
        left = width / 2 - (here - 1) * width / columns / 2
        found += [(left + at * width / columns, (row + 0.5) * height / rows, side) for at in range(here)]
    return found


def draw(pen: ImageDraw.ImageDraw, one: Group, middle: tuple[float, float], radius: float, colour: str) -> None:
    x, y = middle
    box = (x - radius, y - radius, x + radius, y + radius)
    if one.shape == "circle":
        pen.ellipse(box, fill=colour)
    elif one.shape == "ring":
        pen.ellipse(box, outline=colour, width=max(2, round(radius / 4)))
    elif one.shape == "square":
        pen.rectangle(box, fill=colour)
    elif one.shape == "heart":
        pen.polygon(heart(middle, radius), fill=colour)
    else:
        pen.polygon(corners(middle, SPOKES[one.shape], radius), fill=colour)


SPOKES: dict[str, Sequence[float]] = {
    "triangle": [1] * 3,
    "diamond": [1, 0.65] * 2,
    "hexagon": [1] * 6,
    "star": [1, 0.4] * 5,
}
"""How far each corner is from the middle, from the top on."""


def corners(middle: tuple[float, float], spokes: Sequence[float], radius: float) -> Points:
    turn = math.tau / len(spokes)
    return [
        (middle[0] + math.sin(at * turn) * radius * far, middle[1] - math.cos(at * turn) * radius * far)
        for at, far in enumerate(spokes)
    ]


def heart(middle: tuple[float, float], radius: float) -> Points:
    def point(t: float) -> tuple[float, float]:
        across = 16 * math.sin(t) ** 3
        up = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        return middle[0] + across * radius / 17, middle[1] - up * radius / 17

    return [point(at / 60 * math.tau) for at in range(60)]
