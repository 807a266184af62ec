"""Real documents with damage done to them, thousands of times: a code or a result each time, and nothing hangs."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.documents import picture_pdf
from support.hostile import mutations
from support.hostile.mutations import Mutation
from support.hostile.reading import MEMORY_MB, SLACK_MB, Reading

pytestmark = [pytest.mark.slow, pytest.mark.serial, pytest.mark.timeout(3600)]

BATCH = 20
"""Documents that are read side by side."""
PIXELS = 100_000
"""A page's, at most: OCR is not the point here, and cheap on small rasters."""
Recipe = tuple[str, Sequence[tuple[Mutation, int]]]
"""What was damaged, and how."""


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    reading = Reading(tmp_path_factory.mktemp("mutations"), processes=2, max_pixels=PIXELS)
    yield reading
    reading.close()


def recipes(seeds: dict[str, bytes]) -> st.SearchStrategy[list[Recipe]]:
    step = st.tuples(st.sampled_from(mutations.MUTATIONS), st.integers(0, 2**32 - 1))
    recipe = st.tuples(st.sampled_from(sorted(seeds)), st.lists(step, min_size=1, max_size=3))
    return st.lists(recipe, min_size=BATCH, max_size=BATCH, unique_by=repr)


def run(reading: Reading, seeds: dict[str, bytes], count: int) -> None:
    """Reads so many mutants of the seeds, always the same ones, and at least nine in ten of them different."""
    seen: set[bytes] = set()
    good = reading.read_one(picture_pdf())

    @settings(
        max_examples=count // BATCH,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(recipes(seeds))
    def check(batch: list[Recipe]) -> None:
        documents = {_named(recipe): mutations.mutated(seeds[recipe[0]], list(recipe[1])) for recipe in batch}
        seen.update(documents.values())
        before = reading.deaths
        outcomes = reading.read(documents)
        for name, (outcome, _) in outcomes.items():
            try:
                outcome.check()
            except AssertionError as failure:
                raise AssertionError(f"{name}: {failure}") from None
        deaths = reading.deaths - before
        assert deaths <= sum(outcome.deaths for outcome, _ in outcomes.values()), list(documents)
        assert reading.read_one(picture_pdf()) == good, list(documents)

    check()
    assert len(seen) >= 0.9 * count
    assert reading.peak_mb < MEMORY_MB + SLACK_MB


def _named(recipe: Recipe) -> str:
    seed, steps = recipe
    return " ".join([seed, *(f"{change.__name__}({number})" for change, number in steps)])


def test_pdfs(reading: Reading) -> None:
    run(reading, mutations.pdfs(), 2_000)


def test_images(reading: Reading) -> None:
    run(reading, mutations.images(), 400)
