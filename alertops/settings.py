"""All settings, one file. Every value that differs between installations comes from the
environment (see `.env.example`); a value that makes no sense stops the start with a sentence."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from alertops import console, database, logs, secret
from alertops.env import env_bool, env_int, env_list, env_str, env_url, load_file

BASE_DIR = Path(__file__).resolve().parent.parent
load_file(BASE_DIR / ".env")
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var")))

DEBUG = env_bool("DEBUG", False)
PORT = env_int("PORT", 8000, least=1, most=65535)
HOST = env_str("HOST")
WEB_WORKERS = env_int("WEB_WORKERS", 2, least=1, most=64)
WEB_THREADS = env_int("WEB_THREADS", 4, least=1, most=64)
PUBLIC_URL = env_str("PUBLIC_URL", f"http://localhost:{PORT}").rstrip("/")
if urlsplit(PUBLIC_URL).scheme not in {"http", "https"} or not urlsplit(PUBLIC_URL).hostname:
    raise ImproperlyConfigured(f"PUBLIC_URL must be an http(s) address, not {PUBLIC_URL!r}.")

SECRET_KEY = env_str("SECRET_KEY") or secret.stored_key(VAR_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
# Encrypts contact addresses and provider secrets at rest; the first key writes, all of them read.
FIELD_ENCRYPTION_KEYS = env_list("FIELD_ENCRYPTION_KEYS") or [SECRET_KEY, *SECRET_KEY_FALLBACKS]

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or [
    urlsplit(PUBLIC_URL).hostname or "localhost",
    "localhost",
    "127.0.0.1",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# Behind this many reverse proxies of yours; a client's address is then read from X-Forwarded-For.
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", 0, most=10)
METRICS_TOKEN = env_str("METRICS_TOKEN")
BODY_BYTES = 1024 * 1024  # the largest body read of any request; more is cut, never trusted
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_BYTES

IS_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True  # every form and htmx header carries its own token
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 7 * 86400
SECURE_HSTS_SECONDS = 365 * 86400 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False  # other names of the domain are not ours to decide
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": browsers would send "Origin: null" with every form, and Django refuses that.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "alertops.errors.csrf"

OWN_APPS = [
    "accounts",
    "groups",
    "schedules",
    "alerts",
    "escalation",
    "integrations",
    "incidents",
]
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "alertops",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "anymail",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "phonenumber_field",
    "django_q",
    *OWN_APPS,
]
MIDDLEWARE = [
    "alertops.security.SecurityHeaders",
    "alertops.security.NoNul",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "alertops.reader.ReaderTimeZone",
]
ROOT_URLCONF = "alertops.urls"
WSGI_APPLICATION = "alertops.wsgi.application"
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
                "alertops.notices.on_pages",
            ],
        },
    },
]

EMBEDDED_DATABASE = not env_str("DATABASE_URL")
DATABASES = {"default": database.settings(env_str("DATABASE_URL"), VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Counts sign-in attempts once for all processes and hosts.
CACHES = {"default": {"BACKEND": "alertops.shared_cache.SharedCache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
UNFOLD = console.UNFOLD

# Sign-in (allauth): by e-mail only, nobody signs up; an admin invites.
ACCOUNT_ADAPTER = "accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation proves the address
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "reset_password": "20/m/ip,3/m/key"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS  # browsers themselves insist on localhost then
MFA_TOTP_ISSUER = "AlertOps"

# Channels. One without its settings writes to the outbox page and the console instead.
EMAIL_HOST = env_str("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD")
EMAIL_USE_SSL = env_bool("EMAIL_USE_SSL", EMAIL_PORT == 465)
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", EMAIL_PORT == 587)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", f"AlertOps <alertops@{urlsplit(PUBLIC_URL).hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# A mail service instead of SMTP: ANYMAIL_ESP=mailgun and its keys as ANYMAIL_MAILGUN_API_KEY=…
ANYMAIL_ESP = env_str("ANYMAIL_ESP")
ANYMAIL: dict[str, object] = {
    "REQUESTS_TIMEOUT": 10,
    "WEBHOOK_SECRET": env_str("ANYMAIL_WEBHOOK_SECRET"),
} | {name[8:]: value for name, value in os.environ.items() if name.startswith("ANYMAIL_")}
if ANYMAIL_ESP:
    EMAIL_BACKEND = f"anymail.backends.{ANYMAIL_ESP}.EmailBackend"
elif EMAIL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
# E-mail in: mail to this domain reaches us, through our own listener or a mail service's webhook.
# <key>@ is an integration's address, reply+<token>@ answers a page.
EMAIL_IN_DOMAIN = env_str("EMAIL_IN_DOMAIN").lower()
EMAIL_IN_HOST = env_str("EMAIL_IN_HOST")
EMAIL_IN_PORT = env_int("EMAIL_IN_PORT", 0, least=0, most=65535)  # 0: no listener
EMAIL_IN_CERTIFICATE = env_str("EMAIL_IN_CERTIFICATE")  # PEM files; STARTTLS is offered with them
EMAIL_IN_CERTIFICATE_KEY = env_str("EMAIL_IN_CERTIFICATE_KEY")
if EMAIL_IN_PORT and not EMAIL_IN_DOMAIN:
    EMAIL_IN_DOMAIN = str(urlsplit(PUBLIC_URL).hostname)
INBOUND_LOG_DAYS = env_int("INBOUND_LOG_DAYS", 30, least=0)  # of the inbound log; 0: for ever

TWILIO_ACCOUNT_SID = env_str("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env_str("TWILIO_AUTH_TOKEN")
TWILIO_AUTH_TOKEN_SECONDARY = env_str("TWILIO_AUTH_TOKEN_SECONDARY")  # accepted while rotating
TWILIO_FROM = env_str("TWILIO_FROM")
TWILIO_API_URL = env_str("TWILIO_API_URL", "https://api.twilio.com")
SMS_COUNTRIES = env_list("SMS_COUNTRIES")  # ISO codes that may be texted and called; empty: all
VAPID_PRIVATE_KEY = env_str("VAPID_PRIVATE_KEY")  # made once and kept in var/ where unset
PUSH_ALLOW_PRIVATE = env_bool("PUSH_ALLOW_PRIVATE", False)
# Hosts or networks that webhooks and chat targets may reach although they are not public.
ALLOW_PRIVATE_TARGETS = env_list("ALLOW_PRIVATE_TARGETS")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api_auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api_auth.Scoped"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["alertops.json_body.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "alertops.errors.api_error",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AlertOps",
    "DESCRIPTION": "Alerts, who is on call, and everything the console configures.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]",  # what follows it names the chapter
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "ENUM_NAME_OVERRIDES": {  # words that several parts use get one name, not a number
        "SeverityEnum": "alerts.states.Severity",
        "ChannelEnum": "accounts.channels.KINDS",
        "IntegrationKindEnum": "integrations.models_inbound.kinds",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["alertops.formats"]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "alertops.static.Storage"},
}

LOG_LEVEL = env_str("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
LOGGING = logs.config(LOG_LEVEL)

# django-q2 is the clockwork, never the memory (docs/adr/0003). Each value has its reason there.
Q_CLUSTER = {
    "name": "alertops",
    "orm": "default",
    "workers": 6,  # three loops, outbound webhooks, one hand-over, one for housekeeping
    "queue_limit": 6,  # leases start at prefetch, so never prefetch more than can start
    "bulk": 1,
    "timeout": 90,  # longer than a loop's run of 60 s
    "retry": 180,  # well above timeout
    "max_attempts": 0,
    "ack_failures": True,  # our rows own the retry, not the queue
    "catch_up": False,
    "save_limit": -1,  # successes are not kept: saving them costs more than the work
    "poll": 0.2,
    "recycle": 5000,
    "guard_cycle": 1,
    "log_level": "WARNING",
}

# The outbox. A lease outlasts the longest send (10 s); an unclear send rests for the hold before
# its provider is asked about it, longer than the provider's own lists lag behind.
ESCALATION_LEASE_SECONDS = env_int("ESCALATION_LEASE_SECONDS", 15, least=12, most=120)
ESCALATION_HOLD_SECONDS = env_int("ESCALATION_HOLD_SECONDS", 15, least=1, most=60)
ESCALATION_SENDERS = env_int("ESCALATION_SENDERS", 16, least=1, most=64)
# Nothing leaves this machine: every message goes to the outbox page. For demos and staging copies.
OUTBOX_ONLY = env_bool("OUTBOX_ONLY", False)

# Who hears of it when AlertOps itself is ill. The dead-man address is pinged every 15 s while all
# is well; the service behind it calls when that stops. The operators' address gets {"text": …}.
DEAD_MAN_URL = env_url("DEAD_MAN_URL")
OPERATOR_WEBHOOK_URL = env_url("OPERATOR_WEBHOOK_URL")
SELF_TESTS = env_bool("SELF_TESTS", True)
