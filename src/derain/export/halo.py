"""How much context a tile needs, measured on the network itself.

The detail branch's convolutions alone reach far (327 px for the paper's sizes), and pooled gates
reach further through the next block's pool, but what arrives from afar is tiny. A halo is the
smallest distance from a cut beyond which a cut changes nothing that could be seen.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from derain.errors import ExportError
from derain.nn import Network
from derain.rain import RainSynthesizer, rain_preset

TOLERANCE = 0.25 / 255


def _probes(side: int) -> Tensor:
    """Generated pictures with structure at every scale, half of them in rain, (4, 3, S, S)."""
    generator = torch.Generator().manual_seed(0)
    picture = torch.full((4, 3, side, side), 0.5)
    for cells in (2, 5, 12, 40, 120, side):
        noise = torch.rand(4, 3, cells, cells, generator=generator) - 0.5
        picture += F.interpolate(noise, size=(side, side), mode="bilinear") / 3
    # A border where everything changes: the worst case for pooled means.
    picture[1::2, :, :, side // 2 :] *= 0.2
    picture = picture.clamp(0, 1)
    rainy = RainSynthesizer(rain_preset("heavy"))(picture[2:], generator).rainy
    return torch.cat([picture[:2], rainy])


@torch.no_grad()
def measure_halo(network: Network, tolerance: float = TOLERANCE) -> int:
    """Smallest halo, in whole size multiples, that hides a cut.

    Whole probes are compared with windows of them, cut on all four sides: beyond the halo from a
    cut no pixel of ``clean`` differs by more than ``tolerance``.

    Raises:
        ExportError: A cut is seen further away than the probes are large.
    """
    step = network.config.size_multiple
    if not network.config.window:  # nothing but convolutions: their reach is exact
        return -(-network.config.receptive_radius // step) * step
    network = network.eval()
    # Gates reach further than convolutions; what two windows away still does is far below a level.
    windows = 2 * network.config.window
    far = -(-(network.config.receptive_radius + windows) // step) + 1
    side = (2 * far + 1) * step
    margin = far // 2 * step + step
    probes = _probes(side + 2 * margin)
    difference = torch.zeros(side, side)
    for probe in probes[:, None]:  # all at once are gigabytes, for networks that reach far
        whole = network(probe).clean[..., margin:-margin, margin:-margin]
        window = network(probe[..., margin:-margin, margin:-margin].contiguous()).clean
        difference = difference.maximum((whole - window).abs().amax(dim=(0, 1)))
    for halo in range(step, side // 2, step):
        if float(difference[halo:-halo, halo:-halo].max()) <= tolerance:
            return halo
    raise ExportError(f"a cut changes pixels {side // 2} px away; this network cannot be tiled")
