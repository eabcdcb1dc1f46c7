"""`rq_jobs.py PORT COUNT`: delayed jobs through rq, scheduled, enqueued and worked off; prints the seconds."""

import sys
import time
from datetime import timedelta

from redis import Redis
from rq import Queue, SimpleWorker
from rq.scheduler import RQScheduler


def job(number: str) -> str:
    return number


def main(port: int, count: int) -> None:
    redis = Redis(port=port)
    queue = Queue("bench", connection=redis)
    begun = time.perf_counter()
    jobs = [queue.enqueue_in(timedelta(0), "rq_jobs.job", str(number)) for number in range(count)]
    scheduler = RQScheduler([queue], connection=redis)
    scheduler.acquire_locks()
    while queue.scheduled_job_registry.count:  # its clock has whole seconds
        scheduler.enqueue_scheduled_jobs()
        SimpleWorker([queue], connection=redis).work(burst=True, logging_level="ERROR")
    print(time.perf_counter() - begun)
    scheduler.release_locks()
    assert all(one.is_finished for one in jobs), "not every job was done"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
