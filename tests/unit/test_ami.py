"""The manager adapter against a scripted peer on a real socket: one test for each way the library or a network fails."""

import asyncio
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from ivr.ami import ActionFailed, Ami, AmiLost, AmiRefused, Event, Limits, TooLate, sessions
from tests.ami_peer import DEADLINE, Peer, reply, silence

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def connected(limits: Limits | None = None, wanted: frozenset[str] | None = None) -> AsyncIterator[tuple[Peer, Ami]]:
    async with Peer() as peer:
        ami = Ami(peer.credentials(), limits or Limits(), wanted)
        await ami.connect()
        try:
            yield peer, ami
        finally:
            await ami.close()
            assert ami.pending == 0


async def take(ami: Ami, count: int = 1) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(DEADLINE), aclosing(ami.events()) as stream:
        async for event in stream:
            events.append(event)
            if len(events) == count:
                break
    return events


async def test_a_connection_idle_for_longer_than_the_connect_timeout_stays_alive() -> None:
    async with connected(Limits(connect=0.2, ping_after=0.6, tick=0.05)) as (peer, ami):
        await peer.until(lambda p: "Ping" in p.names())  # the first byte after 0.6 idle seconds
        assert await ami.action("CoreStatus")


async def test_a_peer_that_says_nothing_any_more_is_given_up() -> None:
    async with connected(Limits(ping_after=0.1, dead_after=0.4, tick=0.05)) as (peer, ami):
        peer.replies["Ping"] = silence
        with pytest.raises(AmiLost, match="no byte"):
            await take(ami)


async def test_after_a_reset_the_next_session_is_a_fresh_one_and_nothing_is_sent_again() -> None:
    async with Peer() as peer:
        peer.replies["Originate"] = silence
        async with asyncio.timeout(DEADLINE), aclosing(sessions(peer.credentials(), shortest=0.01)) as fresh:
            async for ami in fresh:
                if peer.logins == 2:
                    assert await ami.action("CoreStatus")
                    break
                waiting = asyncio.create_task(ami.action("Originate"))
                await peer.until(lambda p: "Originate" in p.names())
                peer.reset()
                with pytest.raises(AmiLost):
                    await waiting
        assert peer.names() == ["Login", "Originate", "Login", "CoreStatus"]


async def test_sessions_wait_for_a_peer_that_is_not_there_yet_and_end_at_a_refused_login() -> None:
    async with Peer() as peer:
        peer.greeting = b"SSH-2.0\r\n"
        fresh = sessions(peer.credentials(secret="wrong"), Limits(connect=0.3), shortest=0.01)
        first = asyncio.ensure_future(anext(fresh))
        async with asyncio.timeout(DEADLINE):
            await peer.gone.wait()
            peer.greeting = b"Asterisk Call Manager/11.0.0\r\n"
            with pytest.raises(AmiRefused):
                await first


async def test_an_unanswered_action_times_out_and_its_late_reply_harms_nobody() -> None:
    async with connected() as (peer, ami):
        peer.replies["Redirect"] = silence
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await ami.action("Redirect", timeout=0.05)
        assert ami.pending == 0
        await peer.send(reply(peer.actions[-1], "Success"))
        assert await ami.action("CoreStatus")


@pytest.mark.parametrize("bad", ["x\r\nAction: Command", "x\ny", "x\ry", "x\0y", "å" * 600])
async def test_a_value_that_could_become_another_line_is_refused_and_not_shown(bad: str) -> None:
    async with connected() as (peer, ami):
        for attempt in (
            ami.action("Setvar", Value=bad),
            ami.action("Setvar", **{f"K{bad}": "v"}),  # type: ignore[arg-type]  # keys are what is tested
            ami.action("Originate", variables={"V": bad}),
            ami.action(bad),
            ami.batch([("Ping", {}), ("Setvar", {"Value": bad})]),
        ):
            with pytest.raises(ValueError, match=r"character|1000 bytes"):
                await attempt
        assert peer.names() == ["Login"]


@pytest.mark.parametrize("value", ["1,OTHER=2", 'a"b', "a\\b"])
async def test_a_variable_that_asterisk_would_read_differently_is_refused(value: str) -> None:
    async with connected() as (_, ami):
        with pytest.raises(ValueError, match="would not arrive"):
            await ami.action("Originate", variables={"A": value})


async def test_a_colon_in_a_key_and_an_own_action_id_are_refused() -> None:
    async with connected() as (_, ami):
        for headers in ({"A: b": "c"}, {"actionid": "1"}):
            with pytest.raises(ValueError, match=r"character|ActionID"):
                await ami.action("Setvar", **headers)  # type: ignore[arg-type]  # keys are what is tested


async def test_a_consumer_that_raises_does_not_end_the_reading() -> None:
    async with connected() as (peer, ami):
        await peer.send(b"Event: First\r\n\r\n")
        with pytest.raises(ZeroDivisionError):
            async for _ in ami.events():
                raise ZeroDivisionError
        await peer.send(b"Event: Second\r\n\r\n")
        assert [event.name for event in await take(ami)] == ["Second"]
        assert await ami.action("CoreStatus")


