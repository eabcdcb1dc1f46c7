"""The API asked as its own description says one may, and as it says one must not: it never fails, and answers as described."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from access.model import Duty, Role
from tests.security.client import Client
from tests.security.served import served
from tests.security.test_callback_rights import REQUESTS, ordered
from tests.store.test_callback_people import Exchange

EXAMPLES = 12
"""Of each operation and mode: some 400 requests, within a few seconds."""
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


def ask(operation: Any, mode: GenerationMode, address: str, bearer: str, ids: Sequence[str]) -> None:
    """Some requests to one operation, about requests that exist; each answer is checked against the description."""

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), id=st.sampled_from(ids))
    def one(case: Any, id: str) -> None:
        if "id" in case.path_parameters:
            case.path_parameters["id"] = id
        answer = case.call(base_url=address, headers={"Authorization": f"Bearer {bearer}"})
        case.validate_response(answer, checks=CHECKS)

    with contextlib.suppress(Unsatisfiable):  # nothing that could be said of this one would be wrong
        one()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_whatever_is_asked_is_answered_as_described(client: Client, mode: GenerationMode) -> None:
    client.service.callbacks.phones = Exchange(client.service.store)
    bearer = await client.token(*Role, duties=tuple(Duty), extension="1001")
    ids = [(await ordered(client, which, f"+467017406{number:02}")).id for number, which in enumerate(REQUESTS)]
    schema = schemathesis.openapi.from_dict(client.app.openapi()).include(tag=["callbacks", "audit"]).exclude(path="/api/callbacks/stream")
    schema = schema.exclude(path="/api/dialling/hold")  # answers 503 wherever there is no Asterisk
    async with served(client) as (address, _):
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            await asyncio.to_thread(ask, found.ok(), mode, address, bearer, ids)
