from typing import List, Optional

from cog import BaseModel, BasePredictor, Input, Path
from PIL import Image, ImageDraw


class Colour(BaseModel):
    hex: str
    share: float


class Output(BaseModel):
    width: int
    height: int
    colours: List[Colour]
    strip: Optional[Path] = None


class Predictor(BasePredictor):
    def predict(
        self,
        image: Path = Input(description="A picture"),
        count: int = Input(description="How many colours", ge=1, le=16, default=3),
        draw: bool = Input(description="Make a picture of the colours too", default=True),
    ) -> Output:
        picture = Image.open(image).convert("RGB")
        reduced = picture.quantize(count, dither=Image.Dither.NONE)
        table = reduced.getpalette()
        found = sorted(reduced.getcolors(), reverse=True)
        pixels = picture.width * picture.height
        colours = []
        for number, index in found:
            red, green, blue = table[3 * index : 3 * index + 3]
            colours.append(Colour(hex=f"#{red:02x}{green:02x}{blue:02x}", share=number / pixels))
        return Output(picture.width, picture.height, colours, self.strip(colours) if draw else None)

    def strip(self, colours: List[Colour]) -> Path:
        strip = Image.new("RGB", (16 * len(colours), 16))
        brush = ImageDraw.Draw(strip)
        for place, colour in enumerate(colours):
            brush.rectangle((16 * place, 0, 16 * place + 15, 15), fill=colour.hex)
        strip.save("strip.png")
        return Path("strip.png")
