"""`arq_jobs.py PORT COUNT AT_ONCE`: delayed jobs through arq, enqueued and worked off; prints the seconds."""

import asyncio
import sys
import time

from arq import Worker, create_pool
from arq.connections import RedisSettings


async def job(ctx: dict, number: str) -> str:
    return number


async def main(port: int, count: int, at_once: int) -> None:
    settings = RedisSettings(port=port)
    pool, left = await create_pool(settings), iter(range(count))

    async def enqueue() -> None:
        for number in left:
            await pool.enqueue_job("job", str(number), _defer_by=0.001)

    begun = time.perf_counter()
    await asyncio.gather(*(enqueue() for _ in range(at_once)))
    worker = Worker([job], redis_pool=pool, burst=True, max_jobs=at_once, poll_delay=0.005, handle_signals=False)
    await worker.async_run()
    print(time.perf_counter() - begun)
    assert worker.jobs_complete == count, f"{worker.jobs_complete} of {count} jobs were done"
    await worker.close()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
