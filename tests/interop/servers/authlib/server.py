"""The authorization server of the authlib interop suite: Authlib's grants and endpoints, on Flask.

It listens on a free loopback port and then writes exactly one line to stdout, a JSON object that tells the driver how
to reach it:

    {"issuer": "http://127.0.0.1:PORT", "port": PORT, "client_secret": "...", "client_key": "-----BEGIN PRIVATE KEY...",
     "initial_access_token": "...", "assertions": {"good": "ey...", ...}}

`client_key` is the key of clients that sign; `assertions` are JWTs of a partner, who signs with a key of their own.
Everything else goes to stderr. The process ends by itself when its stdin closes, so it never outlives the script that
started it. All state is in memory, and all keys are made at start: two runs share nothing.

Environment (all optional):
  INTEROP_CLIENT_SECRET     secret of the confidential clients; a random one is made when it is unset or empty
  INTEROP_ACCESS_TOKEN_TTL  lifetime of access tokens in seconds (60)
"""

import json
import os
import secrets
import sys
import threading
import time

# stdout belongs to the one JSON line.
announce = os.fdopen(os.dup(sys.stdout.fileno()), "w")
sys.stdout = sys.stderr
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain http, on loopback

import device  # noqa: E402
from authlib.integrations import sqla_oauth2 as sqla  # noqa: E402
from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token  # noqa: E402
from authlib.oauth2 import OAuth2Error, rfc7523, rfc7591, rfc7636, rfc7662, rfc8414, rfc9068, rfc9207  # noqa: E402
from authlib.oauth2.rfc6749 import grants  # noqa: E402
from flask import Flask, jsonify, request  # noqa: E402
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey  # noqa: E402
from sqlalchemy import Column, Integer, Text, create_engine  # noqa: E402
from sqlalchemy.orm import DeclarativeBase, Session  # noqa: E402
from sqlalchemy.pool import StaticPool  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

HOST = "127.0.0.1"
REDIRECT_URI = f"http://{HOST}:54321/callback"
SCOPES = "read write"
JWT_BEARER = rfc7523.JWTBearerGrant.GRANT_TYPE
LIFETIME = int(os.environ.get("INTEROP_ACCESS_TOKEN_TTL") or 60)

# The reserved characters at the end are on purpose: a client that does not form-encode its secret before it builds the
# Basic header (RFC 6749, section 2.3.1), or does not encode it in a request body, fails to authenticate.
client_secret = os.environ.get("INTEROP_CLIENT_SECRET") or secrets.token_urlsafe(32) + ":%2B+/&=~"
initial_access_token = secrets.token_urlsafe(24)
signing_key = RSAKey.generate_key(2048, {"kid": "own", "use": "sig", "alg": "RS256"})
client_key = ECKey.generate_key("P-256", {"kid": "interop-key", "use": "sig", "alg": "ES256"})
partner_key = ECKey.generate_key("P-256", {"kid": "partner-key", "use": "sig", "alg": "ES256"})

app = Flask(__name__)
app.config["OAUTH2_SCOPES_SUPPORTED"] = SCOPES.split()
listener = make_server(HOST, 0, app)
issuer = f"http://{HOST}:{listener.port}"

# ----------------------------------------------------------------------------------------------------------------------
# What is stored


class Base(DeclarativeBase):
    pass


class Client(Base, sqla.OAuth2ClientMixin):
    __tablename__ = "client"
    id = Column(Integer, primary_key=True)

    def check_client_secret(self, client_secret):
        return secrets.compare_digest(self.client_secret.encode(), client_secret.encode())


class Code(Base, sqla.OAuth2AuthorizationCodeMixin):
    __tablename__ = "code"
    id = Column(Integer, primary_key=True)
    user_id = Column(Text)


class Token(Base, sqla.OAuth2TokenMixin):
    __tablename__ = "token"
    id = Column(Integer, primary_key=True)
    user_id = Column(Text)


class User:
    """Every name is an account."""

    def __init__(self, name):
        self.name = name

    def get_user_id(self):
        return self.name


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
session = Session(engine)
query_client = sqla.create_query_client_func(session, Client)
query_token = sqla.create_query_token_func(session, Token)


def store(item):
    session.add(item)
    session.commit()
    return item


# ----------------------------------------------------------------------------------------------------------------------
# The library's parts, each with what its documentation wants written

server = AuthorizationServer(app, query_client, sqla.create_save_token_func(session, Token))
METHODS = ["client_secret_basic", "client_secret_post", "none", "client_assertion_jwt"]


