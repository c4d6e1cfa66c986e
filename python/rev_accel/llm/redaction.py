"""Takes secrets out of what is written to files and shown in errors."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from .text import parse

__all__ = ["REDACTED", "redact", "redact_text"]

REDACTED = "[redacted]"

# Of a name so many characters are looked at, from its end.
MOST_NAME = 100

# Values that are secrets wherever they stand, by the shapes that their issuers gave them so that they can be found.
_SHAPES = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----|\Z)
    | \b(?:
        sk-[A-Za-z0-9_-]{16,}                               # OpenAI, Anthropic and many others
        | (?:gh[oprsu]_|github_pat_)[A-Za-z0-9_]{20,}       # GitHub
        | glpat-[A-Za-z0-9_-]{16,}                          # GitLab
        | (?:AKIA|ASIA)[A-Z0-9]{16}                         # AWS
        | AIza[A-Za-z0-9_-]{30,}                            # Google
        | ya29\.[A-Za-z0-9_-]{20,}
        | xox[abeoprs]-[A-Za-z0-9-]{10,}                    # Slack
        | xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{16,}
        | hf_[A-Za-z0-9]{20,}                               # Hugging Face
        | (?:gsk|xai|pplx|tvly|r8)[_-][A-Za-z0-9]{20,}
        | nvapi-[A-Za-z0-9_-]{20,}                          # NVIDIA
        | npm_[A-Za-z0-9]{30,}
        | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}        # SendGrid
        | key-[a-f0-9]{32}\b                                # Mailgun
        | do[opr]_v1_[a-f0-9]{32,}                          # DigitalOcean
        | dapi[a-f0-9]{32}                                  # Databricks
        | hv[bs]\.[A-Za-z0-9_-]{20,}                        # Vault
        | tskey-[a-z]+-[A-Za-z0-9]+-[A-Za-z0-9]{16,}        # Tailscale
        | pypi-[A-Za-z0-9_-]{40,}
        | dckr_pat_[A-Za-z0-9_-]{20,}                       # Docker
        | [rs]k_(?:live|test)_[A-Za-z0-9]{16,}              # Stripe
        | whsec_[A-Za-z0-9+/]{20,}
        | sq0[a-z]{3}-[A-Za-z0-9_-]{20,}                    # Square
        | shp(?:at|ca|pa|ss)_[a-f0-9]{32}                   # Shopify
        | lin_api_[A-Za-z0-9]{30,}                          # Linear
        | figd_[A-Za-z0-9_-]{20,}                           # Figma
        | sntry[su]_[A-Za-z0-9+/=_-]{30,}                   # Sentry
        | PMAK-[a-f0-9]{24}-[a-f0-9]{32,}                   # Postman
        | \d{8,10}:AA[A-Za-z0-9_-]{30,}                     # Telegram
        | eyJ[A-Za-z0-9_-]{8,500}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?  # JSON web tokens
    )
    """,
    re.VERBOSE | re.DOTALL,
)

# Names whose values are secrets. In capitals, as variables of the environment have them, most keys and any token are.
_PASSWORDS = (
    r"(?: passphrase | password | passwd | (?:admin|auth|db|ftp|mail|mysql|postgres|redis|root|smtp)_?(?:pass|pwd) )"
)
_WORDS = rf"""
    (?: {_PASSWORDS} | api[_-]?key
        | (?:access|api|auth|bearer|bot|csrf|gh|github|hf|id|refresh|secret|security|session|xsrf)[_-]?token
        | (?:client[_-]?)?secret | (?:access|account|private|secret)[_-]?key )
"""
_CAPITALS = r"""
    (?-i: (?<![A-Za-z0-9_]) (?!(?:[A-Z0-9_]*_)?(?:CACHE|FOREIGN|PARTITION|PRIMARY|PUBLIC|SORT)_KEY)
        (?: (?:[A-Z][A-Z0-9_]*_)? (?:TOKEN|SECRET|SECRET_KEY_BASE) | (?:[A-Z][A-Z0-9_]*)? (?:PASSWORD|PASSWD|PASSPHRASE)
            | [A-Z][A-Z0-9_]*_KEY | (?:ADMIN|AUTH|DB|FTP|MAIL|MYSQL|POSTGRES|REDIS|ROOT|SMTP|USER)_(?:PASS|PWD) ) )
"""
_SECRET = re.compile(rf"(?: ({_CAPITALS}) | {_WORDS} ) \Z", re.VERBOSE | re.IGNORECASE)
_PASSWORD = re.compile(rf"(?: {_PASSWORDS} | (?<![A-Za-z0-9_])pwd ) \Z", re.VERBOSE | re.IGNORECASE)

