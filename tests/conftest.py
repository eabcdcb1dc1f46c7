"""What holds for a whole run: ports are shared out among its processes before any test takes one, and a green tree stays green.

Generated examples are the same in each run; `HYPOTHESIS_PROFILE=explore` looks at new ones, ten times as many.
"""

import os

from hypothesis import settings

from simulation import share_ports
from tests.workers import WORKER, WORKERS

share_ports(WORKER, WORKERS)

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
