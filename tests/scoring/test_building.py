"""Versions of score sheets: begun as a copy, edited as a draft, tried on real data, put into use from a period on."""

import dataclasses
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, EditConflict, NotAllowed
from campaign.jobs.models import Job
from campaign.models import Period, PeriodState, Standard
from campaign.scoring.arithmetic import Proportional, method_of
from campaign.scoring.builtin import BRANCHES as BUILT_IN
from campaign.scoring.builtin import TEMPLATES, ItemDefinition, SheetDefinition
from campaign.scoring.choices import Column
from campaign.scoring.forms.sheets import goal_text, parameters_of
from campaign.scoring.models import PeriodScore, ScoreRun, ScoreSheet, ScoreTally
from campaign.scoring.preview import FEWEST, preview
from campaign.scoring.services import definition_of, sheet_begin, sheet_change, sheet_remove, sheet_use
from orgs.models import Member, Organization
from tests.scoring.conftest import As, Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run
from tests.world import World

pytestmark = pytest.mark.django_db
ONLY = ItemDefinition("only", "唯一一项", Column.PLEDGE, "test.m1", Proportional(10_000), 100)


@pytest.fixture
def period(world: World, measured: Measured) -> Period:
    """The first half-year, computed: the branch has half of what the sheet in use asks, and all of what the draft asks."""
    measured.set("test.m0", world.orgs["east_one"], 1, 2)
    measured.set("test.m1", world.orgs["east_one"], 3, 4)
    found = ready(world, BRANCHES, COMMITTEES, MEMBERS)
    run(found, world.orgs["root"])
    return found


def begun(world: World, period: Period, **changes: Any) -> ScoreSheet:
    definition = dataclasses.replace(BRANCHES, **{"items": (ONLY,), **changes})
    return sheet_begin(actor=world.user("office", "root"), campaign=period.campaign, definition=definition)


def used(world: World, sheet: ScoreSheet, period: Period) -> ScoreSheet:
    return sheet_use(actor=world.user("office", "root"), sheet=sheet, revision=sheet.revision, period=period)


def test_a_draft_scores_nobody(world: World, period: Period) -> None:
    sheet = begun(world, period)
    assert (sheet.version, sheet.is_draft) == (2, True)
    run(period, world.orgs["root"])
    assert not PeriodScore.objects.filter(sheet=sheet).exists()
    sheet.refresh_from_db()
    assert sheet.used_at is None


def test_a_version_counts_from_its_period_on(world: World, period: Period) -> None:
    old = ScoreSheet.objects.get(key="branches")
    later = Period.objects.get(code="2026H2")
    sheet = used(world, begun(world, period), later)
    assert (sheet.applies_from, list(ScoreSheet.objects.newest().filter(key="branches"))) == (later.starts_on, [sheet])
    for each in (period, later):
        run(each, world.orgs["root"])
    branch = PeriodScore.objects.current().filter(organization=world.orgs["east_one"], member=None)
    assert [score.sheet for score in branch.order_by("period__starts_on")] == [old, sheet]
    assert branch.get(period=later).total == 75_00
    assert AuditEntry.objects.of(sheet).filter(action="sheet_use").exists()


def test_periods_under_way_are_computed_again(world: World, period: Period) -> None:
    asked = Job.objects.count()
    used(world, begun(world, period), period)
    later = Period.objects.get(code="2026H2")
    parameters = list(Job.objects.order_by("-created_at").values_list("parameters", flat=True))[
        : Job.objects.count() - asked
    ]
    # The second half-year has not begun.
    assert [(found["period"], found["organization"]) for found in parameters] == [(period.pk, world.orgs["root"].pk)]
    assert later.pk != period.pk


def test_a_frozen_period_keeps_its_version(world: World, period: Period) -> None:
    sheet = begun(world, period)
    Period.objects.filter(pk=period.pk).update(state=PeriodState.FROZEN)
    with pytest.raises(DomainError, match="2026年上半年"):
        used(world, sheet, period)
    sheet.refresh_from_db()
    assert sheet.is_draft
    assert used(world, sheet, Period.objects.get(code="2026H2")).version == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": ()},
        {"items": (dataclasses.replace(ONLY, full=99),)},
        {"types": ()},
        {"key": "others"},
    ],
    ids=str,
)
def test_what_does_not_add_up_stays_a_draft(world: World, period: Period, wrong: dict[str, Any]) -> None:
    sheet = begun(world, period, **wrong)
    with pytest.raises(DomainError):
        used(world, sheet, period)
    sheet.refresh_from_db()
    assert sheet.is_draft


