from collections.abc import AsyncIterator

import pytest

from tests.sandbox.feishu_client import Client, calling


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with calling() as client:
        yield client
