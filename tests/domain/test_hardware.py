"""What fits into a machine: never more than it has, and each GPU one worker's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.domain.hardware import GB, GIB, Gpu, Ledger, Machine, Need, catalogue, needs, offers
from augury.quantities import parse_share

H100, L4 = "NVIDIA H100 80GB HBM3", "NVIDIA L4"
GPUS = (
    Gpu("GPU-a", H100, 80 * GB),
    Gpu("GPU-b", H100, 80 * GB),
    Gpu("GPU-c", L4, 24 * GB),
    Gpu("GPU-d", L4, 24 * GB),
    Gpu("GPU-e", L4, 24 * GB),
)
BIG = Machine(16, 64 * GIB, GPUS)
PLAIN = Machine(4, 8 * GIB)

kinds = st.sampled_from([None, "gpu-h100-80gb-hbm3", "gpu-l4"])
some_needs = st.builds(Need, st.integers(0, 6), st.integers(0, 30 * GIB), st.integers(0, 2), kinds)


@given(st.lists(st.tuples(st.booleans(), some_needs), max_size=40))
def test_nothing_is_given_out_that_is_not_there_and_what_is_given_back_is_free_again(
    steps: list[tuple[bool, Need]],
) -> None:
    ledger = Ledger(BIG, 8)
    held: dict[str, Need] = {}
    for number, (give_back, need) in enumerate(steps):
        if give_back and held:
            name = next(iter(held))
            ledger.give_back(name)
            del held[name]
        elif ledger.fits((need,)):
            ledger.take(str(number), need)
            held[str(number)] = need
        gpus = [gpu for name in held for gpu in ledger.gpus_of(name)]
        assert len(gpus) == len(set(gpus)) == sum(one.gpus for one in held.values())
        assert sum(one.cpus for one in held.values()) <= 16
        assert sum(one.ram for one in held.values()) <= 64 * GIB
        assert len(held) == len(ledger) <= 8
        for name, one in held.items():
            found = {gpu.kind for gpu in GPUS if gpu.id in ledger.gpus_of(name)}
            assert len(found) <= 1, "of one kind"
            assert one.kind is None or found <= {one.kind}
    for name in held:
        ledger.give_back(name)
    assert ledger.fits((Need(16, 64 * GIB, 2, "gpu-h100-80gb-hbm3"),))


def test_several_fit_together_only_if_all_of_them_do() -> None:
    ledger = Ledger(BIG, 10)
    assert ledger.fits((Need(8), Need(8)))
    assert not ledger.fits((Need(8), Need(9)))
    # The one that wants a certain kind chooses first.
    assert ledger.fits((Need(gpus=2), Need(gpus=3, kind="gpu-l4")))
    ledger.take("one", Need(gpus=1, kind="gpu-h100-80gb-hbm3"))
    assert not ledger.fits((Need(gpus=2, kind="gpu-h100-80gb-hbm3"),))
    assert ledger.fits((Need(gpus=2, kind="gpu-h100-80gb-hbm3"),), without=["one"])


def test_of_several_kinds_that_will_do_the_scarcest_is_taken() -> None:
    ledger = Ledger(BIG, 10)
    ledger.take("any", Need(gpus=1))
    assert ledger.gpus_of("any") == ("GPU-a",)


def test_places_are_counted_too() -> None:
    ledger = Ledger(PLAIN, 2)
    for name in ("one", "two"):
        assert ledger.fits((Need(),))
        ledger.take(name, Need())
    assert not ledger.fits((Need(),))
    assert ledger.could(Need(4, 8 * GIB))
    assert not ledger.could(Need(5))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (H100, "gpu-h100-80gb-hbm3"),
        (L4, "gpu-l4"),
        ("NVIDIA GeForce RTX 4090", "gpu-rtx-4090"),
        ("Tesla T4", "gpu-tesla-t4"),
        ("NVIDIA RTX™ A6000 / x", "gpu-rtx-a6000-x"),
        ("x" * 200, "gpu-" + "x" * 60),
    ],
)
def test_a_kind_of_gpu_has_an_identifier_that_can_be_typed(name: str, kind: str) -> None:
    assert Gpu("GPU-1", name, 1).kind == kind


def test_the_catalogue_is_what_the_machines_have_and_what_has_a_name() -> None:
    shares = [parse_share("cpu-small: cpus=2 ram=4GiB"), parse_share("pair: gpu=gpu-l4 gpus=2 cpus=4")]
    found = {one.identifier: one for one in catalogue([PLAIN, BIG], shares)}
    assert list(found) == ["cpu", "cpu-small", "gpu-h100-80gb-hbm3", "gpu-l4", "pair"]
    cpu = found["cpu"]
    assert (cpu.name, cpu.cpus, cpu.ram, cpu.gpus, cpu.vram) == ("CPU", 16, 64 * GIB, 0, 0)
    h100 = found["gpu-h100-80gb-hbm3"]
    assert (h100.name, h100.cpus, h100.gpus, h100.vram) == (H100, 16, 1, 80 * GB)
    pair = found["pair"]
    assert (pair.cpus, pair.ram, pair.gpus, pair.vram) == (4, 64 * GIB, 2, 48 * GB)
    assert pair.description == "Reserves 4 CPUs, 2 gpu-l4."
    assert found["cpu-small"].ram == 4 * GIB


def test_without_a_node_there_is_a_cpu_all_the_same() -> None:
    assert [one.identifier for one in catalogue([], [])] == ["cpu"]


def test_more_than_any_one_machine_has_is_offered_by_none_however_many_there_are() -> None:
    assert not offers([PLAIN, PLAIN], Need(cpus=8))
    assert offers([PLAIN, BIG], Need(cpus=8))
    assert needs([BIG], [])["gpu-l4"] == Need(gpus=1, kind="gpu-l4")


def test_a_machine_is_stored_and_read_back() -> None:
    assert Machine.from_json(BIG.to_json()) == BIG
