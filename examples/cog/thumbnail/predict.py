from cog import BasePredictor, Input, Path
from PIL import Image, ImageOps


class Predictor(BasePredictor):
    def predict(
        self,
        image: Path = Input(description="A picture"),
        width: int = Input(description="Width in pixels", ge=1, le=4096, default=64),
        grey: bool = Input(description="Without colours", default=False),
        format: str = Input(description="File format", choices=["png", "webp"], default="png"),
    ) -> Path:
        picture = ImageOps.exif_transpose(Image.open(image)).convert("L" if grey else "RGB")
        height = max(1, round(picture.height * width / picture.width))
        out = Path(f"/tmp/thumbnail.{format}")
        picture.resize((width, height), Image.Resampling.LANCZOS).save(out, lossless=True)
        return out