class AccessTokens(rfc9068.JWTBearerTokenGenerator):
    def get_jwks(self):
        return signing_key


server.register_token_generator("default", AccessTokens(
    issuer,
    expires_generator=lambda client, grant_type: LIFETIME,
    refresh_token_generator=lambda **_: secrets.token_urlsafe(32),
))


class Issuer(rfc9207.IssuerParameter):
    def get_issuer(self):
        return issuer


server.register_extension(lambda server: Issuer()(server))


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code, request):
        data = request.payload.data
        store(Code(
            code=code, client_id=request.client.client_id, redirect_uri=request.payload.redirect_uri,
            scope=request.payload.scope, user_id=request.user.name,
            code_challenge=data.get("code_challenge"), code_challenge_method=data.get("code_challenge_method"),
        ))

    def query_authorization_code(self, code, client):
        item = session.query(Code).filter_by(code=code, client_id=client.client_id).first()
        return item if item and not item.is_expired() else None

    def delete_authorization_code(self, authorization_code):
        session.delete(authorization_code)
        session.commit()

    def authenticate_user(self, authorization_code):
        return User(authorization_code.user_id)


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        token = query_token(refresh_token, "refresh_token")
        return token if token and not token.is_revoked() else None

    def authenticate_user(self, refresh_token):
        return User(refresh_token.user_id)

    def revoke_old_credential(self, refresh_token):
        refresh_token.access_token_revoked_at = refresh_token.refresh_token_revoked_at = int(time.time())
        store(refresh_token)


class MachineGrant(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class AssertionGrant(rfc7523.JWTBearerGrant):
    def resolve_issuer_client(self, issuer):
        return query_client(issuer)

    def resolve_client_public_key(self, client):
        return KeySet.import_key_set(client.jwks)

    def authenticate_user(self, subject):
        return User(subject) if subject != "nobody" else None

    def get_audiences(self):
        return [issuer, f"{issuer}/token"]

    def has_granted_permission(self, client, user):
        return user.name != "stranger"


class ClientAssertions(rfc7523.JWTBearerClientAssertion):
    """Authlib knows one method for keys and secrets alike."""

    used = set()

    def get_audiences(self):
        return [issuer]

    def validate_jti(self, claims, jti):
        is_new = (claims["sub"], jti) not in self.used
        self.used.add((claims["sub"], jti))
        return is_new

    def resolve_client_public_key(self, client):
        return KeySet.import_key_set(client.jwks) if client.jwks else OctKey.import_key(client.client_secret)


class Introspection(rfc7662.IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string, token_type_hint):
        return query_token(token_string, token_type_hint)

    def check_permission(self, token, client, request):
        return token.check_client(client)

    def introspect_token(self, token):
        ends = token.issued_at + token.expires_in
        return {
            "client_id": token.client_id, "token_type": "Bearer", "scope": token.get_scope(), "sub": token.user_id,
            "iss": issuer, "iat": token.issued_at, "exp": ends,
        }


class Revocation(sqla.create_revocation_endpoint(session, Token)):
    CLIENT_AUTH_METHODS = METHODS


METADATA = {
    "issuer": issuer,
    "authorization_endpoint": f"{issuer}/authorize",
    "token_endpoint": f"{issuer}/token",
    "registration_endpoint": f"{issuer}/register",
    "revocation_endpoint": f"{issuer}/revoke",
    "introspection_endpoint": f"{issuer}/introspect",
    "jwks_uri": f"{issuer}/jwks",
    "scopes_supported": SCOPES.split(),
    "response_types_supported": ["code"],
    "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", JWT_BEARER],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    "code_challenge_methods_supported": ["S256"],
    "authorization_response_iss_parameter_supported": True,
}
rfc8414.AuthorizationServerMetadata(METADATA).validate()


class Registration(rfc7591.ClientRegistrationEndpoint):
    def get_server_metadata(self):
        return METADATA

    def authenticate_token(self, request):
        return secrets.compare_digest(request.headers.get("Authorization") or "", f"Bearer {initial_access_token}")

    def save_client(self, client_info, client_metadata, request):
        client = Client(**client_info)
        # What RFC 7591 section 2 has for what a client leaves out.
        usual = {"scope": SCOPES, "response_types": ["code"], "grant_types": ["authorization_code"]}
        client.set_client_metadata({**usual, **client_metadata})
        return store(client)


