"""Text in pictures: RapidOCR finds the lines (PP-OCRv4 detection), turns them upright and reads them."""

from dataclasses import dataclass
from typing import Annotated

from PIL import Image, ImageOps, UnidentifiedImageError
from rapidocr_onnxruntime import RapidOCR

from augury import File, Input

FLATTEST = 60  # sides as 60 to 1; beyond, nothing is left of the shorter one when the longer is scaled to fit


@dataclass
class Line:
    text: str
    score: float
    box: list[list[float]]


class Predictor:
    def setup(self) -> None:
        self.engine = RapidOCR()

    def predict(
        self,
        image: Annotated[
            File, Input(description="A picture: PNG, JPEG, WebP, TIFF, BMP or GIF", media_types=["image/*"])
        ],
        min_score: Annotated[float, Input(description="Leave out lines read with less certainty", ge=0, le=1)] = 0.5,
    ) -> list[Line]:
        """Return the lines from top to bottom, each with its four corners in pixels, clockwise from the top left."""
        found, _ = self.engine(open_upright(image), text_score=min_score)
        return [Line(text, round(score, 4), box) for box, text, score in found or []]


def open_upright(path: File) -> Image.Image:
    """Open a picture as a viewer shows it on white paper: turned as the camera says, transparency filled."""
    try:
        picture = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    except UnidentifiedImageError:
        raise ValueError("the file is not a picture of a known kind") from None
    if max(picture.size) > FLATTEST * min(picture.size):
        raise ValueError(f"a picture of {picture.width} by {picture.height} pixels is too narrow to be read")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
