"""The SIP harness against itself: real SIPp on both ends, on 127.0.0.1, without a telephone exchange between them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from datetime import UTC, datetime, timedelta

import pytest

from simulation import Citizen, HangUp, Phone, Press, SippError, Step, Wait, WaitForBye, load
from simulation.scenario import citizen_scenario, phone_scenario
from simulation.sipp import HOST, Sipp, signalling_port

DIAL = "058548700"
NUMBER = "0701740605"

REPLY = """
[last_Via:]
[last_From:]
[last_To:];tag=[pid]g[call_number]
[last_Call-ID:]
[last_CSeq:]
"""
REGISTRAR = f"""<?xml version="1.0"?><scenario name="registrar">
<recv request="REGISTER"/>
<send><![CDATA[
SIP/2.0 401 Unauthorized{REPLY}WWW-Authenticate: Digest realm="asterisk",nonce="1/a",opaque="7",algorithm=MD5,qop="auth"
Content-Length: 0

]]></send>
<recv request="REGISTER"><action>
<verifyauth assign_to="right" username="1001" password="secret"/>
</action></recv>
<nop test="right" next="good"/>
<send next="end"><![CDATA[
SIP/2.0 403 Forbidden{REPLY}Content-Length: 0

]]></send>
<label id="good"/>
<send><![CDATA[
SIP/2.0 200 OK{REPLY}[last_Contact:]
Content-Length: 0

]]></send>
<label id="end"/>
<nop/>
</scenario>"""


async def test_a_citizen_is_answered_presses_and_hangs_up() -> None:
    async with Phone("1001", answers_after=0.2) as phone:
        steps: list[Step] = [Wait(0.2), Press("1"), Wait(0.3), HangUp()]
        result = await Citizen(NUMBER, DIAL, steps, timeout=15).call(phone.address)
        assert (result.answered, result.status_code, result.ended_by, result.exit_code) == (True, 200, "us", 0)
        assert 1.1 <= result.seconds < 3


async def test_a_phone_tells_name_number_and_moment_of_each_call() -> None:
    async with Phone("1001") as phone:
        for number in (NUMBER, "0701740606"):
            await Citizen(number, DIAL, [HangUp()], timeout=15).call(phone.address)
        first, second = await phone.rang(2)
    assert [(ring.name, ring.number) for ring in phone.rings] == [("Citizen", NUMBER), ("Citizen", "0701740606")]
    assert datetime.now(UTC) - timedelta(seconds=20) < first.when < second.when < datetime.now(UTC)


async def test_a_hidden_number_is_nowhere_in_the_call() -> None:
    async with Phone("1001") as phone:
        await Citizen(NUMBER, DIAL, [HangUp()], hidden=True, timeout=15).call(phone.address)
        (ring,) = await phone.rang()
        invite = phone.messages[0]
        assert (ring.name, ring.number) == ("Anonymous", "anonymous")
        assert invite.header("Privacy") == "id" and NUMBER not in invite.text


async def test_a_phone_that_never_answers_is_given_up() -> None:
    async with Phone("1001", answers_after=None) as phone:
        result = await Citizen(NUMBER, DIAL, [HangUp()], gives_up_after=0.5, timeout=15).call(phone.address)
        assert (result.answered, result.status_code, result.ended_by, result.exit_code) == (False, 487, "us", 0)
        assert 0.4 < result.seconds < 2 and len(phone.rings) == 1


async def test_a_phone_that_answers_too_late_is_given_up_and_takes_the_next_call() -> None:
    async with Phone("1001", answers_after=1.0) as phone:
        result = await Citizen(NUMBER, DIAL, [HangUp()], gives_up_after=0.3, timeout=15).call(phone.address)
        assert (result.answered, result.status_code) == (False, 487)
        steps: list[Step] = [Wait(0.3), HangUp()]
        result = await Citizen(NUMBER, DIAL, steps, gives_up_after=5, timeout=15).call(phone.address)
        assert (result.answered, result.ended_by, result.exit_code) == (True, "us", 0) and result.seconds < 2.5


@pytest.mark.parametrize("status", [404, 480, 486, 503, 603])
async def test_a_refusal_is_reported_with_its_code(status: int) -> None:
    async with Phone("1001", status=status) as phone:
        result = await Citizen(NUMBER, DIAL, [HangUp()], timeout=15).call(phone.address)
        assert (result.answered, result.status_code) == (False, status)
        assert (result.ended_by, result.exit_code) == ("rejected", 0)


@pytest.mark.parametrize("steps", [(WaitForBye(),), (Wait(5), Press("1"), HangUp())], ids=["waiting", "amid a wait"])
async def test_a_phone_that_hangs_up_ends_the_call_cleanly(steps: tuple[Step, ...]) -> None:
    async with Phone("1001", talk=0.5) as phone:
        result = await Citizen(NUMBER, DIAL, steps, timeout=15).call(phone.address)
        assert (result.answered, result.ended_by, result.exit_code) == (True, "them", 0) and 0.4 < result.seconds < 2


async def test_a_phone_takes_calls_at_the_same_time() -> None:
    async with Phone("1001", answers_after=0.3, talk=0.5) as phone:
        citizens = [Citizen(f"07017406{last}", DIAL, [WaitForBye()], timeout=15) for last in (10, 11, 12)]
        results = await asyncio.gather(*(citizen.call(phone.address) for citizen in citizens))
        assert {(result.ended_by, result.exit_code) for result in results} == {("them", 0)}
        assert {ring.number for ring in phone.rings} == {"0701740610", "0701740611", "0701740612"}


async def test_each_key_is_its_own_event_of_payload_type_96_from_the_media_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind((HOST, 0))
        ear.setblocking(False)
        scenario = phone_scenario(0, None, None).replace("[media_port]", str(ear.getsockname()[1]))
        async with Sipp(scenario, timeout=15) as called:
            await called.listening()
            steps: list[Step] = [Wait(0.2), Press("11*"), Wait(0.2), Press("1"), Wait(0.2), Press("#"), HangUp()]
            await Citizen(NUMBER, DIAL, steps, timeout=15).call((HOST, called.port))
            offered = re.search(r"m=audio (\d+) RTP/AVP 8 96", called.messages()[0].text)
        heard: list[tuple[bytes, tuple[str, int]]] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                heard.append(ear.recvfrom(2000))
    assert offered and {sender for _, sender in heard} == {(HOST, int(offered[1]))}
    packets = [packet for packet, _ in heard]
    assert {packet[1] & 0x7F for packet in packets} == {8, 96}
    assert [int.from_bytes(packet[2:4]) for packet in packets] == list(range(1, len(packets) + 1))
    events = [packet for packet in packets if packet[1] & 0x7F == 96]
    lasted = {(int.from_bytes(packet[4:8]), packet[12]): int.from_bytes(packet[14:16]) for packet in events}
    assert [key for _, key in lasted] == [1, 1, 10, 1, 11]
    assert sorted(lasted) == list(lasted) and set(lasted.values()) == {1280}
    assert sum(packet[13] >> 7 for packet in events) == 5 * 3


@pytest.mark.parametrize(("password", "accepted"), [("secret", True), ("wrong", False)])
async def test_a_phone_registers_by_digest_from_the_port_it_answers_on(password: str, accepted: bool) -> None:
    async with Sipp(REGISTRAR, timeout=20) as registrar:
        await registrar.listening()
        phone = Phone("1001", password, registrar=(HOST, registrar.port))
        if accepted:
            async with phone:
                assert (await Citizen(NUMBER, DIAL, [HangUp()], timeout=15).call(phone.address)).answered
        else:
            with pytest.raises(SippError, match=r"1001 was not registered, answers \[401, 403"):
                await phone.start()
        asked = [one for one in registrar.messages() if one.start.startswith("REGISTER ")]
    assert {one.header("Contact") for one in asked} == {f"<sip:1001@{HOST}:{phone.port}>"}
    assert all(f"{HOST}:{phone.port};" in one.header("Via") for one in asked)
    assert [one.header("Expires") for one in asked] == ["3600", "3600"] + ["0", "0"] * accepted


async def test_options_that_check_a_phone_are_answered_and_are_no_ring() -> None:
    ping = """<?xml version="1.0"?><scenario name="ping"><send retrans="500"><![CDATA[
OPTIONS sip:1001@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:exchange@[local_ip]>;tag=[call_number]
To: <sip:1001@[remote_ip]>
Call-ID: [call_id]
CSeq: 7 OPTIONS
Max-Forwards: 70
Content-Length: 0

]]></send><recv response="200"/></scenario>"""
    async with Phone("1001") as phone:
        async with Sipp(ping, "-m", "1", f"{HOST}:{phone.port}", timeout=5) as exchange:
            assert await exchange.ended() == 0
        assert (await Citizen(NUMBER, DIAL, [HangUp()], timeout=15).call(phone.address)).answered
        assert len(phone.rings) == 1


async def test_a_load_rotates_the_numbers_and_counts_its_calls() -> None:
    async with Phone("1001") as phone:
        steps: list[Step] = [Wait(0.3), Press("1"), HangUp()]
        result = await load(phone.address, DIAL, steps, rate=20, count=30, timeout=30)
        assert (result.created, result.successful, result.failed, result.exit_code) == (30, 30, 0, 0)
        assert result.answered == 30 and 1 < result.seconds < 6
        assert [ring.number for ring in phone.rings][:2] == ["0701740605", "0701740606"]
        assert len({ring.number for ring in phone.rings}) == 30


async def test_refused_calls_of_a_load_are_seen() -> None:
    async with Phone("1001", status=486) as phone:
        result = await load(phone.address, DIAL, [HangUp()], rate=10, count=5, timeout=30)
        assert [call.status_code for call in result.calls] == [486] * 5 and result.answered == 0


async def test_a_call_that_never_ends_is_an_error_and_no_result() -> None:
    async with Phone("1001") as phone:
        with pytest.raises(SippError, match="had no end"):
            await Citizen(NUMBER, DIAL, [WaitForBye()], timeout=1).call(phone.address)


async def test_no_process_is_left_when_the_test_fails_or_the_call_is_cancelled() -> None:
    phone = Phone("1001")
    with pytest.raises(ZeroDivisionError):
        async with phone:
            call = asyncio.create_task(Citizen(NUMBER, DIAL, [WaitForBye()], timeout=15).call(phone.address))
            await phone.rang()
            call.cancel()
            await asyncio.wait([call])
            raise ZeroDivisionError
    assert call.cancelled() and not phone.running and len(phone.rings) == 1


async def test_waiting_for_a_ring_has_a_deadline() -> None:
    async with Phone("1001") as phone:
        with pytest.raises(TimeoutError, match="1 calls at the phone 1001"):
            await phone.rang(timeout=0.2)


async def test_calls_never_leave_this_machine() -> None:
    with pytest.raises(ValueError, match="only"):
        await Citizen(NUMBER, DIAL, [HangUp()]).call(("192.0.2.1", 5060))


@pytest.mark.parametrize("steps", [[], [Wait(1)], [HangUp(), Wait(1), HangUp()]])
def test_steps_must_end_the_call_once_and_last(steps: list[Step]) -> None:
    with pytest.raises(ValueError, match="last step"):
        citizen_scenario(NUMBER, steps)


def test_ports_are_handed_out_once() -> None:
    assert len({signalling_port() for _ in range(50)}) == 50
