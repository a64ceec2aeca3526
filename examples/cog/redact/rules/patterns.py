import re

PATTERNS = {
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "phone": re.compile(r"\+?\d[\d ()/-]{6,}\d"),
    "card": re.compile(r"\b(?:\d{4}[ -]?){3}\d{4}\b"),
}
