"""The product's settings with a data folder of this run's own, and the database and broker that the run is given.

TEST_DATABASE_URL and TEST_REDIS_URL name real servers; without them SQLite and the file-system broker serve. Nothing of
the developer's own environment or `.env` reaches a test.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# In memory where the machine offers it: the disk would be the slowest part.
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
DATA = tempfile.mkdtemp(prefix="campaign-test-", dir=FAST)
OWNER = os.getpid()


@atexit.register
def remove_data() -> None:
    if os.getpid() == OWNER:
        shutil.rmtree(DATA, ignore_errors=True)


redis = os.environ.get("TEST_REDIS_URL", "")
os.environ |= {
    "DATA_DIR": DATA,
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", ""),
    # A Redis database for each test process, so that they do not take each other's messages.
    "REDIS_URL": f"{redis.rstrip('/')}/{int(WORKER[2:] or 0) + 1 if WORKER else 0}" if redis else "",
    "DEBUG": "",
    "HTTPS": "",
    "EMAIL_URL": "",
    # Tests that are about the second factor ask for it; the others sign in with a password, as in the demo.
    "TWO_FACTOR_REQUIRED": "0",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver",
}

from campaign.settings import *  # noqa: E402, F403
from campaign.settings import DATABASES, STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir()

if not os.environ["DATABASE_URL"]:
    # A file, not memory: threads and processes of a test then meet the same locks as in production.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA) / "test.sqlite3")}
DATABASES["default"]["CONN_MAX_AGE"] = 0
# Straight from the models, which is ten times as fast; tests/tooling/test_migrations.py holds the migrations against it.
DATABASES["default"].setdefault("TEST", {})["MIGRATE"] = False

# Argon2 is slow on purpose; what a password is worth is tested where it matters.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tasks run where they are sent; tests/jobs starts real workers.
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
# A test's transaction holds SQLite's only write lock: a second connection would wait for it in vain.
JOB_HEARTBEAT_SECONDS = 3600.0
