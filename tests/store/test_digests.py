"""Digests over a real store and a real mail server: at their time, once, to whom it concerns, and without anything personal."""

from __future__ import annotations

import asyncio
import re
import ssl
import subprocess
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from callbacks.follow_up import FollowUp
from callbacks.notices import links
from callbacks.notices.letter import SUBJECT, Letter
from callbacks.notices.mail import AddressRefused, Mail, MailAway, message, send
from callbacks.notices.memory import AGAIN, Memory
from callbacks.notices.service import Digests, Web
from callbacks.store import CallbackStore
from ivr.promises import sender
from routing.municipality import Municipality
from tests.mail_server import Mailbox, mail_server
from tests.orders import BUILDING, SOCIAL, Clock, lekeberg, local, ordered
from tests.redis_server import free_port

LEKEBERG = lekeberg()
MUNICIPALITIES = {"lekeberg": LEKEBERG}
BUILDERS, IFO, BUILDING_MANAGER, SOCIAL_MANAGER = "bygglov@example.com", "ifo@example.com", "byggchef@example.com", "socialchef@example.com"
KEY = links.key("seed")


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    """A mail server that takes everything."""
    async with mail_server() as box:
        yield box


def digests(redis: Redis, box: Mailbox, clock: Clock, municipality: Municipality = LEKEBERG) -> Digests:
    mail = Mail(host="127.0.0.1", port=box.port, tls="none", sender="kontaktcenter@example.com")
    web = Web("https://kontaktcenter.example.com", KEY)
    return Digests(CallbackStore(redis), Memory(redis), {"lekeberg": municipality}, sender(mail), web, clock, lambda: True)


def words(letter: EmailMessage) -> str:
    """All that can be read in a letter, with its head."""
    return "\n".join([str(dict(letter.items())), *(part.get_content() for part in letter.walk() if not part.is_multipart())])


def plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


async def test_an_owner_is_told_of_what_is_new_soon_and_late_each_with_its_time(redis: Redis, box: Mailbox) -> None:
    store = CallbackStore(redis)
    await ordered(store, "2026-11-23 08:10", owner=BUILDING, number="+46701740606")  # due today 08:10
    await ordered(store, "2026-11-23 10:00", owner=BUILDING, number="+46701740607")  # due today 10:00
    await ordered(store, "2026-11-23 14:00", owner=BUILDING, number="+46701740608")  # due today 14:00
    await digests(redis, box, Clock("2026-11-24 08:30")).go()
    (letter,) = box.to(BUILDERS)
    said = [line for line in plain(letter).splitlines() if line and "https:" not in line]
    assert said[:7] == [
        "Hej!",
        "Försenade", "- Senast tisdag 24 november kl. 08.10: Bygga och miljö",
        "Snart dags", "- Senast tisdag 24 november kl. 10.00: Bygga och miljö",
        "Nya", "- Senast tisdag 24 november kl. 14.00: Bygga och miljö",
    ]  # fmt: skip
    assert (letter["Subject"], letter["Auto-Submitted"]) == (SUBJECT, "auto-generated")


async def test_a_letter_holds_no_number_name_matter_or_message_and_no_social_topic(redis: Redis, box: Mailbox) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-26 08:30")
    await ordered(store, "2026-11-23 08:00", owner=BUILDING)
    await ordered(store, "2026-11-23 08:00", topic="social")
    await ordered(store, "2026-11-23 08:00", topic="concern", number="+46701740606")
    await ordered(store, "2026-11-23 08:00", owner=SOCIAL, topic="care", number="+46701740607")
    await FollowUp(store, MUNICIPALITIES, clock, lambda: True).go()
    await digests(redis, box, clock).go()
    assert {address for address, _ in box.taken} == {BUILDERS, IFO, BUILDING_MANAGER, SOCIAL_MANAGER}
    for address, letter in box.taken:
        found = words(letter)
        for secret in ("1740605", "1740606", "1740607", "Någon", "Storgatan", "Ring mig"):
            assert secret not in found
        if address in (IFO, SOCIAL_MANAGER):
            assert plain(letter).count(": ett ärende") == 3
            without_addresses = re.sub(r"/svar/\S+", "", found).replace(address, "")
            assert not re.search("social|oro|omsorg|äldre|ifo|concern", without_addresses, re.IGNORECASE)


