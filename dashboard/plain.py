"""Plain values to JSON text.

Never: a class of ours; those have their shape in `state/codec.py`.
"""

import json

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_json(value: object) -> str:
    """One line of JSON that can always be encoded as UTF-8: lone surrogates of odd file names stand as escapes."""
    text = _encode(value)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text
