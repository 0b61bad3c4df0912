"""Settings. Every one that an installation may want to change is an environment variable (see `.env.example`)."""

from pathlib import Path

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from campaign.env import email_server, env_bool, env_int, env_list, env_str, kept_key, load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env")

DATA_DIR = Path(env_str("DATA_DIR") or BASE_DIR / "var").resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env_bool("DEBUG")
PORT = env_int("PORT", 8000)
# Plain HTTP is what `make run` serves on one machine; behind TLS set HTTPS=1 and the cookies and redirects follow.
HTTPS = env_bool("HTTPS")

SECRET_KEY = kept_key(DATA_DIR, "secret_key")
FIELD_KEY = kept_key(DATA_DIR, "field_key")
AUDIT_KEY = kept_key(DATA_DIR, "audit_key")
# Where the heads of the audit chain are written, every minute and every day; better on another disk or machine than the database.
AUDIT_HEADS_FILE = env_str("AUDIT_HEADS_FILE") or str(DATA_DIR / "audit-heads.jsonl")

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "treebeard",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_tables2",
    "django_filters",
    "django_htmx",
    "csp",
    "axes",
    "campaign.common",
    "campaign.audit",
    "campaign.jobs",
    "campaign.attachments",
    "campaign.drafts",
    "campaign.lists",
    "orgs",
    "campaign",
    "campaign.scoring",
    "campaign.ballots",
    "campaign.reports",
    "campaign.notices",
    "campaign.filings",
    "pledges",
    "reviews",
    "awards",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "campaign.common.session.ActivitySessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "campaign.common.middleware.ActorMiddleware",
    "campaign.common.acting.ActingMiddleware",
    "orgs.middleware.SignInStepsMiddleware",
    "campaign.common.middleware.DomainErrorMiddleware",
    "campaign.common.middleware.PlainTextMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "campaign.urls"
