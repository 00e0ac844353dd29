"""The server does what its own description says, whatever a machine makes of that."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import BaseSchema

from derain.media import FORMATS
from derain.serve.clips.routes import MEDIA_TYPES
from tests.serve.conftest import Serving, encoded

Pixels = NDArray[np.uint8]

load_all_checks()
# No schema can tell a picture from other bytes, so that good requests may be refused.
NOT_HELD = CHECKS.get_by_names(["positive_data_acceptance"])
SAMPLE = encoded(np.arange(24 * 31 * 3, dtype=np.uint8).reshape(24, 31, 3))

KINDS = [*(entry.media_type for entry in FORMATS.values()), *MEDIA_TYPES.values()]

for kind in ("application/octet-stream", *KINDS):
    schemathesis.openapi.media_type(kind, st.just(SAMPLE) | st.binary())


@pytest.fixture(scope="module")
def described(serving: Serving) -> Iterator[BaseSchema]:
    """The description that a server gives of itself."""
    with serving(token="s3cret") as client:
        headers = {"Authorization": "Bearer s3cret"}
        yield schemathesis.openapi.from_url(f"{client.base_url}/openapi.json", headers=headers)


@pytest.mark.parametrize("mode", GenerationMode)
def test_it_does_what_it_says(mode: GenerationMode, described: BaseSchema) -> None:
    """To requests as it describes them, and to others."""
    answered = defaultdict[str, Counter[int]](Counter)
    for found in described.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and operation.path not in ("/v1/derain", "/v1/clips"):
            continue  # nothing can be done wrong

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        def hold(case: schemathesis.Case) -> None:
            headers = {"Authorization": "Bearer s3cret"}
            answer = case.call_and_validate(headers=headers, excluded_checks=NOT_HELD, timeout=30)
            answered[case.path][answer.status_code] += 1

        hold()
    derained = answered["/v1/derain"]
    if mode is GenerationMode.NEGATIVE:
        assert derained[400] > 5
    else:
        assert derained[200] > 5
        assert {"/v1/models", "/metrics", "/healthz", "/readyz"} <= set(answered)


def test_all_that_is_served_is_described(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for method in ("get", "post", "delete"):
            status = client.request(method, path).status_code
            assert (status == 405) == (method not in operations), (method, path)


def test_the_description_is_of_this_server(client: httpx.Client) -> None:
    told = client.get("/openapi.json").json()
    derain = told["paths"]["/v1/derain"]["post"]
    assert derain["parameters"][0]["schema"] == {"enum": ["fast", "base"], "default": "fast"}
    assert "401" not in derain["responses"]
    assert "security" not in told
