"""The authorization server of the idpyoidc interop suite: the endpoints of idpyoidc, on Flask.

It listens on a free loopback port and then writes exactly one line to stdout, a JSON object that tells the driver how
to reach it:

    {"issuer": "http://127.0.0.1:PORT", "port": PORT, "client_secret": "..."}

Everything else goes to stderr. The process ends by itself when its stdin closes, so it never outlives the script that
started it. All state is in memory, and all keys are made at start: two runs share nothing.

Environment (all optional):
  INTEROP_CLIENT_SECRET     secret of the clients; a random one is made when it is unset or empty
  INTEROP_ACCESS_TOKEN_TTL  lifetime of access tokens in seconds (60)
"""

import json
import logging
import os
import secrets
import sys
import threading
from pathlib import Path

# stdout belongs to the one JSON line.
announce = os.fdopen(os.dup(sys.stdout.fileno()), "w")
sys.stdout = sys.stderr
logging.basicConfig(level=logging.WARNING)

from flask import Flask, Response, redirect, request  # noqa: E402
from idpyoidc.message.oauth2 import ResponseMessage  # noqa: E402
from idpyoidc.message.oidc import AuthorizationRequest  # noqa: E402
from idpyoidc.server import Server  # noqa: E402
from idpyoidc.server.configure import OPConfiguration  # noqa: E402
from idpyoidc.server.exception import ClientAuthenticationError  # noqa: E402
from idpyoidc.server.oidc.session import Session  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

HOST = "127.0.0.1"
REDIRECT_URI = f"http://{HOST}:54321/callback"
BYE = f"http://{HOST}:54321/bye"
# Where the driver is told of logouts. Nothing listens there: it reads the address in the page.
FRONT_CHANNEL = f"http://{HOST}:54321/ended"
USERS = {user: {"name": f"Interop {user}", "email": f"{user}@example.test"} for user in ("alice", "bob", "carol")}
PAYMENTS = "https://payments.example.test"
LIFETIME = int(os.environ.get("INTEROP_ACCESS_TOKEN_TTL") or 60)
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type"

# The reserved characters at the end are on purpose: a client that does not form-encode its secret before it builds the
# Basic header (RFC 6749, section 2.3.1), or does not encode it in a request body, fails to authenticate.
client_secret = os.environ.get("INTEROP_CLIENT_SECRET") or secrets.token_urlsafe(24) + ":%2B+/&=~"

folder = Path(__file__).resolve().parent
(folder / "user_pass.jinja2").write_text("""<!doctype html><title>Log in</title>
<form action="/verify/user" method="post"><input type="hidden" name="token" value="{{ token }}">
<input type="text" name="username"><input type="password" name="password"></form>""")

app = Flask(__name__)
listener = make_server(HOST, 0, app)
issuer = f"http://{HOST}:{listener.port}"

# ----------------------------------------------------------------------------------------------------------------------
# Configuration of the library

METHODS = ["client_secret_basic", "client_secret_post"]
KEYS = [{"type": "RSA", "use": ["sig"]}, {"type": "EC", "crv": "P-256", "use": ["sig"]}]
SECRETS = [{"type": "OCT", "use": ["enc"], "kid": "enc"}, {"type": "OCT", "use": ["sig"], "kid": "sig"}]
OIDC = "idpyoidc.server.oidc"
JWT = {"class": "idpyoidc.server.token.jwt_token.JWTToken", "kwargs": {"lifetime": LIFETIME}}


def endpoint(path, where, **kwargs):
    return {"path": path, "class": where, "kwargs": kwargs}


class EndSession(Session):
    """Nobody proves here who they are (RP-Initiated Logout 1.0, section 2); the release fails over that."""

    def client_authentication(self, *args, **kwargs):
        return {}


