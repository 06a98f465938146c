"""Signs who is there, on the host's server: Python 3.9 or later, without packages."""

import base64
import hashlib
import hmac
import json
import time


def sign(secret: str, site: str, user: dict) -> str:
    """A token for a customer, good for five minutes.

    secret is that of the site's signer, site its name in the gateway's configuration. user has sub, the host's own id of
    the customer, and may have name, email, email_verified (they have shown that it is theirs), plan, role, organization (id,
    name), priority (high, medium, low) and channels.
    """

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    now = int(time.time())
    claims = {**user, "aud": site, "iat": now, "exp": now + 300}
    message = ".".join(part(json.dumps(value).encode()) for value in ({"alg": "HS256", "typ": "JWT"}, claims))
    return message + "." + part(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest())
