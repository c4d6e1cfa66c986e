"""Takes secrets out of what is written to files and shown in errors."""

from __future__ import annotations

import json
import re
from typing import Any

from .text import parse

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
        | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}        # SendGrid
        | do[opr]_v1_[a-f0-9]{32,}                          # DigitalOcean
        | pypi-[A-Za-z0-9_-]{40,}
        | [rs]k_(?:live|test)_[A-Za-z0-9]{16,}              # Stripe
        | eyJ[A-Za-z0-9_-]{8,500}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?  # JSON web tokens
    )
    """,
    re.VERBOSE | re.DOTALL,
)

# Names whose values are secrets. In capitals, as variables of the environment have them, most keys and any token are.
_WORDS = r"""
    (?: api[_-]?key | (?:access|api|auth|bearer|bot|gh|github|hf|id|refresh|secret|session)[_-]?token
        | passphrase | password | passwd | (?:client[_-]?)?secret | (?:access|account|private|secret)[_-]?key )
"""
_CAPITALS = r"""
    (?-i: (?<![A-Za-z0-9_]) (?!(?:[A-Z0-9_]*_)?(?:CACHE|FOREIGN|PARTITION|PRIMARY|PUBLIC|SORT)_KEY)
        (?: (?:[A-Z][A-Z0-9_]*_)? (?:TOKEN|SECRET|PASSWORD|PASSWD) | [A-Z][A-Z0-9_]*_KEY ) )
"""

# A value that follows a name: in settings, code, JSON inside of text, headers, URLs. Without quotes it has a digit,
# since it is a word or an expression otherwise; but `NAME=value`, as shells write it, may be any.
_NAMED = re.compile(
    rf"""
    ( (?:{_WORDS}|{_CAPITALS}) (?:\\?["'])? \s* [:=] \s* )
    (?: ( \\?["'] ) [^"'\\\n]{{4,500}} | (?= [A-Za-z._~+/=!#$%^&*-]{{0,100}} \d ) [A-Za-z0-9._~+/=!#$%^&*-]{{8,}} )
    | ( {_CAPITALS} = ) [^\s"'`;&|<>()\[\]{{}},$\\]++ (?![(\[{{])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CARRIED = re.compile(
    r"""
    ( \b(?:bearer|basic)\s+ (?=[A-Za-z._~+/=-]{0,100}\d) ) [A-Za-z0-9._~+/=-]{16,}
    | ( \b[a-z][a-z0-9+.-]{0,20}://[^\s/:@"']*: ) [^\s/@"']+ (?=@)
    | ( \bauthorization (?:\\?["'])? \s* [:=] \s* (?:\\?["'])? )  (?:digest|aws4-hmac-sha256) [ \t] [^\n]++
    | ( \bauthorization (?:\\?["'])? \s* [:=] \s* (?:\\?["'])? (?!(?:disabled|enabled|missing|optional|required)\b)
        (?:(?:apikey|basic|bearer|key|negotiate|ntlm|token)[ \t]++)?+ )
      [A-Za-z0-9._~+/=:-]{8,} (?:[ \t]+[A-Za-z0-9._~+/=:-]{8,})?
    | ( \bhooks\.slack\.com/(?:services|workflows|triggers)/ ) [\w/-]++
    | ( \bx-amz-(?:credential|security-token|signature)= ) [^\s&"'<>]{8,}
    | ( (?<!\S) --(?:[a-z]+-)*(?:api-key|passphrase|password|secret|token) [ =]+ )
      (?= [^\s\d]{0,100}\d) [^\s"'`$<>()]{6,}
    | ( \bcookie (?:\\?["'])? \s* [:=] \s* (?:\\?["'])? ) [\w.!#$%&*+^|~-]++ = [^"'\\\n]*+
    """,
    re.VERBOSE | re.IGNORECASE,
)

# Names of members that hold a secret whatever it looks like.
_NAMES = re.compile(
    rf"(?:[\w-]*[_-])? {_WORDS} | {_CAPITALS} | (?:proxy-)?authorization | (?:set-)?cookie2?",
    re.VERBOSE | re.IGNORECASE,
)


def redact(value: Any) -> Any:
    """A copy of JSON data in which what looks like a secret is `[redacted]`.

    That is: keys and tokens in the shapes of their issuers, private keys, values after names such as `api_key=`,
    `password:` or `GITHUB_TOKEN=`, what `Authorization:` and `Cookie:` say, passwords in URLs, and the texts and
    numbers of members with such names, also in lists. It finds what has such a shape and nothing else: what else must
    not be written, a redaction of one's own has to take out.
    """
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {name: _hidden(item) if _NAMES.fullmatch(name) else redact(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return value


def _hidden(value: Any) -> Any:
    """What stands under the name of a secret, without it. A dict is not one: it describes a field of that name."""
    if isinstance(value, (list, tuple)):
        return [_hidden(item) for item in value]
    if (isinstance(value, str) and value) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return REDACTED
    return redact(value)


def redact_text(text: str) -> str:
    """A text in which what looks like a secret is `[redacted]`."""
    if text.lstrip()[:1] in ("{", "["):
        text = _redact_json(text)
    text = _SHAPES.sub(REDACTED, text)
    text = _CARRIED.sub(lambda found: next(filter(None, found.groups())) + REDACTED, text)
    return _NAMED.sub(lambda found: (found[1] or found[3]) + (found[2] or "") + REDACTED, text)


def _redact_json(text: str) -> str:
    """A text that is JSON, as the arguments of tools are, redacted as data; as it is when there is nothing to hide."""
    try:
        data = parse(text)
        clean = redact(data)
        return text if clean == data else json.dumps(clean, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