CONFIGURATION = {
    "issuer": issuer,
    "httpc_params": {"verify": False},
    "key_conf": {"key_defs": KEYS, "uri_path": "jwks"},
    "cookie_handler": {
        "class": "idpyoidc.server.cookie_handler.CookieHandler",
        "kwargs": {
            "keys": {"key_defs": SECRETS},
            "name": {"session": "op", "register": "op_rp", "session_management": "op_sman"},
        },
    },
    "template_dir": str(folder),
    "authentication": {
        "user": {
            "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:InternetProtocolPassword",
            "class": "idpyoidc.server.user_authn.user.UserPassJinja2",
            "kwargs": {
                "verify_endpoint": "verify/user",
                "template": "user_pass.jinja2",
                "db": {"class": "builtins.dict", "kwargs": {user: "any" for user in USERS}},
            },
        }
    },
    "userinfo": {
        "class": "idpyoidc.server.user_info.UserInfo",
        "kwargs": {"db": USERS},
    },
    "claims_interface": {"class": "idpyoidc.server.session.claims.ClaimsInterface", "kwargs": {}},
    "add_on": {
        "pkce": {
            "function": "idpyoidc.server.oauth2.add_on.pkce.add_support",
            "kwargs": {"essential": True, "code_challenge_method": "S256"},
        }
    },
    "authz": {
        "class": "idpyoidc.server.authz.AuthzHandling",
        "kwargs": {
            "grant_config": {
                "usage_rules": {
                    "authorization_code": {
                        "supports_minting": ["access_token", "refresh_token", "id_token"],
                        "max_usage": 1,
                        "expires_in": 60,
                    },
                    # What a token may be exchanged for.
                    "access_token": {"supports_minting": ["access_token", "refresh_token"], "expires_in": LIFETIME},
                    "refresh_token": {
                        "supports_minting": ["access_token", "refresh_token", "id_token"],
                        "expires_in": 86400,
                    },
                },
                "expires_in": 86400,
            }
        },
    },
    "endpoint": {
        "provider_config": endpoint(
            ".well-known/openid-configuration", f"{OIDC}.provider_config.ProviderConfiguration", client_authn_method=None
        ),
        "authorization": endpoint(
            "authorization", f"{OIDC}.authorization.Authorization", client_authn_method=None,
            response_types_supported=["code"], response_modes_supported=["query"],
        ),
        "token": endpoint(
            "token", f"{OIDC}.token.Token", client_authn_method=METHODS, revoke_refresh_on_issue=True,
            grant_types_helpers={
                "authorization_code": {"class": f"{OIDC}.token_helper.access_token.AccessTokenHelper"},
                "refresh_token": {"class": f"{OIDC}.token_helper.refresh_token.RefreshTokenHelper"},
                EXCHANGE: {
                    "class": f"{OIDC}.token_helper.token_exchange.TokenExchangeHelper",
                    "kwargs": {
                        "subject_token_types_supported": [f"{TYPE}:access_token", f"{TYPE}:refresh_token"],
                        "requested_token_types_supported": [f"{TYPE}:access_token", f"{TYPE}:refresh_token"],
                        "default_requested_token_type": f"{TYPE}:access_token",
                        "policy": {
                            "": {
                                "function": "idpyoidc.server.oauth2.token_helper.validate_token_exchange_policy",
                                "kwargs": {"audience": [PAYMENTS], "resource": [f"{PAYMENTS}/accounts"]},
                            }
                        },
                    },
                },
            },
        ),
        "introspection": endpoint(
            "introspection", "idpyoidc.server.oauth2.introspection.Introspection", client_authn_method=METHODS,
            enforce_audience_restriction=False,
        ),
        "userinfo": endpoint("userinfo", f"{OIDC}.userinfo.UserInfo"),
        "session": endpoint(
            "session", EndSession, logout_verify_url=f"{issuer}/verify_logout",
            post_logout_uri_path="post_logout", signing_alg="ES256", frontchannel_logout_supported=True,
            frontchannel_logout_session_supported=True,
        ),
    },
    "token_handler_args": {
        "jwks_def": {"private_path": str(folder / "tokens.json"), "key_defs": SECRETS},
        "code": {"kwargs": {"lifetime": 60}},
        "token": JWT,
        "refresh": {**JWT, "kwargs": {"lifetime": 86400}},
        "id_token": {"class": "idpyoidc.server.token.id_token.IDToken", "kwargs": {}},
    },
}

server = Server(OPConfiguration(CONFIGURATION, base_path=str(folder)), cwd=str(folder))
context = server.context


