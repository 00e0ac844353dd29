"""A derainer of a few lines, to put the detail repair network behind (configs/repair-median.toml).

Streaks are bright, narrow and near vertical, so the darker of a pixel and its horizontal median
loses them, and much fine detail with them.
"""

import numpy as np
from numpy.typing import NDArray

WIDTH = 9


def derain(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 -> the same, the darker of each pixel and the median of its row's window."""
    reach = WIDTH // 2
    padded = np.pad(image, ((0, 0), (reach, reach), (0, 0)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, WIDTH, axis=1)
    middle = np.partition(windows, reach, axis=-1)[..., reach]
    return np.minimum(image, middle)
