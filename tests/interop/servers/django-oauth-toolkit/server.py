"""The authorization server of the django-oauth-toolkit interop suite.

It listens on a free loopback port and then writes exactly one line to stdout, a JSON object that tells the driver how
to reach it:

    {"issuer": "http://127.0.0.1:PORT", "port": PORT, "client_secret": "..."}

Everything else goes to stderr. The process ends by itself when its stdin closes, so it never outlives the script that
started it. The database is a file beside this one, made at start, as are all keys: two runs share nothing.

Environment (all optional):
  INTEROP_CLIENT_SECRET     secret of the confidential clients; a random one is made when it is unset or empty
  INTEROP_ACCESS_TOKEN_TTL  lifetime of access tokens in seconds (60)
"""

import json
import os
import secrets
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

# stdout belongs to the one JSON line.
announce = os.fdopen(os.dup(sys.stdout.fileno()), "w")
sys.stdout = sys.stderr

HOST = "127.0.0.1"
REDIRECT_URI = f"http://{HOST}:54321/callback"
POST_LOGOUT_URI = f"http://{HOST}:54321/bye"

# The reserved characters at the end are on purpose: a client that does not form-encode its secret before it builds the
# Basic header (RFC 6749, section 2.3.1), or does not encode it in a request body, fails to authenticate.
client_secret = os.environ.get("INTEROP_CLIENT_SECRET") or secrets.token_urlsafe(24) + ":%2B+/&=~"


def positive_integer(name, fallback):
    text = os.environ.get(name) or str(fallback)
    if not text.isdecimal() or int(text) == 0:
        raise SystemExit(f"{name} must be a positive integer, not {text!r}")
    return int(text)


# ----------------------------------------------------------------------------------------------------------------------
# The port is taken first: Django's settings hold addresses.


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Handler(WSGIRequestHandler):
    def address_string(self):  # never asks for the name of an address
        return str(self.client_address[0])


server = Server((HOST, 0), Handler)
port = server.server_address[1]
issuer = f"http://{HOST}:{port}"

# ----------------------------------------------------------------------------------------------------------------------
# Settings

from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from django.conf import settings  # noqa: E402


def new_rsa_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


LOGIN_PAGE = """<!doctype html><title>Log in</title>
<form method="post">{% csrf_token %}{{ form.as_p }}<button type="submit">Log in</button></form>"""

settings.configure(
    SECRET_KEY=secrets.token_urlsafe(48),
    ALLOWED_HOSTS=[HOST],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(__file__).resolve().parent / "database.sqlite3"),
            "OPTIONS": {"timeout": 20},
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN_PAGE}),
                    "django.template.loaders.app_directories.Loader",
                ],
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                ],
            },
        }
    ],
    LOGIN_URL="/login/",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # quick, for secrets of one run
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"stderr": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
    },
    OAUTH2_PROVIDER={
        "SCOPES": {
            "openid": "Log in",
            "profile": "Name",
            "email": "E-mail address",
            "read": "Read",
            "write": "Write",
            "introspection": "Ask about tokens",
        },
        "DEFAULT_SCOPES": ["read"],
        "ACCESS_TOKEN_EXPIRE_SECONDS": positive_integer("INTEROP_ACCESS_TOKEN_TTL", 60),
        "REFRESH_TOKEN_EXPIRE_SECONDS": 86400,
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "PKCE_REQUIRED": True,
        "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
        "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
        "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
        "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": new_rsa_key(),
        # A key that signs nothing any more, so that a client has to pick by `kid`.
        "OIDC_RSA_PRIVATE_KEYS_INACTIVE": [new_rsa_key()],
        "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Validator",
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
        "OAUTH_DEVICE_VERIFICATION_URI": f"{issuer}/device/",
        "OAUTH_DEVICE_VERIFICATION_URI_COMPLETE": lambda code: f"{issuer}/device/?user_code={code}",
        "DEVICE_FLOW_INTERVAL": 1,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
    },
)

import django  # noqa: E402

# This module is the settings' ROOT_URLCONF and holds the validator: it is found by its name, and only once.
sys.modules.setdefault(__name__, sys.modules["__main__"])
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402
from oauth2_provider.views.generic import ScopedProtectedResourceView  # noqa: E402
from oauth2_provider.views.mixins import ProtectedResourceMetadataMixin  # noqa: E402

# ----------------------------------------------------------------------------------------------------------------------
# Claims, an API, addresses


class Validator(OAuth2Validator):
    """The claims of the account, as the toolkit's documentation has them added."""

    def get_additional_claims(self):
        return {
            "name": lambda request: request.user.get_full_name(),
            "preferred_username": lambda request: request.user.get_username(),
            "email": lambda request: request.user.email,
            "email_verified": lambda request: True,
        }


class Api(ProtectedResourceMetadataMixin, ScopedProtectedResourceView):
    """An API that says whose token it was called with."""

    def get(self, request):
        user = request.resource_owner
        return JsonResponse({"user": user.get_username() if user else None})


urlpatterns = [
    path("login/", LoginView.as_view(), name="login"),
    path("api/read/", Api.as_view(required_scopes=["read"])),
    path("api/write/", Api.as_view(required_scopes=["write"])),
    path("", include("oauth2_provider.urls", namespace="oauth2_provider")),
]

# ----------------------------------------------------------------------------------------------------------------------
# The database, an account and the clients

call_command("migrate", verbosity=0, interactive=False)
get_user_model().objects.create_user(
    "alice", "alice@example.test", "any", first_name="Interop", last_name="Alice"
)

CODE = Application.GRANT_AUTHORIZATION_CODE
CLIENTS = [
    ("interop-web", Application.CLIENT_CONFIDENTIAL, CODE),
    ("interop-public", Application.CLIENT_PUBLIC, CODE),
    ("interop-device", Application.CLIENT_PUBLIC, Application.GRANT_DEVICE_CODE),
    ("interop-machine", Application.CLIENT_CONFIDENTIAL, Application.GRANT_CLIENT_CREDENTIALS),
]
for client_id, client_type, grant in CLIENTS:
    application = Application(
        client_id=client_id,
        # A public client gets one that nobody knows: the toolkit would take an empty one as proof.
        client_secret=client_secret if client_type == Application.CLIENT_CONFIDENTIAL else secrets.token_urlsafe(24),
        client_type=client_type,
        authorization_grant_type=grant,
        redirect_uris=REDIRECT_URI if grant == CODE else "",
        post_logout_redirect_uris=POST_LOGOUT_URI if grant == CODE else "",
        algorithm=Application.RS256_ALGORITHM if grant == CODE else Application.NO_ALGORITHM,
        name=client_id,
    )
    application.full_clean()
    application.save()

# ----------------------------------------------------------------------------------------------------------------------
# Start and end


def end_with_stdin():
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(0)


server.set_app(WSGIHandler())
threading.Thread(target=end_with_stdin, daemon=True).start()
announce.write(json.dumps({"issuer": issuer, "port": port, "client_secret": client_secret}) + "\n")
announce.flush()
server.serve_forever()
