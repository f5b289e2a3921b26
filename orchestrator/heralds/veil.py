"""Takes secrets out of what leaves the process: values of variables whose names sound secret, and what has the shape of
a key, a token or a password in a URL.

Never: a promise that nothing gets through; who writes a secret into a plan's prompt has written it.
"""

import re
from collections.abc import Mapping

HIDDEN = "•••"
_SHORTEST = 6
_SOUNDS = re.compile(r"(?i)(?:key|token|secret|passw|credential|auth(?!or))")
_SHAPES = re.compile(
    r"""(?xi)
    (?<=://)[^/\s:@]*:[^/\s@]+(?=@)                                    # user:password in a URL
    | \b(?:sk|pk|rk)-[a-z0-9_-]{16,}                                   # providers of models, and of payments
    | \bgh[pousr]_[a-z0-9]{20,} | \bgithub_pat_[a-z0-9_]{20,} | \bglpat-[a-z0-9_-]{16,}
    | \bxox[abprs]-[a-z0-9-]{10,} | \bAKIA[0-9A-Z]{16}\b | \bAIza[0-9a-z_-]{30,}
    | \beyJ[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]*                 # a JSON web token
    | (?<=bearer\s)[a-z0-9._~+/-]{8,}=*
    | -----BEGIN[ A-Z]*PRIVATE\ KEY-----.*?(?:-----END[ A-Z]*PRIVATE\ KEY-----|\Z)
    """,
    re.DOTALL,
)


class Veil:
    def __init__(self, environ: Mapping[str, str]) -> None:
        values = {value for name, value in environ.items() if _SOUNDS.search(name) and len(value) >= _SHORTEST}
        self._values = sorted((one for one in values if not one.startswith("/")), key=len, reverse=True)

    def over(self, text: str) -> str:
        """The text without what must not be seen."""
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return _SHAPES.sub(HIDDEN, text)
