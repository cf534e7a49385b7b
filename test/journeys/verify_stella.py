"""What a receiver of the stella profile does on its side, with Python's standard library alone.

Reads one JSON object from standard input: body (base64), headers, secret. Prints "verified" and the event type, or
says on standard error what does not hold and exits with 1.
"""

import base64
import hashlib
import hmac
import json
import sys
from datetime import datetime, timedelta

MAX_TIMESTAMP_AGE = timedelta(minutes=5)


def verify_signature(payload: bytes, signature: str, secret: str) -> bool:
    expected = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, expected)


def check_timestamp(timestamp_str: str) -> bool:
    timestamp = datetime.fromisoformat(timestamp_str.replace("Z", "+00:00"))
    now = datetime.now(timestamp.tzinfo)
    return abs(now - timestamp) < MAX_TIMESTAMP_AGE


def main() -> None:
    received = json.load(sys.stdin)
    body = base64.b64decode(received["body"])
    headers = received["headers"]
    if not verify_signature(body, headers["x-stella-signature"], received["secret"]):
        sys.exit("Invalid signature")
    payload = json.loads(body)
    if not check_timestamp(headers["x-stella-timestamp"]) or not check_timestamp(payload["timestamp"]):
        sys.exit("Stale timestamp")
    if headers["x-stella-delivery"] != payload["id"] or headers["x-stella-event"] != payload["event"]:
        sys.exit("Headers and body disagree")
    print("verified", payload["event"])


main()
