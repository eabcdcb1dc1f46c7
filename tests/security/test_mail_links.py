"""The links in a mail, on the real application: looking changes nothing, pressing does it once, and no other link does anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from callbacks.model import Request
from callbacks.notices import links
from callbacks.notices.letter import TITLES
from callbacks.notices.links import Deed, Link, sign
from callbacks.store import Act, Attempt, CallbackStore
from ivr.service import Service
from ivr.settings import Settings
from ivr.web import create
from routing.callback_rules import CallbackRules
from tests.orders import BUILDING, acts, ordered
from tests.redis_server import redis_server, waiting
from tests.security.client import SECRET

KEY = links.key(SECRET)


class Mailbox:
    """Who has got a mail, and opens its links."""

    def __init__(self, service: Service) -> None:
        self.service, self.store = service, CallbackStore(service.redis)
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(create(service)), base_url="http://kontaktcenter")

    async def order(self, topic: str = "building") -> Request:
        return await ordered(self.store, "2026-11-24 08:00", owner=BUILDING, topic=topic)

    def link(self, of: Request, deed: Deed, key: bytes = KEY, extension: str = BUILDING, life: timedelta = links.LIFE) -> str:
        expires = int((datetime.now(UTC) + life).timestamp())
        return sign(Link(of.municipality, of.id, deed, extension, expires), key)

    async def look(self, token: str) -> httpx.Response:
        return await self._http.get(f"/svar/{token}")

    async def press(self, token: str) -> httpx.Response:
        return await self._http.post(f"/svar/{token}")

    async def find(self, of: Request) -> Request:
        found = await self.store.find(of.municipality, of.id)
        assert found is not None
        return found


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    """The application as it is, with a store and without an Asterisk."""
    async with redis_server() as redis, waiting(redis) as patient:
        settings = Settings(_env_file=None, ami_secret=SECRET, redis_password=SECRET, phone_seed=SECRET, rendered=tmp_path)
        yield Mailbox(Service(settings, redis, patient))


async def test_a_look_says_what_would_be_done_and_changes_nothing(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    for deed in links.DEEDS:
        page = await mailbox.look(mailbox.link(asked, deed))
        assert page.status_code == 200
        assert "Återuppringning senast onsdag 25 november kl. 08.00" in page.text
        assert page.text.count("<button>") == page.text.count(f"<button>{TITLES[deed]}</button>") == 1
    assert await mailbox.find(asked) == asked
    assert await acts(mailbox.store, asked) == ["registered"]


@pytest.mark.parametrize(("deed", "state", "outcome", "done"), [
    ("done", "closed", "solved", ["taken", "closed"]),
    ("not_reached", "closed", "not_reached", ["taken", "closed"]),
    ("take_over", "taken", "", ["taken"]),
])  # fmt: skip
async def test_the_button_does_it_once_in_the_owners_name(mailbox: Mailbox, deed: Deed, state: str, outcome: str, done: list[str]) -> None:
    asked = await mailbox.order()
    token = mailbox.link(asked, deed)
    assert (await mailbox.press(token)).status_code == 200
    found = await mailbox.find(asked)
    assert (found.state, found.outcome) == (state, outcome)
    history = await mailbox.store.history("lekeberg", asked.id)
    assert [entry.act for entry in history] == ["registered", *done]
    assert {(entry.by, (entry.model_extra or {})["why"]) for entry in history[1:]} == {(BUILDING, "by mail link")}
    for again in (await mailbox.press(token), await mailbox.look(token)):
        assert (again.status_code, "Redan gjort" in again.text, "<button>" in again.text) == (200, True, False)
    assert await mailbox.find(asked) == found


async def test_a_link_is_good_once_even_after_what_it_did_was_undone(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    token = mailbox.link(asked, "take_over")
    await mailbox.press(token)
    taken = await mailbox.find(asked)
    assert taken.lease_until is not None
    await mailbox.store.expire(taken, Act(taken.lease_until))
    assert "Redan gjort" in (await mailbox.press(token)).text
    assert (await mailbox.find(asked)).state == "waiting"
    head, signature = token.split(".")
    for variant in (f"{head}!.{signature}", f"{head}.{signature}%3D", f"{head}.{signature}!"):  # the same bytes, written otherwise
        assert "Tack" not in (await mailbox.press(variant)).text
        assert (await mailbox.find(asked)).state == "waiting"


async def test_pressed_several_times_at_once_it_is_one_act(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    token = mailbox.link(asked, "done")
    pages = await asyncio.gather(*(mailbox.press(token) for _ in range(5)))
    assert {page.status_code for page in pages} == {200}
    assert await acts(mailbox.store, asked) == ["registered", "taken", "closed"]


async def test_who_has_taken_it_by_one_link_says_by_another_how_it_went(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    await mailbox.press(mailbox.link(asked, "take_over"))
    assert "Tack" in (await mailbox.press(mailbox.link(asked, "done"))).text
    assert (await mailbox.find(asked)).outcome == "solved"


async def test_a_link_of_what_is_closed_says_so(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    await mailbox.store.close("lekeberg", asked.id, "called_in", Act(asked.created_at))
    for page in (await mailbox.look(mailbox.link(asked, "done")), await mailbox.press(mailbox.link(asked, "not_reached"))):
        assert (page.status_code, "Redan avslutat" in page.text) == (200, True)
    assert (await mailbox.find(asked)).outcome == "called_in"


async def test_what_somebody_else_works_on_is_left_to_them_until_they_let_go(mailbox: Mailbox) -> None:
    asked, now = await mailbox.order(), datetime.now(UTC)
    await mailbox.store.take("lekeberg", asked.id, "1001", Act(now, by="1001"), now)
    token = mailbox.link(asked, "done")
    page = await mailbox.press(token)
    assert (page.status_code, "Någon annan" in page.text) == (409, True)
    taken = await mailbox.find(asked)
    assert (taken.state, taken.held_by) == ("taken", "1001")
    await mailbox.store.expire(taken, Act(now))
    assert "Tack" in (await mailbox.press(token)).text


async def test_while_a_phone_rings_nothing_is_closed_under_it(mailbox: Mailbox) -> None:
    asked, now = await mailbox.order(), datetime.now(UTC)
    await mailbox.store.take("lekeberg", asked.id, BUILDING, Act(now, by=BUILDING), now + timedelta(hours=1))
    await mailbox.store.call("lekeberg", asked.id, Attempt("a1", held_by=BUILDING, midnight=now, tomorrow=now), Act(now), CallbackRules())
    for deed in links.DEEDS:
        page = await mailbox.press(mailbox.link(asked, deed))
        assert (page.status_code, "Ett samtal pågår" in page.text) == (409, True)
    assert (await mailbox.find(asked)).state == "dialling"


async def test_a_request_that_was_given_on_is_its_new_owners(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    await mailbox.store.put_back(asked.model_copy(update={"owner": "2001"}), Act(asked.created_at), "given")
    for page in (await mailbox.look(mailbox.link(asked, "done")), await mailbox.press(mailbox.link(asked, "done"))):
        assert (page.status_code, "inte hos dig" in page.text) == (409, True)
    assert (await mailbox.find(asked)).state == "waiting"


async def test_a_forged_link_does_nothing_and_says_what_to_do(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    head, signature = mailbox.link(asked, "take_over").split(".")
    other, _ = mailbox.link(asked, "done").split(".")
    wrong = [
        mailbox.link(asked, "done", key=links.key("another seed " * 2)), f"{other}.{signature}", f"{head}.{signature[:-1]}", f"{head}.",
        f".{signature}", head, "x", "å", "a.b.c", f"{head}.{signature}.x", "%00",
    ]  # fmt: skip
    for token in wrong:
        for page in (await mailbox.look(token), await mailbox.press(token)):
            assert (page.status_code, "Länken gäller inte" in page.text, "<button>" in page.text) == (404, True, False), token
    assert await acts(mailbox.store, asked) == ["registered"]


async def test_an_old_link_does_nothing_and_says_so(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    token = mailbox.link(asked, "done", life=timedelta(seconds=-1))
    for page in (await mailbox.look(token), await mailbox.press(token)):
        assert (page.status_code, "för gammal" in page.text) == (410, True)
    assert (await mailbox.find(asked)).state == "waiting"


@pytest.mark.parametrize("lost", [{"municipality": "nowhere"}, {"id": "0" * 32}])
async def test_a_link_to_what_is_kept_no_longer_is_too_old(mailbox: Mailbox, lost: dict[str, str]) -> None:
    asked = (await mailbox.order()).model_copy(update=lost)
    assert (await mailbox.press(mailbox.link(asked, "done"))).status_code == 410


async def test_without_the_store_the_page_says_so(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    await mailbox.service.redis.shutdown(nosave=True)
    for page in (await mailbox.look(mailbox.link(asked, "done")), await mailbox.press(mailbox.link(asked, "done"))):
        assert (page.status_code, "Försök igen" in page.text) == (503, True)


async def test_no_page_names_anybody_or_the_matter_and_none_lets_anything_else_in(mailbox: Mailbox) -> None:
    asked = await mailbox.order()
    token = mailbox.link(asked, "done")
    for page in (await mailbox.look(token), await mailbox.press(token), await mailbox.press(token), await mailbox.look("x")):
        assert '<html lang="sv">' in page.text
        for secret in ("1740605", "Någon", "Storgatan", "Bygg", BUILDING, asked.id):
            assert secret not in page.text
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self'; frame-ancestors 'none'" in policy
        assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
        assert "<script" not in page.text
