"""Proof that a delivery comes from this app.

`X-License-Signature: sha256=<hex>` is the HMAC-SHA256 of `<X-License-Timestamp>.<body>` with the receiver's secret:
of a subscription the one that its creation answered, of a job's callbackUrl the token in the job's wait URL (`t`).
"""

import hashlib
import hmac
from datetime import datetime

EVENT_HEADER = "X-License-Event-Id"
TIMESTAMP_HEADER = "X-License-Timestamp"
SIGNATURE_HEADER = "X-License-Signature"


def headers(event_id: str, secret: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers that sign `body`; the timestamp is in seconds since 1970."""
    timestamp = str(int(now.timestamp()))
    return {
        EVENT_HEADER: event_id,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: f"sha256={sign(secret, timestamp, body)}",
    }


def sign(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