# A name with what stands between it and its value: in settings, code, JSON inside of text, headers, URLs.
_NAMED = re.compile(r"""(?<![\w-]) ([\w-]++) ( (?:\\?["'])? \s*+ [:=] \s*+ )""", re.VERBOSE)

# Its value. Without quotes it has a digit, since it is a word or an expression otherwise; but `NAME=value`, as shells
# write it, may be any. A password with something else than letters may be shorter when nothing else is on its line, or
# a semicolon or an ampersand ends it, as in files of properties and strings of connections.
_QUOTED = re.compile(r"""(\\?["'])[^"'\\\n]{4,500}""")
_MIXED = re.compile(r"(?=[A-Za-z._~+/=!#$%^&*-]{0,100}\d)[A-Za-z0-9._~+/=!#$%^&*-]{8,}")
_SHELL = re.compile(r"""[^\s"'`;&|<>()\[\]{},$\\]++(?![(\[{])""")
_ENTRY = re.compile(
    r"""(?=[A-Za-z]{0,100}[\d!@#%^*+~])[^\s"'`;&|<>()\[\]{},$\\/]{5,100}+(?=[;&]|[ \t\r]*(?:$|\\n))""", re.MULTILINE
)

# Secrets that something else tells, with words of which one must be there.
_CARRIED = tuple(
    (words, re.compile(pattern, re.VERBOSE | re.IGNORECASE | re.MULTILINE))
    for words, pattern in (
        (("bearer", "basic"), r"( \b(?:bearer|basic)\s+ (?=[A-Za-z._~+/=-]{0,100}\d) ) [A-Za-z0-9._~+/=-]{16,}"),
        (("://",), r"""( ://[^\s/:@"']*: ) [^\s/@"']+ (?=@)"""),
        (
            ("authorization",),
            r"""
            ( \bauthorization (?:\\?["'])? \s* [:=] \s* (?:\\?["'])? )  (?:digest|aws4-hmac-sha256) [ \t] [^\n]++
            | ( \bauthorization (?:\\?["'])? \s* [:=] \s* (?:\\?["'])?
                (?!(?:disabled|enabled|missing|optional|required)\b)
                (?:(?:apikey|basic|bearer|key|negotiate|ntlm|token)[ \t]++)?+ )
              [A-Za-z0-9._~+/=:-]{8,} (?:[ \t]+[A-Za-z0-9._~+/=:-]{8,})?
            """,
        ),
        (
            ("x-",),
            r"""
            ( (?<![\w-]) x-[a-z-]{0,40}(?:key|secret|token): [ \t]*
                (?!(?:disabled|enabled|forbidden|optional|required|undefined)\b) )
            [A-Za-z0-9._~+/=-]{8,}+ (?= [ \t\r]*$ | \\?["'] | \\n )
            """,
        ),
        (("hooks.slack.com/",), r"( \bhooks\.slack\.com/(?:services|workflows|triggers)/ ) [\w/-]++"),
        (("/webhooks/",), r"( \bdiscord(?:app)?\.com/api/webhooks/\d+/ ) [\w-]++"),
        (
            ("x-amz-", "x-goog-"),
            r"""( \bx-(?:amz|goog)-(?:credential|security-token|signature)= ) [^\s&"'<>]{8,}""",
        ),
        (
            ("token=", "sig=", "password=", "pwd="),
            r"""( [?&](?:token|sig|password|pwd)= ) (?=[a-z0-9]) [^\s&"'`<>()\[\]{}$\\\#,;]{6,}+ (?![(\[{])""",
        ),
        (
            ("--",),
            r"""
            ( (?<!\S) --(?:[a-z]+-)*(?:api-key|passphrase|password|secret|token) (?: = | [ ]+ (?=[^\s\d]{0,100}\d) ) )
            [^\s"'`$<>()\[\]{}]{6,}
            """,
        ),
        (("cookie",), r"""( \bcookie (?:\\?["'])? \s* [:=] \s* (?:\\?["'])? ) [\w.!#$%&*+^|~-]++ = [^"'\\\n]*+"""),
        (
            ("curl",),
            r"""( \bcurl\b [^\n|;]{0,200}? \s(?:-u|--user|--proxy-user)[ =]?["']? [^\s:"'$]{1,100}: ) [^\s"'`$]+""",
        ),
        (("mysql",), r"""( \bmysql(?:admin|dump)?\b [^\n|;]{0,200}? \s-p ) (?=[^\s"'`$]*\d) [^\s"'`$]{6,}"""),
        (("machine",), r"( \bmachine\s+\S{1,200}\s+login\s+\S{1,200}\s+password\s+ ) (?![{$<])\S+"),
        (
            ("</",),
            r"""
            ( <(?:[\w:.-]{0,40}[_.:-])?(?:api_?key|passphrase|password|private_?key|secret)> )
            [^<>\s${}]{3,200} (?=</)
            """,
        ),
    )
)