async def test_actions_sent_by_many_threads_at_once_do_not_mix() -> None:
    async with connected() as (peer, ami):
        line = "v" * 900
        text = "Action: Big\r\n" + "".join(f"K{number}: {line}\r\n" for number in range(400))
        await asyncio.gather(*(asyncio.to_thread(ami._link.send, text) for _ in range(40)))
        await asyncio.gather(*(ami.action("Small") for _ in range(200)))
        await peer.until(lambda p: len(p.actions) == 241)
        big = [action for action in peer.actions if action["action"] == "Big"]
        assert len(big) == 40
        assert all(len(action) == 401 and set(list(action.values())[1:]) == {line} for action in big)


async def test_repeated_headers_and_odd_characters_inside_values_are_kept() -> None:
    async with connected() as (peer, ami):
        odd = "a\u2028b\x0bc\x85d: e"
        await peer.send(f"Event: Odd\r\nName: {odd}\r\nV: 1\r\nv: 2\r\nV: 3\r\nEmpty: \r\n\r\n".encode())
        (event,) = await take(ami)
        assert event.headers == {"event": "Odd", "name": odd, "v": ["1", "2", "3"], "empty": ""}
        assert (event.get("v"), event.all("v"), event.all("none")) == ("1", ("1", "2", "3"), ())


async def test_stray_blank_lines_and_unreadable_packets_lose_nothing() -> None:
    async with connected() as (peer, ami):
        peer.replies["CoreStatus"] = lambda action: b"\r\n\r\n\r\n" + reply(action, "Success", "Up: yes")
        await peer.send(b"\r\nEvent: A\r\n\r\n\r\n\r\n:\r\n\r\n\xff\xfe\r\n\r\nEvent\r\n\r\n\r\nEvent: B\r\n\r\n")
        assert (await ami.action("CoreStatus"))["up"] == "yes"
        assert [event.name for event in await take(ami, 2)] == ["A", "B"]


async def test_a_reply_forged_inside_an_event_answers_nothing() -> None:
    async with connected() as (peer, ami):
        peer.replies["Status"] = lambda action: (
            f"Event: UserEvent\r\nResponse: Error\r\nActionID: {action['actionid']}\r\n\r\n".encode() + reply(action, "Success")
        )
        assert (await ami.action("Status"))["response"] == "Success"


async def test_too_many_unread_events_drop_the_connection() -> None:
    async with connected(Limits(capacity=100)) as (peer, ami):
        await peer.send(b"Event: Flood\r\n\r\n" * 300)
        async with asyncio.timeout(DEADLINE):
            await peer.gone.wait()
        with pytest.raises(AmiLost):
            await take(ami, 300)


async def test_unwanted_events_are_left_out_but_lists_and_replies_arrive() -> None:
    async with connected(wanted=frozenset({"Hangup"})) as (peer, ami):
        peer.replies["Status"] = lambda action: (
            reply(action, "Success", "EventList: start")
            + f"Event: Status\r\nActionID: {action['actionid']}\r\n\r\n".encode()
            + f"Event: StatusComplete\r\nActionID: {action['actionid']}\r\nEventList: Complete\r\n\r\n".encode()
        )
        await peer.send(b"Event: VarSet\r\n\r\nEvent: HangupRequest\r\n\r\nEvent: Hangup\r\n\r\n")
        assert [event.name for event in await ami.list_action("Status")] == ["Status"]
        assert [event.name for event in await take(ami)] == ["Hangup"]


async def test_a_list_is_collected_over_split_packets_and_beside_other_events() -> None:
    async with connected() as (peer, ami):
        peer.replies["QueueStatus"] = silence
        waiting = asyncio.create_task(ami.list_action("QueueStatus"))
        await peer.until(lambda p: "QueueStatus" in p.names())
        id_ = peer.actions[-1]["actionid"]
        answer = (
            reply(peer.actions[-1], "Success", "EventList: start")
            + (
                f"Event: QueueEntry\r\nActionID: {id_}\r\nPosition: 1\r\n\r\nEvent: Hangup\r\n\r\n"
                f"Event: QueueEntry\r\nActionID: {id_}\r\nPosition: 2\r\n\r\n"
                f"Event: QueueStatusComplete\r\nActionID: {id_}\r\nEventList: Complete\r\n\r\n"
            ).encode()
        )
        for position in range(0, len(answer), 7):
            await peer.send(answer[position : position + 7])
            await asyncio.sleep(0)
        assert [event.get("position") for event in await waiting] == ["1", "2"]
        assert [event.name for event in await take(ami)] == ["Hangup"]