def test_one_of_the_three_types_has_a_sheet_of_its_own(world: World, period: Period) -> None:
    Organization.objects.filter(pk=world.orgs["east_one"].pk).update(category="support")
    sheet = used(world, begun(world, period, key="support", category="support"), period)
    run(period, world.orgs["root"])
    by = dict(PeriodScore.objects.current().of_organizations().values_list("organization__code", "sheet__key"))
    assert (by["EAST_ONE"], by["EAST_TWO"], by["EAST"]) == ("support", "branches", "committees")
    assert PeriodScore.objects.current().get(sheet=sheet).total == 75_00


def test_two_editors_do_not_overwrite_each_other(world: World, period: Period) -> None:
    sheet, actor = begun(world, period), world.user("office", "root")
    mine, yours = ScoreSheet.objects.get(pk=sheet.pk), ScoreSheet.objects.get(pk=sheet.pk)
    first = dataclasses.replace(definition_of(mine), name="甲")
    sheet_change(actor=actor, sheet=mine, revision=1, definition=first)
    with pytest.raises(EditConflict):
        sheet_change(actor=actor, sheet=yours, revision=1, definition=dataclasses.replace(first, name="乙"))
    with pytest.raises(EditConflict):
        sheet_use(actor=actor, sheet=yours, revision=1, period=period)
    sheet.refresh_from_db()
    assert (sheet.name, sheet.revision, sheet.is_draft) == ("甲", 2, True)


def test_what_is_in_use_is_neither_changed_nor_thrown_away(world: World, period: Period) -> None:
    sheet, actor = used(world, begun(world, period), period), world.user("office", "root")
    with pytest.raises(EditConflict):
        sheet_change(actor=actor, sheet=sheet, revision=sheet.revision, definition=definition_of(sheet))
    with pytest.raises(EditConflict):
        sheet_remove(actor=actor, sheet=sheet)
    assert sheet.items.count() == 1


def test_a_draft_is_begun_once_and_thrown_away(world: World, period: Period) -> None:
    sheet = begun(world, period)
    with pytest.raises(DomainError):
        begun(world, period)
    sheet_remove(actor=world.user("office", "root"), sheet=sheet)
    assert begun(world, period).version == 2


@pytest.mark.parametrize("who", ["staff@root", "leader@root", "secretary@east_one"])
def test_who_may_not_build_sheets(world: World, period: Period, who: str) -> None:
    sheet, actor = begun(world, period), world.user(*who.split("@"))
    for refused in (
        lambda: sheet_begin(actor=actor, campaign=period.campaign, definition=MEMBERS),
        lambda: sheet_change(actor=actor, sheet=sheet, revision=1, definition=definition_of(sheet)),
        lambda: sheet_use(actor=actor, sheet=sheet, revision=1, period=period),
        lambda: sheet_remove(actor=actor, sheet=sheet),
    ):
        with pytest.raises(NotAllowed):
            refused()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.key)
def test_every_built_in_sheet_can_be_copied_and_used(world: World, template: SheetDefinition) -> None:
    campaign, actor = world.campaign(), world.user("office", "root")
    sheet = sheet_begin(actor=actor, campaign=campaign, definition=template)
    assert definition_of(sheet) == template
    assert sheet_use(actor=actor, sheet=sheet, revision=1, period=campaign.periods.get(code="2026H1")).version >= 1
    leaves = set(Standard.objects.filter(campaign=campaign, parent__isnull=False).values_list("pk", flat=True))
    assert {item.standard_id for item in sheet.items.all()} <= leaves


# -- trying ------------------------------------------------------------------------------------------------------------


def test_a_draft_is_tried_without_a_trace(world: World, period: Period) -> None:
    sheet = begun(world, period)
    before = [model.objects.count() for model in (PeriodScore, ScoreRun, ScoreTally, AuditEntry, Job)]
    found = preview(sheet=sheet, period=period, organization=world.orgs["east"])
    assert [(row.organization.code, row.now and row.now.total, row.then.total) for row in found.rows] == [
        ("EAST_ONE", 41_67, 75_00), ("EAST_TWO", 16_67, 0),
    ]  # fmt: skip
    assert found.rows[0].difference == 33_33
    assert ("合格", 0, 1) in found.grades
    assert found.explanation
    assert [(line.item.label, line.line.points) for line in found.explanation.lines] == [("唯一一项", 75_00)]
    assert before == [model.objects.count() for model in (PeriodScore, ScoreRun, ScoreTally, AuditEntry, Job)]
    assert ScoreSheet.objects.get(pk=sheet.pk).used_at is None