async def test_a_manager_is_told_of_what_has_lapsed_without_links_and_not_before(redis: Redis, box: Mailbox) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-24 08:30")
    await ordered(store, "2026-11-23 09:00", owner=BUILDING)
    await digests(redis, box, clock).go()
    assert box.to(BUILDING_MANAGER) == []
    clock.set("2026-11-24 13:00")
    await FollowUp(store, MUNICIPALITIES, clock, lambda: True).go()
    await digests(redis, box, clock).go()
    (letter,) = box.to(BUILDING_MANAGER)
    assert "Försenade i förvaltningen\n- Senast tisdag 24 november kl. 09.00: Bygga och miljö" in plain(letter)
    assert "https:" not in words(letter)


async def test_who_manages_and_owns_is_told_of_a_request_once_as_its_owner(redis: Redis, box: Mailbox) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-24 13:00")
    await ordered(store, "2026-11-23 09:00", owner=BUILDING)
    await FollowUp(store, MUNICIPALITIES, clock, lambda: True).go()
    file = lekeberg()
    manages = file.administrations["building"].model_copy(update={"manager_email": BUILDERS})
    one = file.model_copy(update={"administrations": file.administrations | {"building": manages}})
    await digests(redis, box, clock, one).go()
    ((address, letter),) = box.taken
    assert (address, plain(letter).count("Senast"), plain(letter).count("/svar/")) == (BUILDERS, 1, 3)


async def test_a_manager_is_told_of_a_guides_promise_at_its_limit(redis: Redis, box: Mailbox) -> None:
    store = CallbackStore(redis)
    await ordered(store, "2026-11-20 09:00", topic="building")  # limit: Tuesday 16:30
    for at, letters in (("2026-11-24 13:00", 0), ("2026-11-25 08:30", 1)):
        await digests(redis, box, Clock(at)).go()
        assert len(box.to(BUILDING_MANAGER)) == letters


async def test_a_recipient_gets_one_letter_a_time_from_any_number_of_controllers(redis: Redis, box: Mailbox) -> None:
    await ordered(CallbackStore(redis), "2026-11-23 09:00", owner=BUILDING)
    clock = Clock("2026-11-24 08:30")
    for at, letters in (("08:30", 1), ("08:31", 1), ("12:59", 1), ("13:00", 2), ("16:29", 2)):
        clock.set(f"2026-11-24 {at}")
        await asyncio.gather(*(digests(redis, box, clock).go() for _ in range(3)))
        assert len(box.to(BUILDERS)) == letters, at


@pytest.mark.parametrize(("at", "letters"), [
    ("2026-11-24 08:29", 0), ("2026-11-24 08:30", 1), ("2026-11-24 16:29", 1), ("2026-11-24 16:30", 0),  # made up for until we close
    ("2026-11-28 09:00", 0), ("2026-04-03 09:00", 0), ("2026-04-02 11:59", 1), ("2026-04-02 13:00", 0),  # a weekend, Good Friday, an eve
])  # fmt: skip
async def test_letters_go_out_while_we_are_open_only(redis: Redis, box: Mailbox, at: str, letters: int) -> None:
    await ordered(CallbackStore(redis), "2026-03-23 09:00", owner=BUILDING)
    await digests(redis, box, Clock(at)).go()
    assert len(box.to(BUILDERS)) == letters


async def test_who_has_nothing_to_see_to_gets_no_letter_later_in_the_day_either(redis: Redis, box: Mailbox) -> None:
    clock = Clock("2026-11-24 08:30")
    await digests(redis, box, clock).go()
    await ordered(CallbackStore(redis), "2026-11-24 08:40", owner=BUILDING)
    clock.set("2026-11-24 09:00")
    await digests(redis, box, clock).go()
    assert box.taken == []
    clock.set("2026-11-24 13:00")
    await digests(redis, box, clock).go()
    assert len(box.to(BUILDERS)) == 1


