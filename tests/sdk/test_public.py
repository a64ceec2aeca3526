"""What `import augury` offers a model, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import augury

SOURCE = Path(augury.__file__).parent.parent


def test_the_public_surface_is_this_list_and_nothing_more() -> None:
    assert augury.__all__ == ["Cancelled", "File", "Input", "Secret", "TextStream", "metric", "progress", "scratch"]
    assert augury.__all__ == sorted(augury.__all__)
    assert set(augury.__all__) <= set(dir(augury))
    for name in augury.__all__:
        assert getattr(augury, name).__doc__, name


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'augury' has no attribute 'Imput'"):
        _ = augury.Imput  # pyright: ignore[reportAttributeAccessIssue]


def in_python(code: str) -> str:
    program = f"import sys; sys.path.append({str(SOURCE)!r})\n{code}"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    return run.stdout


def test_importing_it_loads_none_of_its_parts_and_no_other_module() -> None:
    loaded = in_python("before = set(sys.modules); import augury; print(*sorted(set(sys.modules) - before))")
    assert loaded.split() == ["__future__", "augury"]


def test_all_of_it_runs_on_the_standard_library_alone() -> None:
    outside = in_python(
        "from augury import *\n"
        "import augury.sdk.signature, augury.runner.loader, augury.runner.convert, augury.runner.describe\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*sorted(names - set(sys.stdlib_module_names)))"
    )
    assert outside.split() == ["__main__", "augury"]
