"""What is told of tasks that are done side by side, in the order of the tasks."""

from __future__ import annotations

from collections.abc import Callable


class Turns:
    """Tells of the first task that is not finished at once, and keeps what is told of the others.

    For one thread.
    """

    def __init__(self) -> None:
        self._first = 0
        self._kept: dict[int, list[Callable[[], object]]] = {}
        self._ended: set[int] = set()

    def tell(self, task: int, call: Callable[[], object]) -> None:
        """Call, when it is the turn of the task with this number, from 0."""
        if task == self._first:
            call()
        else:
            self._kept.setdefault(task, []).append(call)

    def end(self, task: int) -> None:
        """Nothing more is told of this task."""
        self._ended.add(task)
        while self._first in self._ended:
            self._ended.remove(self._first)
            self._first += 1
            for call in self._kept.pop(self._first, ()):
                call()
