"""The scores of the story: what was entered beside the figures, the half-years computed as the nightly run would, the first one
put before a second person, and frozen at the end; a score sheet that is being changed."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from campaign.common.errors import DomainError
from campaign.demo.group import Group
from campaign.demo.story import Story, on
from campaign.jobs.models import JobState
from campaign.jobs.services import job_run
from campaign.models import Campaign, Period
from campaign.scoring.builtin import ItemDefinition
from campaign.scoring.models import EntryKind, ScoreEntry, ScoreSheet
from campaign.scoring.services import (
    definition_of,
    entry_add,
    entry_confirm,
    entry_refuse,
    freeze_confirm,
    freeze_request,
    score_run_request,
    sheet_begin,
)

ENTRIES = (
    # branch, kind, hundredths, grade, month, work, reason, document
    (
        0,
        EntryKind.BONUS,
        2_00,
        "",
        4,
        "安全生产先进集体",
        "荣获省级安全生产先进集体称号",
        "省安委会表彰决定〔2026〕8号",
    ),
    (0, EntryKind.BONUS, 1_00, "", 5, "安全生产先进集体", "荣获集团安全生产先进集体称号", "集团表彰决定〔2026〕12号"),
    (1, EntryKind.BONUS, 1_00, "", 6, "班组管理经验推广", "班组管理经验在集团推广", "集团通报〔2026〕21号"),
    (2, EntryKind.DEDUCTION, 50, "", 5, "", "季度报表迟报两次", "集团督查通报〔2026〕3号"),
    (3, EntryKind.CEILING, 0, "合格", 6, "", "群众满意率低于90%，等次不高于合格", "群众评议结果通报"),
    (4, EntryKind.VETO, 0, "", 3, "", "发生安全生产责任事故", "事故调查报告〔2026〕1号"),
)
"""What was entered in the first half-year and confirmed."""


def tell_scores(group: Group, campaign: Campaign, story: Story) -> None:
    """Enter, compute every half-year that has begun, and ask for the first one to be frozen. Runs after the rest is stored: a job
    keeps connections of its own.

    Raises DomainError when a run fails.
    """
    begun = list(campaign.periods.filter(starts_on__lte=story.today).order_by("starts_on"))
    # As the half-year ended, before anything was entered: what the next run leaves otherwise has its reasons.
    _compute(group, begun[0], story.day(7, 5))
    _enter(group, campaign, story)
    for period in begun:
        _compute(group, period, story.today)
    _change_sheet(group, campaign, story)
    if story.reached("awards"):
        _freeze(group, story, begun[0])


def _compute(group: Group, period: Period, day: dt.date) -> None:
    with on(day, hour=6):
        job = score_run_request(actor=group.office, period=period, organization=group.root)
        # It reads what is there on that day: what is entered later is none of its entries.
        job_run(job_id=str(job.pk))
    job.refresh_from_db()
    if job.state != JobState.SUCCEEDED:
        raise DomainError(job.message)


def _enter(group: Group, campaign: Campaign, story: Story) -> None:
    """Company staff enter, the office confirms; of the honours, which were proposed as they were announced, some still wait."""
    for place, kind, points, grade, month, work, reason, basis in ENTRIES:
        branch = group.branches[place]
        given: dict[str, Any] = {
            "kind": kind,
            "points": points,
            "grade": grade,
            "work": work,
            "reason": reason,
            "basis": basis,
        }
        with on(story.day(7, 2)):
            entry = entry_add(
                actor=group.staff[group.company_of(branch).pk],
                campaign=campaign,
                subject=branch,
                happened_on=story.day(month, 20),
                **given,
            )
        with on(story.day(7, 6)):
            entry_confirm(entry=entry, actor=group.office)
    _leave_open(group, campaign, story)
    proposed = ScoreEntry.objects.filter(campaign=campaign).exclude(origin="").select_related("organization", "member")
    with on(story.today, hour=5):
        for entry in proposed.order_by("pk")[::2]:
            entry_confirm(entry=entry, actor=group.office)


def _leave_open(group: Group, campaign: Campaign, story: Story) -> None:
    """One that a second person has refused, and one that waits."""
    for place, reason, basis in ((-1, "参加上级活动", "活动通知"), (1, "技术革新成果获集团二等奖", "集团科技奖励决定")):
        branch = group.branches[place]
        with on(story.day(7, 3)):
            entry = entry_add(
                actor=group.staff[group.company_of(branch).pk],
                campaign=campaign,
                subject=branch,
                kind=EntryKind.BONUS,
                points=50,
                work=reason,
                happened_on=story.day(7, 1),
                reason=reason,
                basis=basis,
            )
        if place == -1:
            with on(story.day(7, 6)):
                entry_refuse(entry=entry, actor=group.office, note="参加活动不属于加分事项")


def _change_sheet(group: Group, campaign: Campaign, story: Story) -> None:
    """The office thinks of giving the masses more weight, and the average of those below by their members; the drafts count for
    nobody yet."""
    weights = {"org_fulfilment": 20, "evaluation": 35}
    weighted = {"label": "下级党组织平均得分（按党员人数加权）", "metric": "children.weighted"}
    changes: dict[str, Callable[[ItemDefinition], ItemDefinition]] = {
        "branches": lambda item: replace(item, full=weights.get(item.key, item.full)),
        "committees": lambda item: replace(item, **weighted) if item.key == "children" else item,  # type: ignore[arg-type]
    }
    for key, change in changes.items():
        in_use = definition_of(ScoreSheet.objects.newest().get(campaign=campaign, key=key))
        with on(story.today, hour=10):
            changed = replace(in_use, items=tuple(change(item) for item in in_use.items))
            sheet_begin(actor=group.office, campaign=campaign, definition=changed)


def _freeze(group: Group, story: Story, period: Period) -> None:
    """The first half-year is put before the second person of the office, who confirms it at the end of the story."""
    with on(story.today, hour=10):
        freeze = freeze_request(actor=group.office, period=period, reason="上半年考核结束，得分已公示，无异议")
    if story.reached("closed"):
        with on(story.today, hour=16):
            freeze_confirm(freeze=freeze, actor=group.second)
