"""The rules of docs/scoring.md once more, in plain Python with fractions, slow and on purpose without any import from the
product: not even its rounding. It takes and returns plain lists and dictionaries."""

from fractions import Fraction


def to_hundredths(marks: Fraction) -> int:
    """Round marks (a fraction of whole marks, at least 0) half up to hundredths."""
    hundredths = marks * 100
    whole = hundredths.numerator // hundredths.denominator
    return whole + (1 if hundredths - whole >= Fraction(1, 2) else 0)


def share(method: str, parameters: dict, raw: Fraction, full: Fraction) -> Fraction:
    """`parameters` in the stored form: ten-thousandths, and hundredths of marks per case."""
    if method == "proportional":
        found = raw / Fraction(parameters["target"], 10_000)
    elif method == "banded":
        reached = [Fraction(s, 10_000) for low, s in parameters["bands"] if raw >= Fraction(low, 10_000)]
        found = reached[-1] if reached else Fraction(0)
    elif method == "per_case":
        found = 1 - raw * Fraction(parameters["marks"], 100) / full
    elif method == "all_or_nothing":
        found = Fraction(1) if raw >= Fraction(parameters["threshold"], 10_000) else Fraction(0)
    else:
        raise ValueError(method)
    return max(Fraction(0), min(Fraction(1), found))


def line(item: dict, figure: tuple[int, int]) -> dict:
    numerator, denominator = figure
    full = Fraction(item["full"], 100)
    if denominator == 0:
        if item["when_nothing"] == "skip":
            return {"points": 0, "state": "skipped"}
        return {"points": item["full"] if item["when_nothing"] == "full" else 0, "state": "nothing"}
    raw = Fraction(numerator, denominator)
    return {"points": to_hundredths(full * share(item["method"], item["parameters"], raw, full)), "state": "answered"}


def score(sheet: dict, figures: list, entries: dict | None = None) -> dict:
    """`sheet`: items, grades [(at least, name), best first], bonus_cap. Marks in hundredths throughout."""
    entries = entries or {"bonuses": [], "deductions": [], "vetoes": []}
    lines = [line(item, figure) for item, figure in zip(sheet["items"], figures, strict=True)]
    counted = [place for place, one in enumerate(lines) if one["state"] != "skipped"]
    if not counted:
        return {"lines": lines, "base": None, "total": None, "grade": "", "bonus": 0, "deductions": 0}
    points = sum(lines[place]["points"] for place in counted)
    if len(counted) == len(lines):
        base = points
    else:
        full = sum(sheet["items"][place]["full"] for place in counted)
        base = to_hundredths(Fraction(points * 100, full))
    works: dict[str, int] = {}
    for work, marks in entries["bonuses"]:
        works[work] = max(works.get(work, 0), marks)
    bonus = min(sheet["bonus_cap"], sum(works.values()))
    deductions = sum(entries["deductions"])
    total = max(0, base + bonus - deductions)
    names = [name for _low, name in sheet["grades"]]
    best = next(place for place, (low, _name) in enumerate(sheet["grades"]) if total >= low)
    for veto in entries["vetoes"]:
        best = max(best, len(names) - 1 if veto is None else names.index(veto))
    return {
        "lines": lines,
        "base": base,
        "total": total,
        "grade": names[best],
        "bonus": bonus,
        "deductions": deductions,
    }


def ranks(totals: list) -> list:
    """1, 2, 2, 4; None has no rank."""
    return [
        None if mine is None else 1 + len([other for other in totals if other is not None and other > mine])
        for mine in totals
    ]


def whole(group: dict) -> dict:
    """Score a whole group: `organizations` {code: {above, type, active}}, `members` {code: organization}, `sheets` by
    organization type ("member" for members), `figures` {(metric, code): (numerator, denominator)}.

    Returns {code: what `score` returns, with the raw figures}; codes without a sheet are missing.
    """
    active = {code for code, one in group["organizations"].items() if one["active"]}
    found: dict = {}
    for code, home in group["members"].items():
        if home in active and "member" in group["sheets"]:
            found[code] = _subject(group, group["sheets"]["member"], code, {})
    for code in sorted(active, key=lambda one: -_depth(group, one)):
        sheet = group["sheets"].get(group["organizations"][code]["type"])
        if sheet:
            averages = {
                "children.average": _average(found, [c for c in active if group["organizations"][c]["above"] == code]),
                "children.weighted": _weighted(
                    found, {c: _heads(group, active, c) for c in active if group["organizations"][c]["above"] == code}
                ),
                "members.average": _average(
                    found, [m for m, home in group["members"].items() if home in active and _inside(group, home, code)]
                ),
            }
            found[code] = _subject(group, sheet, code, averages)
    return found


def _subject(group: dict, sheet: dict, code: str, averages: dict) -> dict:
    figures = [
        averages.get(item["metric"], group["figures"].get((item["metric"], code), (0, 0))) for item in sheet["items"]
    ]
    return score(sheet, figures, group.get("entries", {}).get(code)) | {"figures": figures}


def _average(found: dict, codes: list) -> tuple[int, int]:
    totals = [found[code]["total"] for code in codes if code in found and found[code]["total"] is not None]
    return sum(totals), len(totals) * 10_000


def _heads(group: dict, active: set, code: str) -> int:
    return len([home for home in group["members"].values() if home in active and _inside(group, home, code)])


def _weighted(found: dict, heads: dict) -> tuple[int, int]:
    """Whoever has a total, counted as often as there are heads."""
    totals = [
        found[code]["total"]
        for code, number in heads.items()
        if code in found and found[code]["total"] is not None
        for _head in range(number)
    ]
    return sum(totals), len(totals) * 10_000


def _depth(group: dict, code: str) -> int:
    above = group["organizations"][code]["above"]
    return 1 + _depth(group, above) if above else 0


def _inside(group: dict, code: str, above: str) -> bool:
    while code and code != above:
        code = group["organizations"][code]["above"]
    return code == above


def home(first: str, moves: list, last: str) -> str:
    """Where a member belongs on the day `last` (ISO): `moves` are (day, organization, or "" for leaving) in the order they
    happened; who moves on the last day belongs to where they came."""
    found = first
    for day, to in moves:
        if day <= last:
            found = to
    return found
