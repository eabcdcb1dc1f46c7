"""The store's Lua scripts, and the way to run one: by its digest, sent whole only to a server that does not know it yet."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError, ResponseError

from callbacks.store_words import AGE_BUCKETS, Word
from callbacks.transitions import LEGAL, RANG

SYNC_MILLISECONDS = 1000
"""How long a promise waits for the disk where Redis can tell (WAITAOF, from 7.2 on)."""
Said = tuple[Word, str, list[str]]
"""A word, a request's id, and its record as a flat list of fields and values."""


def _prelude() -> str:
    legal = ", ".join(f"{before} = {{{', '.join(f'{after} = true' for after in sorted(to))}}}" for before, to in LEGAL.items())
    rang = ", ".join(f"{stage} = true" for stage in sorted(RANG))
    head = f"local LEGAL = {{{legal}}}\nlocal RANG = {{{rang}}}\nlocal AGE_BUCKETS = {{{', '.join(map(str, AGE_BUCKETS))}}}\n"
    return head + (LUA / "prelude.lua").read_text(encoding="utf-8")


LUA = Path(__file__).parent / "lua"
PRELUDE = _prelude()
VERBS = ("register", "claim", "call", "advance", "settle", "take", "put_back", "expire", "close", "follow_up", "erase", "reindex")
SCRIPTS = {verb: PRELUDE + (LUA / f"{verb}.lua").read_text(encoding="utf-8") for verb in VERBS}
DIGESTS = {verb: hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest() for verb, script in SCRIPTS.items()}


class Scripts:
    """The scripts on one server."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._can_wait = True

    async def run(self, verb: str, prefix: str, said: str, *, synced: bool = False) -> Said:
        """One verb on one municipality's keys. `synced` waits for the disk where Redis can tell. Raises redis.RedisError and OSError."""
        try:
            return await self._sent("EVALSHA", DIGESTS[verb], 1, prefix, said, synced=synced)
        except NoScriptError:
            return await self._sent("EVAL", SCRIPTS[verb], 1, prefix, said, synced=synced)

    async def _sent(self, *command: str | int, synced: bool) -> Said:
        if not (synced and self._can_wait):
            return cast(Said, await self._redis.execute_command(*command))  # type: ignore[no-untyped-call]
        pipe = self._redis.pipeline(transaction=False)  # one connection: WAITAOF speaks of its own writes
        pipe.execute_command(*command)
        pipe.execute_command("WAITAOF", 1, 0, SYNC_MILLISECONDS)
        answer, *waited = await pipe.execute(raise_on_error=False)
        if isinstance(answer, Exception):
            raise answer
        self._judge(waited)
        return cast(Said, answer)

    def _judge(self, waited: list[object]) -> None:
        match waited:
            case [ResponseError()]:
                self._can_wait = False  # older than 7.2: `appendfsync always` alone has to do
            case [[0, *_]]:
                raise RedisError(f"the write was not on disk within {SYNC_MILLISECONDS} ms")
            case [Exception() as error]:
                raise error