def test_what_is_tried_is_what_a_run_gives(world: World, period: Period) -> None:
    sheet = begun(world, period)
    tried = preview(sheet=sheet, period=period, organization=world.orgs["root"])
    used(world, sheet, period)
    run(period, world.orgs["root"])
    scores = PeriodScore.objects.current().filter(sheet=sheet).order_by("place")
    assert [(row.organization.pk, row.then.total, row.then.grade) for row in tried.rows] == [
        (score.organization_id, score.total, score.grade) for score in scores
    ]


def test_of_members_only_grades_are_counted(world: World, period: Period) -> None:
    actor = world.user("office", "root")
    sheet = sheet_begin(actor=actor, campaign=period.campaign, definition=MEMBERS)
    found = preview(sheet=sheet, period=period, organization=world.orgs["east_one"])
    assert (found.rows, found.explanation, found.number) == ([], None, len(world.members["east_one"]))
    gone = [member.pk for member in world.members["east_one"][FEWEST - 1 :]]
    Member.objects.filter(pk__in=gone).update(organization=world.orgs["west_one"])
    with pytest.raises(DomainError):
        preview(sheet=sheet, period=period, organization=world.orgs["east_one"])


def test_a_draft_for_nobody_there_is_not_tried(world: World, period: Period) -> None:
    with pytest.raises(DomainError):
        preview(sheet=begun(world, period, key="x", category="support"), period=period, organization=world.orgs["east"])


# -- pages -------------------------------------------------------------------------------------------------------------


def typed(sheet: ScoreSheet, items: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    page = {
        "revision": sheet.revision, "name": sheet.name, "types": ["branch"], "tier": "siblings", "bonus_cap": "10",
        "honour_marks": "1", "items-TOTAL_FORMS": len(items), "items-INITIAL_FORMS": "0",
        "grades-TOTAL_FORMS": "2", "grades-INITIAL_FORMS": "0", "grades-0-name": "好", "grades-0-at_least": "60",
        "grades-1-name": "差", "grades-1-at_least": "0",
    }  # fmt: skip
    for place, item in enumerate(items):
        page |= {f"items-{place}-{name}": value for name, value in item.items()}
    return page | changes


def row(label: str, full: str, **changes: Any) -> dict[str, Any]:
    return {
        "key": "", "label": label, "full": full, "metric": "test.m0", "method": "proportional", "goal": "90",
        "when_nothing": "skip", "standard": "", "column": "pledge", **changes,
    }  # fmt: skip


def test_the_page_stores_items_and_grades(world: World, period: Period, as_: As) -> None:
    sheet = begun(world, period)
    items = [row("承诺", "60.5", key="only"), row("分档", "39.5", method="banded", goal="90:100；60%：60")]
    answer = as_("office@root").post(reverse("sheet_edit", args=[sheet.pk]), typed(sheet, items, op="preview"))
    assert answer.url == reverse("sheet_preview", args=[sheet.pk])  # type: ignore[attr-defined]
    found = definition_of(ScoreSheet.objects.get(pk=sheet.pk))
    assert [(item.key, item.label, item.full_marks, item.method.parameters()) for item in found.items] == [
        ("only", "承诺", 60_50, {"target": 9000}), ("item-2", "分档", 39_50, {"bands": [[6000, 6000], [9000, 10000]]}),
    ]  # fmt: skip
    assert [(grade.at_least, grade.name) for grade in found.grades] == [(60_00, "好"), (0, "差")]


@pytest.mark.parametrize(
    ("method", "goal"),
    [("proportional", "0"), ("proportional", "viel"), ("banded", "90"), ("banded", "90:80;95:70"), ("per_case", "NaN")],
)
def test_a_target_that_makes_no_sense_is_refused_with_everything_typed(
    world: World, period: Period, as_: As, method: str, goal: str
) -> None:
    sheet = begun(world, period)
    items = [row("新的项目", "100", method=method, goal=goal)]
    answer = as_("office@root").post(reverse("sheet_edit", args=[sheet.pk]), typed(sheet, items))
    assert answer.status_code == 200
    assert "新的项目" in answer.content.decode()
    assert answer.context["lists"]["items"][0].errors.keys() == {"goal"}
    assert ScoreSheet.objects.get(pk=sheet.pk).revision == 1


@pytest.mark.parametrize(
    ("op", "order", "total"),
    [
        ("up:items:1", ["乙", "甲", "丙"], 60_00),
        ("down:items:1", ["甲", "丙", "乙"], 60_00),
        ("up:items:0", ["甲", "乙", "丙"], 60_00),
        ("remove:items:0", ["乙", "丙"], 50_00),
        ("add:items", ["甲", "乙", "丙", None], None),
        ("remove:items:9", ["甲", "乙", "丙"], 60_00),
        ("up:nothing:1", ["甲", "乙", "丙"], 60_00),
    ],
)
def test_rows_are_moved_added_and_taken_out_without_storing(
    world: World, period: Period, as_: As, op: str, order: list[str | None], total: int | None
) -> None:
    sheet = begun(world, period)
    page = typed(sheet, [row("甲", "10"), row("乙", "20"), row("丙", "30")], op=op)
    answer = as_("office@root").post(reverse("sheet_edit", args=[sheet.pk]), page)
    assert [form["label"].value() for form in answer.context["lists"]["items"]] == order
    assert answer.context["total"] == total
    assert ScoreSheet.objects.get(pk=sheet.pk).revision == 1


def test_a_conflict_keeps_what_was_typed(world: World, period: Period, as_: As) -> None:
    sheet = begun(world, period)
    page = typed(sheet, [row("我的项目", "100")])
    ScoreSheet.objects.filter(pk=sheet.pk).update(revision=2)
    client = as_("office@root")
    answer = client.post(reverse("sheet_edit", args=[sheet.pk]), page)
    assert "我的项目" in answer.content.decode()
    assert sheet.items.get().label == "唯一一项"
    assert client.post(reverse("sheet_edit", args=[sheet.pk]), page | {"revision": 2}).status_code == 302
    assert sheet.items.get().label == "我的项目"


def test_the_preview_page_shows_both_and_costs_the_same_for_one_and_for_many(
    world: World, period: Period, as_: As
) -> None:
    sheet, client = begun(world, period), as_("office@root")
    address = reverse("sheet_preview", args=[sheet.pk])

    def asked(at: str) -> tuple[str, int]:
        query = {"period": period.pk, "organization": world.orgs[at].pk}
        client.get(address, query)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address, query)
        selects = [each for each in captured.captured_queries if each["sql"].startswith("SELECT")]
        return answer.content.decode(), len(selects)

    one, few = asked("east_one")
    assert "41.67" in one
    assert "75.00" in one
    assert "+33.33" in one
    assert few == asked("east")[1]


