"""What every architecture of the registry must keep, whatever it is made of.

A new one is found by itself: nothing is to be added here.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from derain.errors import ConfigError, ExportError
from derain.export.halo import measure_halo
from derain.export.onnx import check_parity, to_onnx
from derain.nn import (
    ARCHITECTURES,
    Network,
    build_network,
    config_of,
    load_network,
    macs_per_pixel,
    save_network,
)
from derain.nn.registry import architecture_of

SMALL: dict[str, dict[str, object]] = {
    # Where the first preset is too large for a test.
    "drdnet": {
        "channels": 16, "rain_blocks": 2, "detail_blocks": 1, "detail_input": "both",
        "unshuffle": 2, "detail_unshuffle": 4, "norm": "none", "slopes": "shared",
        "pool_window": 12,
    },
    "nafnet": {"channels": 8, "encoder": [1], "middle": 1, "decoder": [1], "cell": 8},
}  # fmt: skip

NAMES = list(ARCHITECTURES)


@pytest.fixture(params=NAMES)
def network(request: pytest.FixtureRequest) -> Network:
    """A small network of the architecture, with weights that do something."""
    kind = ARCHITECTURES[request.param]
    config = next(iter(kind.presets.values()))
    if request.param in SMALL:
        config = config_of(request.param, SMALL[request.param])
    torch.manual_seed(0)
    network = build_network(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
    return network.eval()


def picture(network: Network, rows: int = 2, columns: int = 3) -> torch.Tensor:
    side = network.config.size_multiple
    shape = 1, network.planes, rows * side, columns * side
    return torch.rand(shape, generator=torch.Generator().manual_seed(1))


def test_layers_add_up_and_are_float32(network: Network) -> None:
    rainy = picture(network)
    for mode in (True, False):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            layers = network.train(mode)(rainy)
        for layer in layers:
            assert layer.shape == rainy[:, :3].shape and layer.dtype == torch.float32
        torch.testing.assert_close(layers.clean, rainy[:, :3] - layers.rain + layers.detail)
        assert float(layers.rain.std()) > 0


def test_sizes_that_do_not_fit_are_refused(network: Network) -> None:
    side = network.config.size_multiple
    with pytest.raises(ValueError, match=f"multiple of {side}"):
        network(torch.rand(1, network.planes, side + 1, side))
    with pytest.raises(ValueError, match=f"not {network.planes}"):
        network(torch.rand(1, network.planes + 1, side, side))
    size = 8 * network.config.patch_multiple
    assert network.train()(torch.rand(1, network.planes, size, size)).clean.shape[-1] == size


def test_a_fresh_network_changes_nothing(network: Network) -> None:
    if network.kind == "gate":
        pytest.skip("a gate takes as much of each candidate")
    fresh, rainy = build_network(network.config).eval(), picture(network, 1, 1)
    with torch.no_grad():
        assert torch.equal(fresh(rainy).clean, rainy)


def test_every_weight_learns(network: Network) -> None:
    layers = network.train()(picture(network))
    (layers.clean.square().mean() + layers.coarse.square().mean()).backward()
    still = [n for n, p in network.named_parameters() if p.grad is None or not bool(p.grad.any())]
    assert not still


def test_parts_hold_all_weights(network: Network) -> None:
    held = {f"{part}.{n}" for part in network.config.parts for n in network.part(part).state_dict()}
    assert held == set(network.state_dict())


def test_folding_is_exact(network: Network) -> None:
    rainy = picture(network)
    before = {k: v.clone() for k, v in network.state_dict().items()}
    with torch.no_grad():
        for whole, folded in zip(network(rainy), network.folded()(rainy), strict=True):
            assert float((whole - folded).abs().max()) <= 1e-5
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())


def test_cost_is_that_of_any_picture(network: Network) -> None:
    """Of a large one that is computed, with its gates; what is not known is refused before."""
    rainy = picture(network, 2, 3)[:, : network.inference_planes]
    folded = network.folded()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        folded.inference(rainy)
    pixels = rainy.shape[-1] * rainy.shape[-2]
    assert macs_per_pixel(network) == round(counter.get_total_flops() / 2 / pixels) > 0


def test_nothing_is_seen_beyond_the_reach(network: Network) -> None:
    """The gradient of the middle ends within the receptive radius, once gates are held still."""
    network = network.double()
    with torch.no_grad():
        gates = [(m, m.forward) for m in network.modules() if hasattr(m, "gates")]
        for module, _ in gates:
            module.forward = lambda x: x  # type: ignore[assignment, method-assign]
        for module in network.modules():
            if hasattr(module, "_attend"):
                module._attend = torch.ones_like  # type: ignore[assignment]
    radius, step = network.config.receptive_radius, network.config.size_multiple
    side = step * -(-(2 * radius + 3 * step) // step)
    rainy = torch.rand(1, network.planes, side, step, dtype=torch.double, requires_grad=True)
    middle = side // 2
    network(rainy).clean[0, :, middle].sum().backward()
    assert rainy.grad is not None
    rows = rainy.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert max(middle - int(rows[0]), int(rows[-1]) - middle) <= radius


def test_onnx_is_the_same_network_and_tiles(network: Network) -> None:
    onnx = to_onnx(network)
    assert check_parity(network, onnx) <= 1e-4
    broken = deepcopy(network)
    with torch.no_grad():
        next(broken.parameters()).fill_(torch.nan)
    with pytest.raises(ExportError, match="differs from torch by nan"):
        check_parity(broken, onnx)
    halo = measure_halo(network)
    assert halo % network.config.size_multiple == 0


def test_files_carry_the_architecture(network: Network, tmp_path: Path) -> None:
    save_network(network, tmp_path / "n.safetensors")
    loaded = load_network(tmp_path / "n.safetensors")
    assert type(loaded) is type(network) and loaded.config == network.config
    rainy = picture(network, 1, 1)
    with torch.no_grad():
        assert torch.equal(loaded(rainy).clean, network(rainy).clean)


def test_a_part_is_taken_over(network: Network) -> None:
    other = build_network(network.config).eval()
    for part in network.config.parts:
        other.take_over(network, part)
    rainy = picture(network, 1, 1)
    with torch.no_grad():
        assert torch.equal(other(rainy).clean, network(rainy).clean)
    stranger = next(n for n in NAMES if n != architecture_of(network.config))
    config = next(iter(ARCHITECTURES[stranger].presets.values()))
    with pytest.raises(ConfigError):
        network.take_over(build_network(config), network.config.parts[0])


@pytest.mark.parametrize("name", NAMES)
def test_configurations_round_trip_and_refuse(name: str) -> None:
    for config in ARCHITECTURES[name].presets.values():
        assert config_of(name, config.to_dict()) == config
    with pytest.raises(ConfigError, match="width"):
        config_of(name, {"width": 3})
    with pytest.raises(ConfigError, match="mirrors"):
        config_of(name, {"mirrors": 3})
