"""Settings: one file, read from the environment; README.md lists the variables."""

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from helpdesk import logs
from helpdesk.env import (
    env_address,
    env_bool,
    env_choice,
    env_database,
    env_int,
    env_keys,
    env_list,
    env_secret_key,
    env_text,
    env_url,
    fail,
    split_url,
)

# Lets `ModelForm[User]` and its like be written where Django itself has no generics yet.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

# What this process is: it decides how long it may wait for PostgreSQL and Redis.
ROLE = env_choice(
    "ROLE", choices=["command", "web", "live", "worker", "listener"], default="command"
)
DEBUG = env_bool("DEBUG", default=False)

# --- Secrets --------------------------------------------------------------------------------
# Stand-ins for development only: without DEBUG both must be given.
SECRET_KEY = env_secret_key(
    "SECRET_KEY",
    default="django-insecure-for-development-on-this-machine-only" if DEBUG else None,
)
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS", default=[])
MASTER_KEYS = env_keys(
    "MASTER_KEYS", default="aW5zZWN1cmUta2V5LWZvci1kZXZlbG9wbWVudC11c2U=" if DEBUG else None
)

# --- Addresses ------------------------------------------------------------------------------
BASE_URL = env_url(
    "BASE_URL",
    schemes=["http", "https"] if DEBUG else ["https"],
    default="http://localhost:8000" if DEBUG else None,
).rstrip("/")
BASE_HOST = split_url("BASE_URL", BASE_URL, schemes=["http", "https"]).hostname or ""
LIVE_URL = env_url("LIVE_URL", schemes=["http", "https"], default=f"{BASE_URL}/live/events").rstrip(
    "/"
)
# In development only names of this machine: a wildcard would admit DNS rebinding.
ALLOWED_HOSTS = env_list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [BASE_HOST]
)
if "*" in ALLOWED_HOSTS:
    fail("ALLOWED_HOSTS", "holds the wildcard *: name the hosts that are served.")

# --- Applications ---------------------------------------------------------------------------
INSTALLED_APPS = [
    "helpdesk",
    "sla",
    "integrations",
    "tickets",
    "helpdesk.admin_config.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "heroicons",
    "template_partials",
]
MIDDLEWARE = [
    # First, so that every answer carries the policy: redirects, errors and files too.
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "helpdesk.middleware.ReadableMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "helpdesk.middleware.ScopeMiddleware",
    "helpdesk.middleware.StaffMfaMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "helpdesk.middleware.HtmxChoresMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]
# The page of all components, for those who build pages.
GALLERY = env_bool("GALLERY", default=DEBUG)
ROOT_URLCONF = "helpdesk.urls"
WSGI_APPLICATION = "helpdesk.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": [
                "helpdesk.templatetags.ui",
                "template_partials.templatetags.partials",
            ],
        },
    }
]

# --- PostgreSQL -----------------------------------------------------------------------------
# Migrations and other commands may take as long as they need.
STATEMENT_TIMEOUT_S = {"web": 15, "live": 15, "worker": 120, "listener": 15, "command": 0}[ROLE]
DATABASES = {
    "default": {
        **env_database(
            "DATABASE_URL",
            default="postgres:///helpdesk" if DEBUG else None,
            options={
                "connect_timeout": 5,
                "tcp_user_timeout": 10_000,
                "application_name": f"helpdesk-{ROLE}",
                # The server plans a statement that comes again and again only once.
                "server_side_binding": True,
                "prepare_threshold": 3,
                "options": (
                    f"-c statement_timeout={STATEMENT_TIMEOUT_S}s -c lock_timeout=5s"
                    " -c idle_in_transaction_session_timeout=60s"
                ),
            },
        ),
        # The live process opens a connection for one check and gives it back at once.
        "CONN_MAX_AGE": 0 if ROLE == "live" else 60,
        "CONN_HEALTH_CHECKS": True,
    }
}

