"""How personal values look to those who may not read them (2-domain b.16 and the masking table of section (e))."""

TAIL_SHOWN = 9
"""From so many characters on, the last four are shown."""


def mask(value: str) -> str:
    """Hide the middle of a personal value: 110105********0123, 138****8000; short ones wholly, empty stays empty."""
    length = len(value)
    if length >= 14:
        return f"{value[:6]}{'*' * (length - 10)}{value[-4:]}"
    if length >= TAIL_SHOWN:
        return f"{value[:3]}{'*' * (length - 7)}{value[-4:]}"
    return "*" * length