async def test_a_list_without_an_end_times_out_and_its_rest_is_no_event() -> None:
    async with connected() as (peer, ami):
        peer.replies["Status"] = lambda action: reply(action, "Success", "EventList: start")
        with pytest.raises(TimeoutError):
            await ami.list_action("Status", timeout=0.05)
        id_ = peer.actions[-1]["actionid"]
        await peer.send(f"Event: Status\r\nActionID: {id_}\r\n\r\nEvent: Hangup\r\n\r\n".encode())
        assert [event.name for event in await take(ami)] == ["Hangup"]


async def test_an_error_is_raised_with_its_response_and_a_list_need_not_wait_for_its_end() -> None:
    async with connected() as (peer, ami):
        peer.replies["QueueAdd"] = lambda action: reply(action, "Error", "Message: Already there")
        with pytest.raises(ActionFailed, match="Already there") as failure:
            await ami.action("QueueAdd")
        assert failure.value.response["message"] == "Already there"
        with pytest.raises(ActionFailed):
            await ami.list_action("QueueAdd")


async def test_a_batch_is_answered_in_order_and_raises_its_first_failure() -> None:
    async with connected() as (peer, ami):
        peer.replies["Setvar"] = lambda action: reply(action, "Success", f"Got: {action['value']}")
        replies = await ami.batch([("Setvar", {"Value": "1"}), ("Setvar", {"Value": "2"})])
        assert [one["got"] for one in replies] == ["1", "2"]
        peer.replies["Redirect"] = lambda action: reply(action, "Error", "Message: No such channel")
        with pytest.raises(ActionFailed, match="Redirect: No such channel"):
            await ami.batch([("Setvar", {"Value": "3"}), ("Redirect", {}), ("Ping", {})])
        assert await ami.batch([]) == []


async def test_after_the_deadline_nothing_is_written_and_the_connection_lives() -> None:
    async with connected() as (peer, ami):
        with pytest.raises(TooLate):
            await ami.action("Redirect", until=time.monotonic())
        with pytest.raises(TooLate):
            await ami.batch([("Setvar", {}), ("Redirect", {})], until=time.monotonic() - 1)
        await ami.action("CoreStatus", until=time.monotonic() + 5)
        assert peer.names() == ["Login", "CoreStatus"]


async def test_a_wrong_secret_is_refused_and_never_shown() -> None:
    async with Peer() as peer:
        credentials = peer.credentials(secret="a wrong one")
        with pytest.raises(AmiRefused) as refusal:
            await Ami(credentials).connect()
        assert "a wrong one" not in f"{refusal.value!r} {credentials!r}"


async def test_a_lost_connection_fails_what_waits_at_once() -> None:
    async with connected() as (peer, ami):
        peer.replies["Status"] = silence
        waiting = [asyncio.create_task(ami.action("Status", timeout=60)) for _ in range(5)]
        waiting.append(asyncio.create_task(ami.batch([("Status", {}), ("Status", {})], timeout=60)))  # type: ignore[arg-type]
        await peer.until(lambda p: p.names().count("Status") == 7)
        peer.reset()
        async with asyncio.timeout(1):
            results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, AmiLost) for result in results)
        with pytest.raises(AmiLost):
            await ami.action("Ping")


@pytest.mark.parametrize("is_ticked_first", [False, True])
async def test_after_the_loop_stood_still_nothing_is_written(is_ticked_first: bool) -> None:
    async with connected(Limits(tick=0.02, freeze_after=0.2)) as (peer, ami):
        await peer.send(b"Event: Old\r\n\r\n")
        time.sleep(0.4)  # noqa: ASYNC251 - the standstill itself
        if is_ticked_first:
            async with asyncio.timeout(DEADLINE):
                await peer.gone.wait()
        assert ami.alive_gap() > 0.2
        with pytest.raises(TooLate):
            await ami.action("Redirect")
        with pytest.raises(AmiLost):
            await take(ami)
        async with asyncio.timeout(DEADLINE):
            await peer.gone.wait()
        assert peer.names() == ["Login"]


async def test_closing_ends_the_events_and_leaves_neither_task_nor_thread() -> None:
    async with connected() as (_, ami):
        reading = asyncio.create_task(take(ami))
        await asyncio.sleep(0)
        await ami.close()
        assert await reading == []
        assert ami._watcher is not None
        assert ami._watcher.done()
        assert not ami._link._thread.is_alive()


async def test_over_tls_actions_and_a_flood_of_events_pass_at_the_same_time(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(  # noqa: ASYNC221 - before anything runs
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=peer", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key)
    async with Peer(tls=ours) as peer:
        with pytest.raises(ssl.SSLCertVerificationError):
            await Ami(peer.credentials(tls=ssl.create_default_context())).connect()
        ami = Ami(peer.credentials(tls=ssl.create_default_context(cafile=str(certificate))))
        await ami.connect()
        flood = asyncio.create_task(peer.send(b"Event: Flood\r\nText: some\r\n\r\n" * 5000))
        await asyncio.gather(*(ami.action("Status", Text="t" * 900) for _ in range(300)), flood)
        assert len(await take(ami, 5000)) == 5000
        await ami.close()
