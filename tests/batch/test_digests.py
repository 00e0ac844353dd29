"""How sources stand, against the same told in plain words."""

from __future__ import annotations

import random

from derain.batch.digests import Standing, Sums, digest


def test_the_last_attempt_and_the_last_success_decide() -> None:
    """Attempts of few sources and versions in any order, asked in between as well as at the end."""
    draw, standing = random.Random(0), Standing()
    told: list[tuple[float, int, str, str, bool]] = []
    for number in range(600):
        source, version = f"{draw.randrange(40)}.png", draw.choice("abc")
        time, done = float(draw.randrange(50)), draw.random() < 0.5
        standing.add(digest(source), digest(version), time, done)
        told.append((time, number, source, version, done))
        asked = f"{draw.randrange(41)}.png", draw.choice("abc")
        if number % 7 and number < 590:
            continue
        attempts = [attempt for attempt in sorted(told) if attempt[2] == asked[0]]
        successes = [attempt for attempt in attempts if attempt[4]]
        expected = bool(successes) and successes[-1][3] == attempts[-1][3] == asked[1]
        assert standing.is_done(*map(digest, asked)) == expected


def test_sums_of_names() -> None:
    """Told and asked in any order; what was told twice is there once."""
    draw, sums, told = random.Random(0), Sums(), dict[int, set[int]]()
    for _ in range(300):
        name, value = draw.choice([0, 1, 2, 2**64 - 1]), draw.choice([0, 5, 2**64 - 1])
        sums.add(name, value)
        told.setdefault(name, set()).add(value)
        assert sums.of(asked := draw.choice([0, 1, 2, 3])) == told.get(asked, set())
    assert sum(map(len, told.values())) == len(sums._known[0])
