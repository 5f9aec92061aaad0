"""The settings of a throw-away installation. Loaded before anything else, so that no test sees a home of yours."""

import os
import tempfile

os.environ.setdefault("JIANGDUN_HOME", tempfile.mkdtemp(prefix="jiangdun-test-"))

from jiangdun.hall.settings import *  # noqa: F403
