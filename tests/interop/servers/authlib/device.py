"""Login on another device (RFC 8628), at a server that says so when it is asked too often, and when the codes have ended.

Its times are short, so that nobody has to wait for them: see PAUSE and LIFETIME.
"""

import time

from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE, DeviceAuthorizationEndpoint, DeviceCodeGrant
from authlib.oauth2.rfc8628 import DeviceCredentialDict

GRANT_TYPE = DEVICE_CODE_GRANT_TYPE
PAUSE = 2
LIFETIME = 12

credentials = {}  # by device code
answers = {}  # by user code: the user and whether they agree


def register(server, issuer, methods):
    class Authorization(DeviceAuthorizationEndpoint):
        CLIENT_AUTH_METHODS = methods
        EXPIRES_IN = LIFETIME
        INTERVAL = PAUSE

        def get_verification_uri(self):
            return f"{issuer}/device"

        def save_device_credential(self, client_id, scope, data):
            ends = time.time() + data["expires_in"]
            known = DeviceCredentialDict(client_id=client_id, scope=scope, user_code=data["user_code"], expires_at=ends)
            credentials[data["device_code"]] = known

    class Grant(DeviceCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = methods

        def query_device_credential(self, device_code):
            return credentials.get(device_code)

        def query_user_grant(self, user_code):
            return answers.get(user_code)

        def should_slow_down(self, credential):
            before, credential["asked"] = credential.get("asked"), time.time()
            return before is not None and credential["asked"] - before < PAUSE

    server.register_endpoint(Authorization)
    server.register_grant(Grant)