# --- Redis: three databases, so that emptying the cache never touches the queues -------------
REDIS_URL = env_url(
    "REDIS_URL",
    schemes=["redis", "rediss"],
    default="redis://127.0.0.1:6379" if DEBUG else None,
)


def _redis(*, number: int) -> str:
    """REDIS_URL with the database `number` steps above its own (0 when it names none)."""
    url = split_url("REDIS_URL", REDIS_URL, schemes=["redis", "rediss"])
    first = url.path.strip("/") or "0"
    if not first.isdigit():
        fail("REDIS_URL", "ends in something that is not a database number.")
    return url._replace(path=f"/{int(first) + number}").geturl()


BROKER_URL = _redis(number=0)
CACHE_URL = _redis(number=1)
PUBSUB_URL = _redis(number=2)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "helpdesk",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

# --- Sign-in --------------------------------------------------------------------------------
AUTH_USER_MODEL = "tickets.User"
AUTHENTICATION_BACKENDS = ["helpdesk.accounts.Backend"]
ACCOUNT_ADAPTER = "helpdesk.accounts.Adapter"
MFA_ADAPTER = "helpdesk.accounts.MfaAdapter"
# Staff open no page before they have a second factor; only a development desk may do without.
STAFF_MFA_REQUIRED = env_bool("STAFF_MFA_REQUIRED", default=True)
if not (STAFF_MFA_REQUIRED or DEBUG):
    fail("STAFF_MFA_REQUIRED", "is false without DEBUG: staff need a second factor.")
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Nobody signs up: admins make accounts, and a reset by mail proves the address.
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ALLOW_UNVERIFIED_EMAIL = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
PASSWORD_RESET_TIMEOUT = 30 * 60
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Helpdesk"
# Passkeys need https; browsers make an exception for localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG

# --- Cookies and the way here -----------------------------------------------------------------
SECURE = BASE_URL.startswith("https://")
COOKIE_PREFIX = "__Host-" if SECURE else ""
SESSION_ENGINE = "helpdesk.sessions"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 7 * 24 * 3600
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [BASE_URL]
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
X_FRAME_OPTIONS = "DENY"
# How many proxies of ours stand in front; only behind one are its X-Forwarded-* believed.
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", default=1 if SECURE else 0)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# --- Content security policy: nothing but our own files, nothing inline ----------------------
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # data: is the QR code of a new authenticator.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, LIVE_URL],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Files and limits -------------------------------------------------------------------------
STORAGE_DIR = Path(env_text("STORAGE_DIR", default=str(BASE_DIR / ".state" / "storage")))
MEDIA_ROOT = STORAGE_DIR
STATIC_URL = "/static/"
STATIC_ROOT = Path(env_text("STATIC_DIR", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    # Names only the server: every download is authorised by a view, none has a public URL.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 25

# --- Language and time ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

# --- Mail -------------------------------------------------------------------------------------
EMAIL_URL = env_url(
    "EMAIL_URL",
    schemes=["smtp", "smtp+tls", "smtps"],
    default="smtp://127.0.0.1:1025" if DEBUG else None,
)
MAIL_DOMAIN = env_text("MAIL_DOMAIN", default=BASE_HOST)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = f"support@{MAIL_DOMAIN}"
MAIL_DOOR = env_address("MAIL_DOOR", default="127.0.0.1:2525")
MAIL_DOOR_LMTP = (
    env_address("MAIL_DOOR_LMTP", default="") if os.environ.get("MAIL_DOOR_LMTP") else None
)
# How long a worker may hold a mail before it is taken for dead; above the tasks' time limit.
LEASE_S = env_int("LEASE_S", default=90, least=1)
# Whose Authentication-Results headers are believed: the names our own mail servers give there.
TRUSTED_AUTHSERV_IDS = env_list("TRUSTED_AUTHSERV_IDS", default=[])
# Whether signatures of mail are verified by asking the DNS, where none of those has told.
VERIFY_DKIM = env_bool("VERIFY_DKIM", default=True)

# --- Logs -------------------------------------------------------------------------------------
logs.configure()
LOGGING = logs.config(human=DEBUG)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
