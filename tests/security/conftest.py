"""The application as it is, with a store and without an Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.service import Service
from ivr.settings import Settings
from ivr.web import create
from tests.redis_server import redis_server, waiting
from tests.security.client import SECRET, Client


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """Somebody who asks it."""
    async with redis_server() as redis, waiting(redis) as patient:
        settings = Settings(_env_file=None, ami_secret=SECRET, redis_password=SECRET, phone_seed=SECRET, rendered=tmp_path)
        service = Service(settings, redis, patient)
        yield Client(service, create(service))