def test_pages_of_a_sheet_in_use_lead_to_it(world: World, period: Period, as_: As) -> None:
    sheet, client = used(world, begun(world, period), Period.objects.get(code="2026H2")), as_("office@root")
    for name in ("sheet_edit", "sheet_preview", "sheet_use"):
        assert client.get(reverse(name, args=[sheet.pk])).url == sheet.get_absolute_url()  # type: ignore[attr-defined]
    page = client.get(sheet.get_absolute_url()).content.decode()
    assert "2026-07-01" in page
    assert ScoreSheet.objects.get(key="branches", version=1).get_absolute_url() in page


def test_begin_and_use_on_the_pages(world: World, period: Period, as_: As) -> None:
    client = as_("office@root")
    begin = reverse("sheet_begin", args=[period.campaign_id])
    stored = ScoreSheet.objects.get(key="branches")
    answer = client.post(begin, {"source": f"sheet:{stored.pk}", "apart": "on"})
    sheet = ScoreSheet.objects.get(state="draft")
    assert (answer.url, sheet.key) == (reverse("sheet_edit", args=[sheet.pk]), "branches-2")  # type: ignore[attr-defined]
    other = client.post(begin, {"source": f"sheet:{stored.pk}"})
    assert other.status_code == 302
    draft = ScoreSheet.objects.get(key="branches", state="draft")
    answer = client.post(reverse("sheet_use", args=[draft.pk]), {"revision": 1, "period": period.pk})
    assert answer.status_code == 302
    refused = client.post(reverse("sheet_use", args=[sheet.pk]), {"revision": 1, "period": period.pk})
    assert draft.name in refused.content.decode()
    assert ScoreSheet.objects.get(pk=sheet.pk).is_draft
    assert BUILT_IN.name in client.get(begin).content.decode()


@pytest.mark.parametrize(
    ("method", "goal", "unit"),
    [
        ("proportional", "90", "%"),
        ("proportional", "3", "cases"),
        ("banded", "60:60; 90:100", "%"),
        ("per_case", "2.50", "cases"),
        ("all_or_nothing", "0.50", "%"),
    ],
)
def test_what_a_method_needs_reads_back_as_it_was_typed(method: str, goal: str, unit: str) -> None:
    assert goal_text(method_of(method, parameters_of(method, goal, unit)), unit) == goal
