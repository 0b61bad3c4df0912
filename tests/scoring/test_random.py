"""Whole groups with random trees, sheets and figures: what readers see equals, line by line, what the slow scorer says."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.common import clock
from campaign.models import Audience, Period
from campaign.scoring.arithmetic import Grade, method_of
from campaign.scoring.builtin import ItemDefinition, SheetDefinition
from campaign.scoring.choices import Column, WhenNothing
from campaign.scoring.models import PeriodScore, ScoreEntry
from campaign.scoring.services import sheet_save
from campaign.scoring.standing import ranks_of
from campaign.services import campaign_create
from orgs.models import Enrolment, Member, Organization, OrganizationType, User
from tests.scoring import slow
from tests.scoring.conftest import KEYS, Measured
from tests.scoring.sheets import run
from tests.scoring.strategies import figures, sheets

pytestmark = pytest.mark.django_db
AVERAGES = ("members.average", "children.average", "children.weighted")


@st.composite
def groups(draw: Any) -> dict[str, Any]:
    """A root with up to nine organizations below it at any depth, and up to eight members of the branches."""
    organizations: dict[str, Any] = {"O0": {"above": "", "type": "committee", "active": True}}
    for place in range(1, draw(st.integers(1, 9)) + 1):
        committees = [code for code, one in organizations.items() if one["type"] != "branch"]
        organizations[f"O{place}"] = {
            "above": draw(st.sampled_from(committees)),
            "type": draw(st.sampled_from(["committee", "branch", "branch", "general_branch"])),
            "active": draw(st.integers(0, 5)) > 0,
        }
    branches = [code for code, one in organizations.items() if one["type"] == "branch"]
    members = {f"M{n}": draw(st.sampled_from(branches)) for n in range(draw(st.integers(0, 8)))} if branches else {}
    kinds = [["branch"], ["committee", "general_branch"], ["member"]]
    drawn = [draw(metric_sheets(kind)) for kind in kinds if kind != ["member"] or draw(st.booleans())]
    group = {
        "organizations": organizations,
        "members": members,
        "sheets": {kind: sheet for sheet in drawn for kind in sheet["kinds"]},
        "figures": {},
    }
    group["figures"] = draw(random_figures(group))
    group["entries"] = draw(random_entries(group))
    return group


def sheet_for(group: dict[str, Any], code: str) -> dict[str, Any] | None:
    kind = "member" if code in group["members"] else group["organizations"][code]["type"]
    found: dict[str, Any] | None = group["sheets"].get(kind)
    return found


@st.composite
def random_entries(draw: Any, group: dict[str, Any]) -> dict[str, Any]:
    """What people entered for up to three subjects."""
    found = {}
    for code in draw(st.lists(st.sampled_from([*group["organizations"], *group["members"]]), max_size=3, unique=True)):
        sheet = sheet_for(group, code)
        names = [name for _low, name in sheet["grades"]] if sheet else []
        ceilings = st.one_of(st.none(), st.sampled_from(names)) if names else st.none()
        found[code] = {
            "bonuses": draw(st.lists(st.tuples(st.sampled_from("甲乙"), st.integers(1, 800)), max_size=3)),
            "deductions": draw(st.lists(st.integers(1, 3_000), max_size=2)),
            "vetoes": draw(st.lists(ceilings, max_size=1)),
        }
    return found


def enter(group: dict[str, Any], subjects: dict[str, Any], period: Period) -> None:
    """Put the entries of the group into the database, confirmed; some of them twice as late as the period allows."""
    ScoreEntry.objects.all().delete()
    one, two = (User.objects.get_or_create(username=name, defaults={"name": name})[0] for name in ("one", "two"))
    for code, entries in group["entries"].items():
        rows = [{"kind": "bonus", "work": work, "points": marks} for work, marks in entries["bonuses"]]
        rows += [{"kind": "deduction", "points": marks} for marks in entries["deductions"]]
        rows += [{"kind": "ceiling", "grade": name} if name else {"kind": "veto"} for name in entries["vetoes"]]
        rows += [{"kind": "deduction", "points": 1, "happened_on": period.ends_on + dt.timedelta(days=1)}]
        rows += [{"kind": "deduction", "points": 1, "state": "refused"}]
        subject = subjects[code]
        member = subject if isinstance(subject, Member) else None
        for row in rows:
            ScoreEntry.objects.create(
                **{
                    "campaign": period.campaign, "member": member, "organization": member.organization if member else subject,
                    "happened_on": period.ends_on, "reason": "x", "basis": "x", "entered_by": one, "decided_by": two,
                    "decided_at": clock.now(), "state": "confirmed", **row,
                }
            )  # fmt: skip


@st.composite
def metric_sheets(draw: Any, kinds: list[str]) -> dict[str, Any]:
    sheet = draw(sheets(whole_marks=True))
    offered = KEYS if kinds == ["member"] else KEYS + (AVERAGES if kinds != ["branch"] else AVERAGES[:1])
    for item in sheet["items"]:
        item["metric"] = draw(st.sampled_from(offered))
    return sheet | {"kinds": kinds}


@st.composite
def random_figures(draw: Any, group: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    wanted = [(key, code) for key in KEYS for code in [*group["organizations"], *group["members"]]]
    return {key: draw(figures) for key in draw(st.lists(st.sampled_from(wanted), max_size=40, unique=True))}


def definition(number: int, sheet: dict[str, Any]) -> SheetDefinition:
    of_members = sheet["kinds"] == ["member"]
    return SheetDefinition(
        key=f"sheet{number}",
        name=f"评分标准{number}",
        audience=Audience.MEMBER if of_members else Audience.ORGANIZATION,
        types=() if of_members else tuple(OrganizationType(kind) for kind in sheet["kinds"]),
        items=tuple(
            ItemDefinition(
                key=f"item{place}",
                label=f"项目{place}",
                column=Column.PLEDGE,
                metric=item["metric"],
                method=method_of(item["method"], item["parameters"]),
                full=item["full"] // 100,
                when_nothing=WhenNothing(item["when_nothing"]),
            )
            for place, item in enumerate(sheet["items"])
        ),
        grades=tuple(Grade(low, name) for low, name in sheet["grades"]),
        bonus_cap=sheet["bonus_cap"],
    )


def build(group: dict[str, Any], measured: Measured) -> tuple[Period, dict[str, Any]]:
    """Make the group in the database; returns the period and the subjects by code."""
    subjects: dict[str, Any] = {}
    tree = Organization.objects
    for code, one in group["organizations"].items():
        fields = {"code": code, "name": code, "type": one["type"], "is_active": one["active"]}
        above = Organization.objects.get(code=one["above"]) if one["above"] else None
        subjects[code] = tree.add_child(above, create_kwargs=fields) if above else tree.add_root(create_kwargs=fields)
    for code, home in group["members"].items():
        subjects[code] = Member.objects.create(personnel_no=code, name=code, sex="male", organization=subjects[home])
        Enrolment.objects.create(member=subjects[code], organization=subjects[home])
    campaign = campaign_create(
        actor=None,
        organization=Organization.objects.get(code="O0"),
        template="wujiang",
        code="R",
        starts_on=dt.date(2026, 1, 1),
    )
    for number, sheet in enumerate({id(sheet): sheet for sheet in group["sheets"].values()}.values()):
        sheet_save(campaign=campaign, definition=definition(number, sheet), actor=None)
    measure(group, subjects, measured)
    period = campaign.periods.get(code="2026H1")
    enter(group, subjects, period)
    return period, subjects


def measure(group: dict[str, Any], subjects: dict[str, Any], measured: Measured) -> None:
    measured.values.clear()
    for (key, code), figure in group["figures"].items():
        measured.set(key, subjects[code], *figure)


def seen(period: Period) -> dict[str, Any]:
    """Return what readers see in the words of the slow scorer."""
    found = {}
    for score in PeriodScore.objects.current().filter(period=period).select_related("organization", "member"):
        lines = score.unpacked().values()
        found[score.member.personnel_no if score.member else score.organization.code] = {
            "lines": [{"points": line.points, "state": line.state.value} for line in lines],
            "figures": [(line.numerator, line.denominator) for line in lines],
            "base": score.base,
            "total": score.total,
            "grade": score.grade,
            "bonus": score.bonus,
            "deductions": score.deductions,
        }
    return found


def expected(group: dict[str, Any]) -> dict[str, Any]:
    wanted = slow.whole(group)
    for one in wanted.values():
        # A denominator of 0 is nothing to measure, whatever stands above it.
        one["figures"] = [tuple(figure) for figure in one["figures"]]
    return wanted


@pytest.mark.usefixtures("odd_chunks")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_a_random_group_is_scored_as_the_slow_scorer_does_it(measured: Measured, data: Any) -> None:
    group = data.draw(groups())
    with transaction.atomic(), override_settings(SCORE_JOBS=data.draw(st.integers(1, 3))):
        period, subjects = build(group, measured)
        job = run(period, subjects["O0"])
        assert job.state == "succeeded", job.message
        assert seen(period) == expected(group)

        # A history: figures change, organizations close and open again, a part is computed, then all.
        group["figures"] = data.draw(random_figures(group))
        group["entries"] = data.draw(random_entries(group))
        enter(group, subjects, period)
        for code in data.draw(st.lists(st.sampled_from(sorted(set(group["organizations"]) - {"O0"})), max_size=2)):
            group["organizations"][code]["active"] = not group["organizations"][code]["active"]
            Organization.objects.filter(code=code).update(is_active=group["organizations"][code]["active"])
        measure(group, subjects, measured)
        open_now = sorted(code for code, one in group["organizations"].items() if one["active"])
        part = data.draw(st.sampled_from(open_now))
        run(period, subjects[part])
        wanted = expected(group)
        below = [code for code in wanted if slow._inside(group, group["members"].get(code, code), part)]
        assert {code: seen(period)[code] for code in below} == {code: wanted[code] for code in below}
        digest = run(period, subjects["O0"]).figures["digest"]
        assert seen(period) == wanted
        assert_ranks(period, group, wanted)
        again = run(period, subjects["O0"])
        assert (again.figures["digest"], again.figures["changed"]) == (digest, 0)
        transaction.set_rollback(True)


def vetoed(group: dict[str, Any], code: str) -> bool:
    return None in group["entries"].get(code, {}).get("vetoes", ())


def assert_ranks(period: Period, group: dict[str, Any], wanted: dict[str, Any]) -> None:
    scores = list(PeriodScore.objects.current().of_organizations().filter(period=period).select_related("organization"))
    found = ranks_of(scores)
    for score in scores:
        me = group["organizations"][score.organization.code]
        sheet = group["sheets"][me["type"]]
        peers = [
            code
            for code, one in group["organizations"].items()
            if code in wanted and one["above"] == me["above"] and group["sheets"][one["type"]] is sheet
        ]
        ranked = slow.ranks([None if vetoed(group, code) else wanted[code]["total"] for code in peers])
        place = dict(zip(peers, ranked, strict=True))[score.organization.code]
        assert found.get(score.pk, (None, 0))[0] == place