# Names of members that hold a secret whatever it looks like, and their texts that are none.
_NAMES = re.compile(
    rf"(?:[\w-]*[_-])? {_WORDS} | {_CAPITALS} | credentials | pwd | (?:proxy-)?authorization | (?:set-)?cookie2?",
    re.VERBOSE | re.IGNORECASE,
)
_HARMLESS = re.compile(r"include|omit|same-origin|[/~.].*|[A-Za-z]:[\\/].*", re.DOTALL)
_HEADERS = re.compile(r"(?:proxy-)?authorization|(?:set-)?cookie", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def redact(value: Any) -> Any:
    """A copy of JSON data in which what looks like a secret is `[redacted]`.

    That is: keys and tokens in the shapes of their issuers, private keys, values after names such as `api_key=`,
    `password:`, `GITHUB_TOKEN=` or `DB_PASS=`, what `Authorization:`, `Cookie:` and `X-Api-Key:` say, passwords in
    URLs, strings of connections and commands, and the texts and numbers of members with such names, also in lists, and
    of `{"name": "Authorization", "value": ...}`.

    It finds what has such a shape and nothing else: what else must not be written, a redaction of one's own has to take
    out. Left as they are, since too much that is none looks like them: members `token`, `pin`, `auth` and `pass`;
    an object under the name of a secret; words without a digit after `password:`, `GITHUB_TOKEN:` or `--password`;
    `pass:` and `PWD=`; identifiers of sessions outside of cookies; codes in URLs; a password in prose or over several
    lines.
    """
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        hidden = {name for name, item in value.items() if _is_secret_member(name) and not _is_harmless(name, item)}
        if isinstance(name := value.get("name"), str) and _is_secret_member(name):
            hidden.add("value")
        return {name: _hidden(item) if name in hidden else redact(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        if len(value) == 2 and all(isinstance(item, str) for item in value) and _HEADERS.fullmatch(value[0]):
            return [value[0], _hidden(value[1])]
        return [redact(item) for item in value]
    return value


@lru_cache(maxsize=1024)
def _is_secret_member(name: str) -> bool:
    return _NAMES.fullmatch(name) is not None or _NAMES.fullmatch(_HUMP.sub("_", name)) is not None


def _is_harmless(name: str, value: Any) -> bool:
    """Whether it is the folder that one is in, or what a browser is told to do with what it knows."""
    return name.lower() in ("credentials", "pwd") and isinstance(value, str) and bool(_HARMLESS.fullmatch(value))


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
    lower = text.lower()
    for words, pattern in _CARRIED:
        if any(word in lower for word in words):
            text = pattern.sub(lambda found: next(filter(None, found.groups())) + REDACTED, text)
    return _redact_named(text)


def _redact_named(text: str) -> str:
    """A text without the values of names that are those of secrets."""
    parts: list[str] = []
    end = 0
    for found in _NAMED.finditer(text):
        start = found.end()
        if found.start() < end or (value := _value(found[1][-MOST_NAME:], found[2], text, start)) is None:
            continue
        parts += text[end : value[0]], REDACTED
        end = value[1]
    return "".join([*parts, text[end:]]) if parts else text


def _value(name: str, between: str, text: str, start: int) -> tuple[int, int] | None:
    """Where the secret is that belongs to a name, if it is one."""
    secret, password = _kind(name)
    found = None
    if secret is not None:
        if quoted := _QUOTED.match(text, start):
            return quoted.end(1), quoted.end()
        found = _MIXED.match(text, start)
        if found is None and secret and between == "=":
            found = _SHELL.match(text, start)
    if found is None and password and between == "=":
        found = _ENTRY.match(text, start)
    return None if found is None else found.span()


@lru_cache(maxsize=1024)
def _kind(name: str) -> tuple[bool | None, bool]:
    """Whether a name is that of a secret, and then whether it is one of the environment's; and of a password."""
    found = _SECRET.search(name)
    return None if found is None else found[1] is not None, _PASSWORD.search(name) is not None


def _redact_json(text: str) -> str:
    """A text that is JSON, as the arguments of tools are, redacted as data; as it is when there is nothing to hide."""
    try:
        data = parse(text)
        clean = redact(data)
        return text if clean == data else json.dumps(clean, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
