"""Requirements as pip reads them: a file with its options, or single lines, made into what an environment is built of.

    lines --Reading.take--> Requirements: names and versions, and lines that the installer reads as they are

Nothing is looked up and nothing installed. Knows nothing about where the lines come from.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NoReturn

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from augury.packaging.errors import ProjectError

REQUIREMENT_LIMIT = 1000
"""Characters of one requirement: beyond this the reader of versions fails in ways of its own."""
FILE_LIMIT = 1 << 20
"""Bytes of a requirements file."""
_FILES = 50
_PASSED_ON = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--no-index": "--no-index",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
}
_PASSED_OVER = ("--pre", "--prefer-binary", "--trusted-host", "--no-cache-dir", "--upgrade", "-U", "--use-pep517")
_SWITCHES = ("--no-index", "--pre", "--prefer-binary", "--no-cache-dir", "--upgrade", "-U", "--use-pep517")
_OPTION = re.compile(r"(?:^|\s)(--?[A-Za-z][\w-]*)(?:[=\s]\s*(\S+))?")
_REMOTE = re.compile(r"(git|hg|svn|bzr)\+|https?://")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][\w.-]*)(\[[^\]]*\])?")


def requirement(text: str) -> str:
    """The normal form of a requirement; raises ValueError with the reason why it is none."""
    try:
        if len(text) > REQUIREMENT_LIMIT:
            raise InvalidRequirement(f"it is over {REQUIREMENT_LIMIT:,} characters")
        return str(Requirement(text))
    except (InvalidRequirement, RecursionError) as error:
        raise ValueError(str(error).partition("\n")[0]) from None


def name_of(requirement: str) -> str | None:
    """The normal form of the name of what is required; None where only an address says what it is."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return None


def pip_install(command: str) -> str | None:
    """What a plain `pip install …` would install, as one line of requirements each; None for any other command."""
    try:
        shell = shlex.shlex(command, posix=True, punctuation_chars=True)
        shell.whitespace_split, shell.commenters = True, ""
        words = list(shell)
    except ValueError:
        return None
    if words[:2] in (["python", "-m"], ["python3", "-m"]):
        words = words[2:]
    if words[:2] not in (["pip", "install"], ["pip3", "install"]):
        return None
    lines: list[str] = []
    rest = iter(words[2:])
    for word in rest:
        option, equals, value = word.partition("=")
        if option in _PASSED_ON and option not in _SWITCHES:
            lines.append(f"{option} {value if equals else next(rest, '')}")
        elif word in (*_PASSED_OVER, "-q", "--quiet", "--force-reinstall"):
            continue
        elif word.startswith(("-", ".", "/", "~", "$")) or not re.match(r"[A-Za-z0-9]", word):
            return None
        else:
            lines.append(word)
    return "\n".join(lines) or None


@dataclass
class Reading:
    """Requirements on their way in; `provided` are packages that nobody needs to install, by their normal names."""

    root: Path
    provided: tuple[str, ...] = ()
    named: list[str] = field(default_factory=list[str])
    """As Python's packages name them, such as "numpy>=2"."""
    lines: list[str] = field(default_factory=list[str])
    """Options and addresses, as the installer reads them."""
    notes: list[str] = field(default_factory=list[str])
    """What was read otherwise than it was written."""
    _files: int = 0

    def take(self, text: str, file: str, line: int) -> None:
        """Take one line; raises ProjectError for what cannot be had here."""
        text = re.sub(r"(^|\s)#.*", "", text).strip()
        if not text:
            return
        if "${" in text:
            self._refuse(text, "has a variable in it", file, line, "write out what stands for it")
        bare = self._options(text, file, line)
        if bare:
            self._package(bare, file, line)

    def take_file(self, name: str, file: str, line: int | None, key: str) -> None:
        """Take a whole file, which is named in `file`."""
        self._files += 1
        path = PurePosixPath(name)
        problem: str | None = None
        if path.is_absolute() or ".." in path.parts or not (self.root / path).resolve().is_relative_to(self.root):
            problem = f"names {name}, which is not in the model's folder"
        elif not (self.root / path).is_file():
            problem = f"names {name}, which is not there"
        elif self._files > _FILES:
            problem = f"names {name}: there are more than {_FILES} files in each other"
        elif (self.root / path).stat().st_size > FILE_LIMIT:
            problem = f"names {name}, which has over {FILE_LIMIT:,} bytes"
        if problem:
            raise ProjectError(f"{key} {problem}", file=file, line=line, name=key)
        for number, text in _joined((self.root / path).read_text(encoding="utf-8-sig", errors="replace")):
            self.take(text, str(path), number)

    def _options(self, text: str, file: str, line: int) -> str:
        """Take the options of a line, and give what is left of it."""
        bare = _OPTION.split(text, maxsplit=1)[0].strip()
        for option, value in _OPTION.findall(text[len(bare) :] if bare else text):
            if option in ("-r", "--requirement") and value:
                self.take_file(str(PurePosixPath(file).parent / value), file, line, option)
            elif option in _PASSED_ON and (value or option in _SWITCHES):
                self._keep(_PASSED_ON[option] + ("" if option in _SWITCHES else f" {value}"))
            elif option == "--hash":
                self._note(f"{file}: the hashes of its requirements are not checked")
            elif option in _PASSED_OVER:
                self._note(f"{file}:{line}: {option} is passed over")
            elif option in ("-e", "--editable"):
                if _REMOTE.match(value):
                    self._package(value, file, line)
                else:
                    hint = "the model's folder is on the path already: leave the line out"
                    self._refuse(text, "is an installation for work on the package itself", file, line, hint)
            else:
                self._refuse(text, f"has the option {option}, which is not known", file, line, "leave it out")
        return bare

    def _package(self, text: str, file: str, line: int) -> None:
        if _REMOTE.match(text):
            egg = _EGG.search(text)
            if egg is None:
                self._keep(text)
                return
            text = f"{egg[1]}{egg[2] or ''} @ {text[: egg.start()]}{text[egg.end() :]}"
        elif text.startswith((".", "/", "~", "file:")) or re.match(r"[^@<>=!~;\s]+\.(whl|tar\.gz|zip)$", text):
            hint = "packages come from an index or an address; Python files in the model's folder need no installation"
            self._refuse(text, "is a file of the machine it was written on", file, line, hint)
        try:
            found = requirement(text)
        except ValueError as error:
            self._refuse(text, f"is no requirement: {error}", file, line, None)
        name = name_of(found)
        if name in self.provided:
            self._note(f"{name} is not installed: what `from {name} import …` needs is part of Augury")
        elif found not in self.named:
            self.named.append(found)

    def _keep(self, text: str) -> None:
        if text not in self.lines:
            self.lines.append(text)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _refuse(self, text: str, problem: str, file: str, line: int, hint: str | None) -> NoReturn:
        raise ProjectError(f"{text[:200]!r} {problem}", file=file, line=line, name=text[:200], hint=hint)


def _joined(text: str) -> list[tuple[int, str]]:
    """The lines with their numbers; one that ends with a backslash goes on in the next."""
    found: list[tuple[int, str]] = []
    going_on = False
    for number, line in enumerate(text.splitlines(), 1):
        continued = line.endswith("\\")
        part = line[:-1] if continued else line
        if going_on:
            start, before = found[-1]
            found[-1] = (start, before + part)
        else:
            found.append((number, part))
        going_on = continued
    return found
