"""A crisis message, recorded at a guide's phone or uploaded, is heard before the menu and in the fallback, and never after its end."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from simulation import HangUp, Phone, Press, Wait
from tests.calls.operating import ask, open_files
from tests.calls.stack import Stack, until
from tests.calls.test_without_controller import killed

PATH = "/api/crisis-message?municipality=lekeberg"


def sound(seconds: float, rate: int = 8000, channels: int = 1) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\x00\x10" * int(seconds * rate) * channels)
    return made.getvalue()


@pytest.fixture
async def none_left(stack: Stack, ready: float) -> AsyncIterator[None]:
    """However the story ends, no message is left."""
    yield
    assert (await ask(stack, "DELETE", PATH))[0] == 200


async def plays(stack: Stack, folder: str, within: float = 15) -> None:
    """Wait until Asterisk plays a file of this folder to a caller."""

    async def played() -> bool:
        return any(f"/{folder}/lekeberg-" in name for name in open_files(stack))

    await until(played, within, f"a caller who hears a message of {folder}")


async def in_force(stack: Stack) -> str | None:
    source: str | None = (await ask(stack, "GET", PATH))[1][0]["source"]
    return source


async def recorded(stack: Stack) -> None:
    async def there() -> bool:
        return await in_force(stack) == "recorded"

    await until(there, 10, "the recorded message")


async def test_an_uploaded_message_comes_before_the_menu_and_a_key_works_in_it(
    stack: Stack, ready: float, guide: Phone, none_left: None
) -> None:
    status, put = await ask(stack, "PUT", PATH, sound(6.0))
    assert (status, put["source"]) == (200, "uploaded")
    assert timedelta(hours=3) < datetime.fromisoformat(put["until"]) - datetime.now(UTC) <= timedelta(hours=4)
    call = asyncio.create_task(stack.call("0701740697", Wait(2.5), Press("1"), Wait(6.0), HangUp()))
    await plays(stack, "crisis")
    assert (await call).answered
    assert [ring.name for ring in guide.rings] == ["Omsorg 0701740697"]


async def test_without_the_controller_the_dialplan_plays_it(stack: Stack, ready: float, guide: Phone, none_left: None) -> None:
    await ask(stack, "PUT", PATH, sound(6.0))
    async with killed(stack):
        call = asyncio.create_task(stack.call("0701740698", Wait(25.0), HangUp()))
        await plays(stack, "crisis", within=20)
        assert (await call).answered
        assert len(guide.rings) == 1


async def test_it_is_never_played_after_its_end(stack: Stack, ready: float, guide: Phone, none_left: None) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await ask(stack, "PUT", f"{PATH}&until={soon}", sound(6.0)))[0] == 200

    async def over() -> bool:
        return await in_force(stack) is None

    await until(over, 10, "the end of the message")
    call = asyncio.create_task(stack.call("0701740699", Wait(2.5), Press("1"), Wait(4.0), HangUp()))
    while not call.done():
        assert not any("/crisis/" in name for name in open_files(stack))
        await asyncio.wait([call], timeout=0.2)
    assert (await call).answered


@pytest.mark.parametrize(("body", "status", "error"), [
    (sound(10.1), 422, "crisis_length"),
    (sound(0.0), 422, "crisis_length"),
    (sound(30.0), 413, "crisis_size"),
    (sound(2.0, rate=16000), 415, "crisis_format"),
    (sound(1.0, channels=2), 415, "crisis_format"),
    (sound(2.0)[:9000], 415, "crisis_format"),
    (b"no sound at all", 415, "crisis_format"),
])  # fmt: skip
async def test_what_a_telephone_cannot_play_is_refused_by_name(stack: Stack, ready: float, body: bytes, status: int, error: str) -> None:
    got, said = await ask(stack, "PUT", PATH, body)
    assert (got, said["error"]) == (status, error)
    assert await in_force(stack) is None


async def test_a_guide_records_it_by_phone_hears_it_and_keeps_it_and_91_ends_it(stack: Stack, ready: float, none_left: None) -> None:
    async with stack.softphone("1002") as phone:
        leg = await phone.dial("*90")
        await plays(stack, "crisis", within=20)  # the file that is being written
        for _ in range(10):  # the phone's only sound is what it sends before a key
            await leg.press("5")
        await leg.press("#")
        await plays(stack, "crisis", within=10)
        await leg.press("1")
        await recorded(stack)
        await asyncio.wait_for(leg.ended.wait(), 15)
        call = asyncio.create_task(stack.call("0701740697", Wait(4.0), HangUp()))
        await plays(stack, "crisis")
        await call
        leg = await phone.dial("*91")
        await asyncio.wait_for(leg.ended.wait(), 15)
    assert await in_force(stack) is None