WSGI_APPLICATION = "campaign.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "campaign.common.navigation.navigation",
                "campaign.drafts.context.drafts_done",
            ],
            "builtins": ["campaign.common.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "components/table.html"

DATABASE_URL = env_str("DATABASE_URL")
EMBEDDED = not DATABASE_URL
DEMO = env_bool("DEMO", EMBEDDED)
DATABASES = {"default": dj_database_url.parse(DATABASE_URL or f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Web, worker and scheduler all write: take the write lock at BEGIN, wait for it, and let readers go on meanwhile.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env_str("REDIS_URL")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://"
if not REDIS_URL:
    for folder in ("messages", "processed", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.2,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
# Waits this long for running tasks when it is told to stop; the sweep gives what was cut off to the next worker.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3.0

# A running job keeps its lease alive; one whose worker died is taken over when the lease has run out.
JOB_LEASE_SECONDS = env_int("JOB_LEASE_SECONDS", 20)
JOB_HEARTBEAT_SECONDS = 1.0
JOB_SWEEP_SECONDS = env_int("JOB_SWEEP_SECONDS", 5)
JOB_MAX_ATTEMPTS = env_int("JOB_MAX_ATTEMPTS", 8)
JOB_FILE_DAYS = env_int("JOB_FILE_DAYS", 7)
# So many jobs share a big score run, as far as there are workers for them. SQLite has one writer: there one does all of it.
SCORE_JOBS = env_int("SCORE_JOBS", 1 if DATABASES["default"]["ENGINE"].endswith("sqlite3") else 2)

# Times of day are those of the installation. jobs.sweep also carries the scheduler's heartbeat (campaign/heartbeat.py).
CELERY_BEAT_SCHEDULE = {
    "take over jobs": {"task": "jobs.sweep", "schedule": JOB_SWEEP_SECONDS},
    "compute scores": {"task": "scoring.nightly", "schedule": crontab(hour=2, minute=30)},
    "refresh scores": {"task": "scoring.refresh", "schedule": 60},
    "end periods": {"task": "scoring.midnight", "schedule": crontab(hour=0, minute=1)},
    "expire files": {"task": "jobs.expire", "schedule": crontab(hour=3, minute=10)},
    "expire sessions": {"task": "orgs.expire_sign_in", "schedule": crontab(hour=3, minute=30)},
    "expire attachments": {"task": "attachments.expire", "schedule": crontab(hour=3, minute=40)},
    "expire drafts": {"task": "drafts.expire", "schedule": crontab(hour=3, minute=30)},
    "expire lists": {"task": "lists.expire", "schedule": crontab(hour=3, minute=25)},
    "expire uploads": {"task": "orgs.expire_imports", "schedule": crontab(hour=3, minute=20)},
    "chain the audit log": {"task": "audit.chain", "schedule": 60},
    "export the head of the audit log": {"task": "audit.heads", "schedule": crontab(hour=0, minute=5)},
    "export reports": {"task": "reports.schedules", "schedule": crontab(hour=6, minute=0)},
    "send reminders": {"task": "notices.sweep", "schedule": crontab(hour=8, minute=0)},
    "count pledges": {"task": "pledges.summaries", "schedule": 30},
    "close rounds": {"task": "reviews.close_rounds", "schedule": 60},
    "forget who voted": {"task": "reviews.forget_marks", "schedule": crontab(hour=4, minute=10)},
    "clean sealed ballots": {"task": "ballots.clean", "schedule": 60},
    "count turnout": {"task": "ballots.turnout", "schedule": 300},
}

# Fewer ballots of one class than this are not shown on their own; never below 3 (docs/ballots.md).
BALLOT_K = max(3, env_int("BALLOT_K", 5))
# So many days after the publication of a round who voted is deleted; the counts stay.
BALLOT_OBJECTION_DAYS = env_int("BALLOT_OBJECTION_DAYS", 7)

# A role is handed to a deputy for at most so many days.
DELEGATION_MAX_DAYS = max(1, env_int("DELEGATION_MAX_DAYS", 30))

AUTH_USER_MODEL = "orgs.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "orgs.authentication.AccountBackend"]
# Length, kinds of characters and history are data of the security administrator (`SignInPolicy`, 2-domain b.16).
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "orgs.passwords.CompositionValidator"},
    {"NAME": "orgs.passwords.HistoryValidator"},
    {"NAME": "orgs.passwords.PersonalValidator"},
    {"NAME": "orgs.passwords.CommonValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
# How many failures lock an account or an address, and for how long, are data too (`orgs/lockout.py`).
AXES_HANDLER = "orgs.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = "orgs.lockout.failure_limit"
AXES_COOLOFF_TIME = "orgs.lockout.cool_off"
AXES_USERNAME_CALLABLE = "orgs.lockout.account_key"
AXES_CLIENT_IP_CALLABLE = "campaign.common.context.client_address"
AXES_LOCKOUT_CALLABLE = "orgs.lockout.locked_out_page"
AXES_LOCKOUT_PARAMETERS = [["username"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "password"]
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # asks for the address among the parameters: the handler looks at it
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# Administrators need a second factor, except where the demo is loaded.
TWO_FACTOR_REQUIRED = env_bool("TWO_FACTOR_REQUIRED", not DEMO)

# Where mail goes out; empty: nobody can ask for a link by mail, the secretary or the system administrator helps.
EMAIL_URL = env_str("EMAIL_URL")
EMAIL = email_server(EMAIL_URL)
EMAIL_BACKEND = EMAIL.backend
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL.host, EMAIL.port, EMAIL.user, EMAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_TIMEOUT = EMAIL.starttls, EMAIL.tls, 20
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", EMAIL.sender)
PASSWORD_RESET_TIMEOUT = 60 * env_int("RESET_LINK_MINUTES", 60)

SESSION_ENGINE = "orgs.sessions"
SESSION_COOKIE_AGE = 60 * env_int("IDLE_LOGOUT_MINUTES", 30)
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked from the machine itself, past the proxy
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = env_bool("BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
# One catalogue per part, so that a text lives next to the part it belongs to.
CATALOGUES = (
    "common",
    "campaign",
    "scoring",
    "ballots",
    "reports",
    "notices",
    "filings",
    "orgs",
    "pledges",
    "reviews",
    "awards",
)
LOCALE_PATHS = [BASE_DIR / "locale" / name for name in CATALOGUES]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "campaign.frontend.PackageFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
UPLOAD_MAX_BYTES = 50 * 2**20
# Files that belong to records: which contents, how large, how many with one record.
ATTACHMENT_KINDS = ("pdf", "docx", "xlsx", "jpeg", "png")
ATTACHMENT_MAX_BYTES = 20 * 2**20
ATTACHMENT_MAX_COUNT = 10

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "axes": {"level": "ERROR"},
        # It warns that a broker of files has no host.
        "kombu.connection": {"level": "ERROR"},
        # Two lines for every task, and the sweep runs every few seconds.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
