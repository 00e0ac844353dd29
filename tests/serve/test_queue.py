"""Many at once: nobody is lost, who cannot be served is told when to come again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
from numpy.typing import NDArray

from derain.serve.memory import Share
from tests.serve.conftest import Serving, counted, encoded, shown

Pixels = NDArray[np.uint8]


def test_sixty_four_at_once(serving: Serving, small: Pixels) -> None:
    """On four places: all get the picture in the end, by nothing but the answer's advice."""
    data, answers = encoded(small), Counter[int]()

    def visit(client: httpx.Client) -> bytes:
        while True:
            answer = client.post("/v1/derain", content=data)
            answers[answer.status_code] += 1
            if answer.status_code == 200:
                return answer.content
            assert answer.status_code == 429, answer.text
            time.sleep(int(answer.headers["retry-after"]) / 10)

    with serving(queue=4) as client, ThreadPoolExecutor(64) as pool:
        made = set(pool.map(visit, [client] * 64))
        assert made == {client.post("/v1/derain", content=data).content}
        assert set(answers) == {200, 429}
        assert counted(client, "done") == 65
        assert counted(client, "refused") == answers[429]
        assert shown(client, "derain_queue") == 0


def test_memory_is_waited_for_in_turn() -> None:
    """By those that need much as well as by those that need little."""

    async def scene() -> list[str]:
        share, order = Share(10), list[str]()

        async def take(name: str, size: int) -> None:
            with share.hold() as hold:
                await hold.wait_for(size)
                assert share.taken <= share.total
                order.append(name)
                await asyncio.sleep(0)
                hold.keep(1)
                await asyncio.sleep(0)

        names = [("a", 6), ("b", 10), ("c", 1), ("d", 9)]
        await asyncio.gather(*(take(name, size) for name, size in names))
        assert share.taken == 0
        return order

    assert asyncio.run(asyncio.wait_for(scene(), 5)) == ["a", "b", "c", "d"]


def test_memory_that_is_not_there_is_not_taken() -> None:
    share = Share(10)
    with share.hold() as one, share.hold() as other:
        assert one.take(6)
        assert not other.take(5)
        assert other.take(4)
        one.keep(2)
        assert (one.size, other.size, share.taken) == (2, 4, 6)
    assert share.taken == 0
