"""GitHub's refusals that say when to come back. Pure. https://docs.github.com/en/rest/using-the-rest-api"""

import re
from typing import Final

from core.http.wire import Response

SECONDARY_SECONDS: Final = 60
"""GitHub's advice for a limit that names no time."""
LONGEST_SECONDS: Final = 86_400

_WORDS: Final = re.compile(rb"rate limit|abuse detection", re.IGNORECASE)


def rate_limited(answer: Response) -> bool:
    """Whether a 403 or 429 is about how often we asked, and not about what."""
    if answer.status == 429:
        return True
    return answer.status == 403 and (
        "retry-after" in answer.headers
        or answer.headers.get("x-ratelimit-remaining", "0" if "x-ratelimit-reset" in answer.headers else "") == "0"
        or _WORDS.search(answer.body[:10_000]) is not None
    )


def waiting_time(answer: Response, now: int) -> dict[str, int]:
    """`{"retry_after": seconds}` where the answer tells; `now` in milliseconds.

    `x-ratelimit-reset` is when the hour's limit begins anew: of another limit it says nothing.
    """
    retry_after = answer.headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,6}", retry_after):
        return {"retry_after": int(retry_after)}
    reset = answer.headers.get("x-ratelimit-reset", "")
    if not re.fullmatch(r"[0-9]{1,12}", reset):
        return {}
    if answer.headers.get("x-ratelimit-remaining", "0") != "0":
        return {"retry_after": SECONDARY_SECONDS}
    seconds = -(-(int(reset) * 1000 - now) // 1000)
    return {"retry_after": min(max(seconds, 1), LONGEST_SECONDS)}
