"""What a model asks for and this machine does not have: another Python, Debian's packages, a GPU, Cog's downloader.

Said before anything is published; whether the model works all the same, its author knows. Runs nothing of the model's.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from augury.packaging import cogcode
from augury.packaging.environment import Environment
from augury.packaging.project import Project, ProjectKind

_GPUS = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")


def missing(project: Project, environment: Environment) -> tuple[str, ...]:
    """A sentence for each thing that is missing here, with what to do."""
    return (*_python(project, environment), *_packages(project), *_gpu(project), *_downloader(project))


def _python(project: Project, environment: Environment) -> tuple[str, ...]:
    if not project.python or environment.version.startswith(f"{project.python}."):
        return ()
    found = ".".join(environment.version.split(".")[:2])
    return (
        f"Python {project.python} is asked for, and this machine has none: the model runs on {found}; "
        "install the other one, or change the pins that do not go with it",
    )


def _packages(project: Project) -> tuple[str, ...]:
    if not project.system_packages:
        return ()
    names = ", ".join(project.system_packages)
    absent = _absent(project.system_packages)
    if absent is None:
        return (f"system_packages are not installed by a push ({names}): have them where workers run",)
    if not absent:
        return ()
    return (
        f"system_packages that this machine does not have: {', '.join(absent)}; they are not installed by a push: "
        f"`apt-get install {' '.join(absent)}` where workers run, if the model needs them",
    )


def _absent(names: tuple[str, ...]) -> list[str] | None:
    """Those that Debian's records do not have as installed; None on a system without such records."""
    query = shutil.which("dpkg-query")
    plain = {name: re.split(r"[=:/]", name)[0] for name in names}
    if query is None or not all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]*", one) for one in plain.values()):
        return None
    command = [query, "-W", "-f", "${Package} ${db:Status-Status}\n", *plain.values()]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    installed = {line.split(" ")[0] for line in listed.splitlines() if line.endswith(" installed")}
    return [name for name, one in plain.items() if one not in installed]


def _gpu(project: Project) -> tuple[str, ...]:
    if not project.gpu or any(Path(device).exists() for device in _GPUS):
        return ()
    return (
        "gpu: true, and this machine has no GPU: the model runs on the CPU, if it can; "
        "`augury versions configuration NAME:N --hardware …` moves it to a GPU of the server's",
    )


def _downloader(project: Project) -> tuple[str, ...]:
    if project.kind is not ProjectKind.COG or project.entry is None or shutil.which(cogcode.DOWNLOADER):
        return ()
    return tuple(
        f"{place.file}:{place.line}: {cogcode.DOWNLOADER} is a program of Cog's images that this machine does not "
        "have: put it on the PATH where workers run, or download in Python"
        for place in cogcode.look(project.root, project.entry).downloads[:3]
    )
