"""Takes secrets out of what is written to files and shown in errors."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["REDACTED", "redact", "redact_text"]

REDACTED = "[redacted]"

# Values that are secrets wherever they stand, by the shapes that their issuers gave them so that they can be found.
_SHAPES = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | \b(?:
        sk-[A-Za-z0-9_-]{16,}                               # OpenAI, Anthropic and many others
        | (?:gh[oprsu]_|github_pat_)[A-Za-z0-9_]{20,}       # GitHub
        | glpat-[A-Za-z0-9_-]{16,}                          # GitLab
        | (?:AKIA|ASIA)[A-Z0-9]{16}                         # AWS
        | AIza[A-Za-z0-9_-]{30,}                            # Google
        | ya29\.[A-Za-z0-9_-]{20,}
        | xox[abeoprs]-[A-Za-z0-9-]{10,}                    # Slack
        | hf_[A-Za-z0-9]{20,}                               # Hugging Face
        | (?:gsk|xai|pplx|tvly|r8)[_-][A-Za-z0-9]{20,}
        | npm_[A-Za-z0-9]{30,}
        | pypi-[A-Za-z0-9_-]{40,}
        | [rs]k_(?:live|test)_[A-Za-z0-9]{16,}              # Stripe
        | eyJ[A-Za-z0-9_-]{8,500}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?  # JSON web tokens
    )
    """,
    re.VERBOSE | re.DOTALL,
)

# A value that follows a name: in settings, code, JSON inside of text, headers, URLs. Without quotes it has a digit,
# since it is a word or an expression otherwise.
_NAMED = re.compile(
    r"""
    ( (?:api[_-]?key|apikey|auth[_-]?token|access[_-]?token|refresh[_-]?token|password|passwd|secret
        |client[_-]?secret|secret[_-]?key|access[_-]?key|private[_-]?key)
      (?:\\?["'])? \s* [:=] \s* )
    (?: ( \\?["'] ) [^"'\\\n]{4,500} | (?= [A-Za-z._~+/=!#$%^&*-]{0,100} \d ) [A-Za-z0-9._~+/=!#$%^&*-]{8,} )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CARRIED = re.compile(
    r"""
    ( \b(?:bearer|basic)\s+ (?=[A-Za-z._~+/=-]{0,100}\d) ) [A-Za-z0-9._~+/=-]{16,}
    | ( \b[a-z][a-z0-9+.-]{0,20}://[^\s/:@"']*: ) [^\s/@"']+ (?=@)
    """,
    re.VERBOSE | re.IGNORECASE,
)

# Names of members whose text is a secret whatever it looks like.
_NAMES = frozenset(
    {
        *("api-key", "api_key", "apikey", "x-api-key", "access_key", "private_key", "secret_key"),
        *("access_token", "auth_token", "refresh_token", "client_secret", "secret", "passwd", "password"),
        *("authorization", "proxy-authorization", "cookie", "set-cookie"),
    }
)


def redact(value: Any) -> Any:
    """A copy of JSON data in which what looks like a secret is `[redacted]`.

    That is: keys and tokens in the shapes of their issuers, private keys, values after names such as `api_key=`
    or `password:`, passwords in URLs, and the texts of members with such names. It finds what has such a shape and
    nothing else: what else must not be written, a redaction of one's own has to take out.
    """
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {
            name: REDACTED if isinstance(item, str) and item and name.lower() in _NAMES else redact(item)
            for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return value


def redact_text(text: str) -> str:
    """A text in which what looks like a secret is `[redacted]`."""
    text = _SHAPES.sub(REDACTED, text)
    text = _CARRIED.sub(lambda found: (found[1] or found[2]) + REDACTED, text)
    return _NAMED.sub(lambda found: found[1] + (found[2] or "") + REDACTED, text)