protector = ResourceProtector()
protector.register_token_validator(sqla.create_bearer_token_validator(session, Token)())
server.register_client_auth_method("client_assertion_jwt", ClientAssertions())
server.register_grant(CodeGrant, [rfc7636.CodeChallenge(required=True)])
for grant in [RefreshGrant, MachineGrant, AssertionGrant]:
    server.register_grant(grant)
device.register(server, issuer, METHODS)
for endpoint in [Introspection, Revocation, Registration]:
    server.register_endpoint(endpoint)

# ----------------------------------------------------------------------------------------------------------------------
# Addresses

PAGE = """<!doctype html><title>Log in</title><form method="post"><input name="login">
<button type="submit" name="action" value="yes">Yes</button><button type="submit" name="action" value="no">No</button>
</form>"""


@app.route("/authorize", methods=["GET", "POST"])
def authorize():
    try:
        grant = server.get_consent_grant()
    except OAuth2Error as error:
        return server.handle_error_response(None, error)
    if request.method == "GET":
        return PAGE
    user = User(request.form["login"]) if request.form.get("action") == "yes" else None
    return server.create_authorization_response(grant=grant, grant_user=user)


@app.route("/device", methods=["GET", "POST"])
def enter_code():
    if request.method == "GET":
        return PAGE
    device.answers[request.args["user_code"]] = (User(request.form["login"]), request.form.get("action") == "yes")
    return "Done"


app.add_url_rule("/token", "token", server.create_token_response, methods=["POST"])
for path, name in [
    ("introspect", "introspection"),
    ("revoke", "revocation"),
    ("register", "client_registration"),
    ("device_authorization", "device_authorization"),
]:
    app.add_url_rule(f"/{path}", path, lambda name=name: server.create_endpoint_response(name), methods=["POST"])
app.add_url_rule("/jwks", "jwks", lambda: jsonify(KeySet([signing_key]).as_dict(private=False)))
app.add_url_rule("/.well-known/oauth-authorization-server", "metadata", lambda: jsonify(METADATA))


@app.route("/api/read")
@protector("read")
def read():
    return jsonify({"user": current_token.user_id, "scope": current_token.scope})


# ----------------------------------------------------------------------------------------------------------------------
# The clients, what a partner has signed, start and end

CODE = {
    "redirect_uris": [REDIRECT_URI], "response_types": ["code"], "grant_types": ["authorization_code", "refresh_token"],
}
KEYED = {"jwks": KeySet([client_key]).as_dict(private=False), "token_endpoint_auth_method": "client_assertion_jwt"}
for client_id, client in {
    "interop-web": CODE,
    "interop-post": {**CODE, "token_endpoint_auth_method": "client_secret_post"},
    "interop-public": {**CODE, "token_endpoint_auth_method": "none"},
    "interop-jwt": {**CODE, **KEYED},
    "interop-hmac": {**CODE, "token_endpoint_auth_method": "client_assertion_jwt"},
    "interop-device": {"grant_types": [device.GRANT_TYPE, "refresh_token"], "token_endpoint_auth_method": "none"},
    "interop-machine": {"grant_types": ["client_credentials"]},
    "interop-key-machine": {**KEYED, "grant_types": ["client_credentials"]},
    "interop-assertion": {**KEYED, "grant_types": [JWT_BEARER]},
    "interop-partner": {"jwks": KeySet([partner_key]).as_dict(private=False), "grant_types": [JWT_BEARER]},
}.items():
    item = Client(client_id=client_id, client_secret=client_secret, client_id_issued_at=int(time.time()))
    item.set_client_metadata({"scope": SCOPES, **client})
    store(item)


def signed(key, audience=issuer, subject="alice", **more):
    return rfc7523.JWTBearerGrant.sign(
        key, "interop-partner", audience, subject, header={"alg": "ES256", "kid": key.kid}, **more
    )


assertions = {
    "good": signed(partner_key),
    "ended": signed(partner_key, issued_at=int(time.time()) - 7200, expires_at=int(time.time()) - 3600),
    "elsewhere": signed(partner_key, audience="https://elsewhere.example"),
    "forged": signed(client_key),
    "nobody": signed(partner_key, subject="nobody"),
    "stranger": signed(partner_key, subject="stranger"),
}


def end_with_stdin():
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
announce.write(json.dumps({
    "issuer": issuer, "port": listener.port, "client_secret": client_secret,
    "client_key": client_key.as_pem(private=True).decode(), "initial_access_token": initial_access_token,
    "assertions": assertions,
}) + "\n")
announce.flush()
listener.serve_forever()