async def test_a_letter_that_was_not_taken_is_sent_later_and_the_others_at_once(redis: Redis, box: Mailbox) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-24 08:30")
    await ordered(store, "2026-11-23 09:00", owner=BUILDING)
    await ordered(store, "2026-11-23 09:00", topic="social")
    box.refuses.add(BUILDERS)
    await digests(redis, box, clock).go()
    assert [address for address, _ in box.taken] == [IFO]
    box.refuses.clear()
    await digests(redis, box, clock).go()
    assert box.to(BUILDERS) == []  # not at once: it may be a mail server that wants to be left alone
    (key,) = [key for key in await redis.keys("*digest*") if await redis.get(key) == "begun"]
    assert 0 < await redis.ttl(key) <= AGAIN.total_seconds()
    await redis.delete(key)  # the quarter of an hour is over
    await digests(redis, box, clock).go()
    assert len(box.to(BUILDERS)) == len(box.to(IFO)) == 1


async def test_without_its_mail_server_nothing_is_lost_and_nothing_breaks(redis: Redis, box: Mailbox) -> None:
    await ordered(CallbackStore(redis), "2026-11-23 09:00", owner=BUILDING)
    clock = Clock("2026-11-24 08:30")
    await digests(redis, Mailbox(port=free_port()), clock).go()
    (key,) = [key for key in await redis.keys("*digest*") if await redis.get(key) == "begun"]
    await redis.delete(key)
    await digests(redis, box, clock).go()
    assert len(box.to(BUILDERS)) == 1


async def test_each_link_in_a_letter_is_one_act_on_one_request(redis: Redis, box: Mailbox) -> None:
    asked = await ordered(CallbackStore(redis), "2026-11-23 09:00", owner=BUILDING)
    await digests(redis, box, Clock("2026-11-24 08:30")).go()
    (letter,) = box.to(BUILDERS)
    tokens = re.findall(r"https://kontaktcenter\.example\.com/svar/(\S+)", plain(letter))
    found = [links.read(token, KEY, local("2026-11-24 08:30")) for token in tokens]
    assert [(one.request_id, one.deed, one.extension) for one in found] == [(asked.id, deed, BUILDING) for deed in links.DEEDS]
    assert {one.expires for one in found} == {int(local("2026-11-27 08:30").timestamp())}
    html = letter.get_body(("html",))
    assert html is not None
    assert re.findall(r'href="https://kontaktcenter\.example\.com/svar/([^"]+)"', html.get_content()) == tokens


async def test_a_letter_stays_short(redis: Redis, box: Mailbox) -> None:
    for n in range(25):
        await ordered(CallbackStore(redis), "2026-11-23 09:00", owner=BUILDING, number=f"+4670174{n:04}")
    await digests(redis, box, Clock("2026-11-24 08:30")).go()
    (letter,) = box.to(BUILDERS)
    assert plain(letter).count("Senast") == 20
    assert "Och 5 till: se listan i Kontaktcenter." in plain(letter)


LETTER = message(Letter(SUBJECT, "Hej!\n", "<p>Hej!</p>"), "kontaktcenter@example.com", BUILDERS, local("2026-11-24 08:30"))


async def test_mail_goes_over_tls_with_a_login_and_only_to_a_server_whose_certificate_holds(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    files = ["-keyout", str(key), "-out", str(certificate)]
    await asyncio.to_thread(subprocess.run, [*command.split(), *files], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with mail_server(context) as box:
        login = {"user": "user", "password": "a password"}
        server = Mail(host="localhost", port=box.port, ca=certificate, sender="kontaktcenter@example.com", **login)
        await send(server, LETTER)
        assert (len(box.to(BUILDERS)), box.logins) == (1, [(b"user", b"a password")])
        with pytest.raises(MailAway):
            await send(server.model_copy(update={"ca": None}), LETTER)
        with pytest.raises(MailAway):
            await send(server.model_copy(update={"tls": "none"}), LETTER)


async def test_what_a_mail_server_says_no_to_is_told_without_the_address(box: Mailbox) -> None:
    server = Mail(host="127.0.0.1", port=box.port, tls="none", sender="kontaktcenter@example.com")
    box.refuses.add(BUILDERS)
    with pytest.raises(AddressRefused, match=r"^550$"):
        await send(server, LETTER)
    box.refuses.clear()
    box.is_full = True
    with pytest.raises(MailAway, match=r"SMTPDataError$"):
        await send(server, LETTER)


@pytest.mark.parametrize("wrong", [{"host": "mail.example.com"}, {"password": "a password", "tls": "none"}, {"from": "nobody"}])
def test_settings_that_cannot_work_are_refused_at_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Mail.model_validate(wrong)