def client(client_id, **more):
    context.cdb[client_id] = {
        "client_id": client_id,
        "client_secret": client_secret,
        "redirect_uris": [(REDIRECT_URI, {})],
        "post_logout_redirect_uri": [(BYE, {})],
        "response_types_supported": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "allowed_scopes": ["openid", "profile", "email", "offline_access"],
        **more,
    }
    context.keyjar.add_symmetric(client_id, client_secret)


GRANTS = ["authorization_code", "refresh_token"]
client("interop-web", grant_types_supported=[*GRANTS, EXCHANGE], frontchannel_logout_uri=FRONT_CHANNEL)
client(
    "interop-session", grant_types_supported=GRANTS, frontchannel_logout_uri=f"{FRONT_CHANNEL}?app=1",
    frontchannel_logout_session_required=True,
)
client("interop-service", grant_types_supported=[EXCHANGE])

# ----------------------------------------------------------------------------------------------------------------------
# Addresses


def answer(response, info):
    for name, value in info.get("http_headers", []):
        response.headers[name] = value
    for cookie in info.get("cookie", []):
        values = {name: value for name, value in cookie.items() if name not in ("name", "secure", "samesite")}
        response.set_cookie(cookie["name"], **values)
    return response


def respond(endpoint, args, asked):
    info = endpoint.do_response(request=asked, **args)
    if info.get("response_placement", endpoint.response_placement) == "url":
        return answer(redirect(info["response"]), info)
    return answer(Response(info["response"], info.get("response_code", 200)), info)


def refusal(error, status=400):
    return Response(error.to_json(), status, mimetype="application/json")


def at(name):
    endpoint = server.endpoint[name]
    seen = {
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "method": request.method,
        "url": request.url,
        "cookie": [{"name": name, "value": value} for name, value in request.cookies.items()],
    }
    given = request.form if request.method == "POST" else request.args
    lists = ("resource", "audience")  # RFC 8693 section 2.1: they may come more than once
    args = {name: given.getlist(name) if name in lists else value for name, value in given.items()}
    try:
        asked = endpoint.parse_request(args, http_info=seen)
    except ClientAuthenticationError as error:
        return refusal(ResponseMessage(error="invalid_client", error_description=str(error)), 401)
    if isinstance(asked, ResponseMessage) and "error" in asked:
        return refusal(asked)
    args = endpoint.process_request(asked, http_info=seen)
    if isinstance(args, ResponseMessage) and "error" in args:
        return refusal(args)
    if "redirect_location" in args:
        return redirect(args["redirect_location"])
    if "http_response" in args:
        return args["http_response"]
    return respond(endpoint, args, asked)


for name, made in server.endpoint.items():
    app.add_url_rule(f"/{made.endpoint_path}", name, lambda name=name: at(name), methods=["GET", "POST"])
app.add_url_rule("/jwks", "jwks", lambda: context.keyjar.export_jwks())


@app.route("/verify/user", methods=["POST"])
def verify():
    method = context.authn_broker.get_method_by_id("user")
    user = method.verify(**request.form)
    given = method.unpack_token(request.form["token"])
    asked = AuthorizationRequest().from_urlencoded(given["query"])
    endpoint = server.endpoint["authorization"]
    session = endpoint.create_session(asked, user, given["authn_class_ref"], given["iat"], method)
    return respond(endpoint, endpoint.authz_part2(request=asked, session_id=session), asked)


@app.route("/verify_logout")
def ask_logout():
    token = request.args["sjwt"]
    return f"""<form action="/rp_logout" method="post"><input type="hidden" name="sjwt" value="{token}">
        <button type="submit" name="logout" value="yes">Log out</button></form>"""


@app.route("/rp_logout", methods=["POST"])
def log_out():
    endpoint = server.endpoint["session"]
    info = endpoint.unpack_signed_jwt(request.form["sjwt"])
    frames = endpoint.do_verified_logout(alla=True, **info)
    page = f"""{"".join(frames)}<a href="{info["redirect_uri"]}">Go on</a>"""
    return answer(Response(page), {"cookie": endpoint.kill_cookies()})


# ----------------------------------------------------------------------------------------------------------------------
# Start and end


def end_with_stdin():
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
announce.write(json.dumps({"issuer": issuer, "port": listener.port, "client_secret": client_secret}) + "\n")
announce.flush()
listener.serve_forever()
