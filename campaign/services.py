"""What the campaign office does: make a campaign from a template, change it, close it."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Min, ProtectedError
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.blueprints import Blueprint, blueprints
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.models import (
    Action,
    Campaign,
    CampaignStage,
    CampaignState,
    Period,
    PeriodKind,
    StageAction,
    Standard,
)
from campaign.periods import Span, half_years, spans
from campaign.workflow import CAMPAIGNS
from orgs.models import Organization


def campaign_create(
    *,
    actor: Any,
    organization: Organization,
    template: str,
    code: str,
    starts_on: dt.date,
    name: str = "",
    theme: str = "",
) -> Campaign:
    """Make a campaign of `organization` from a built-in template, with its stages, standards and half-year periods.

    `actor` None is the system (a command). Raises NotAllowed, or DomainError for a code that is taken or an unknown
    template. Source: seed 002 (three periods of time, four links, 四强 and 四优).
    """
    if actor is not None and not reaches(actor, Cap.CAMPAIGN_MANAGE, organization.path):
        raise NotAllowed
    if template not in blueprints:
        raise DomainError(_("There is no such template."))
    plan = blueprints.get(template)
    stages = plan.stages_from(starts_on)
    with transaction.atomic():
        # Asked of the database's own constraint: two presses of one button come at the same moment.
        campaign, made = Campaign.objects.get_or_create(
            code=code,
            defaults={
                "name": name or plan.name,
                "theme": theme or plan.theme,
                "goals": plan.goals,
                "organization": organization,
                "template": template,
                "starts_on": starts_on,
                "ends_on": stages[-1].ends_on,
            },
        )
        if not made:
            raise DomainError(_("This code is taken. Please choose another."))
        _add_stages(campaign, plan, starts_on)
        _add_standards(campaign, plan)
        _add_periods(campaign, half_years(starts_on, campaign.ends_on))
        audit_record(action="campaign_create", actor=actor, target=campaign, changes={"code": ["", code]})
    return campaign


def campaign_stage_update(
    *, stage: CampaignStage, actor: Any, version: int, name: str, focus: str, starts_on: dt.date, ends_on: dt.date
) -> CampaignStage:
    """Change a stage; the campaign's own dates follow its first and last stage, and periods are added for new half-years.

    Stages keep their order and do not overlap; days between two stages allow nothing. Raises NotAllowed, EditConflict,
    or DomainError with the day up to which the stage may reach.
    """
    campaign = stage.campaign
    if not reaches(actor, Cap.CAMPAIGN_MANAGE, campaign.organization.path):
        raise NotAllowed
    given = {"name": name, "focus": focus, "starts_on": starts_on, "ends_on": ends_on}
    with transaction.atomic():
        # One change of stages at a time: whether they overlap is a matter between rows.
        campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if campaign.state == CampaignState.CLOSED:
            raise DomainError(_("The campaign is closed. Its stages can no longer be changed."))
        _check_place(stage, starts_on, ends_on)
        before = CampaignStage.objects.values(*given).get(pk=stage.pk)
        stage.save_version(version, **given)
        _fit_dates(campaign)
        changes = {field: [before[field], value] for field, value in given.items() if before[field] != value}
        audit_record(action="campaign_stage_update", actor=actor, target=stage, changes=changes)
    return stage


def _check_place(stage: CampaignStage, starts_on: dt.date, ends_on: dt.date) -> None:
    if ends_on < starts_on:
        raise DomainError(_("The last day must not lie before the first."))
    others = CampaignStage.objects.filter(campaign=stage.campaign_id)
    previous = others.filter(order__lt=stage.order).order_by("-order").first()
    following = others.filter(order__gt=stage.order).order_by("order").first()
    if previous and starts_on <= previous.ends_on:
        raise DomainError(_("The stage before ends on %(day)s. Please begin after it.") % {"day": previous.ends_on})
    if following and ends_on >= following.starts_on:
        raise DomainError(_("The next stage begins on %(day)s. Please end before it.") % {"day": following.starts_on})


def _fit_dates(campaign: Campaign) -> None:
    """Let the campaign last from its first stage to its last, with a period for every half-year it touches."""
    ends = campaign.stages.aggregate(first=Min("starts_on"), last=Max("ends_on"))
    Campaign.objects.filter(pk=campaign.pk).update(
        starts_on=ends["first"], ends_on=ends["last"], updated_at=clock.now()
    )
    known = set(campaign.periods.values_list("code", flat=True))
    _add_periods(campaign, [span for span in half_years(ends["first"], ends["last"]) if span.code not in known])


def periods_add(*, campaign: Campaign, actor: Any, kind: PeriodKind) -> int:
    """Let `campaign` be scored by calendar months, quarters, half-years or years, too: one for each that it touches and does
    not have yet; returns how many were added. Periods of a kind never overlap, since all are of the calendar.

    Raises NotAllowed. Source: 4-scoring (periods of every kind; the campaign chooses).
    """
    if not reaches(actor, Cap.CAMPAIGN_MANAGE, campaign.organization.path):
        raise NotAllowed
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        known = set(campaign.periods.values_list("code", flat=True))
        missing = [span for span in spans(kind, campaign.starts_on, campaign.ends_on) if span.code not in known]
        _add_periods(campaign, missing, kind)
        if missing:
            codes = [span.code for span in missing]
            audit_record(action="periods_add", actor=actor, target=campaign, changes={"periods": [[], codes]})
    return len(missing)


def period_add_range(*, campaign: Campaign, actor: Any, code: str, starts_on: dt.date, ends_on: dt.date) -> Period:
    """Let `campaign` be scored for days of its own, such as those of an inspection. Raises NotAllowed; DomainError for a code
    that is taken, days outside of the campaign, the wrong way round, or that overlap others of this kind.

    Source: 4-scoring (periods of one campaign and kind do not overlap).
    """
    if not reaches(actor, Cap.CAMPAIGN_MANAGE, campaign.organization.path):
        raise NotAllowed
    if ends_on < starts_on:
        raise DomainError(_("The last day must not lie before the first."))
    with transaction.atomic():
        locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if starts_on < locked.starts_on or ends_on > locked.ends_on:
            raise DomainError(
                _("The campaign lasts from %(first)s to %(last)s: choose days within.")
                % {"first": locked.starts_on, "last": locked.ends_on}
            )
        if locked.periods.filter(code=code).exists():
            raise DomainError(_("This code is taken. Please choose another."))
        others = locked.periods.filter(kind=PeriodKind.RANGE, starts_on__lte=ends_on, ends_on__gte=starts_on)
        if other := others.first():
            raise DomainError(_("These days overlap with the period %(period)s.") % {"period": other.code})
        period = Period.objects.create(
            campaign=locked, code=code, kind=PeriodKind.RANGE, starts_on=starts_on, ends_on=ends_on
        )
        audit_record(action="periods_add", actor=actor, target=campaign, changes={"periods": [[], [code]]})
    return period


def period_remove(*, period: Period, actor: Any) -> None:
    """Take out a period that nobody has been scored in. Raises NotAllowed, DomainError."""
    campaign = period.campaign
    if not reaches(actor, Cap.CAMPAIGN_MANAGE, campaign.organization.path):
        raise NotAllowed
    try:
        with transaction.atomic():
            code = period.code
            period.delete()
            audit_record(action="period_remove", actor=actor, target=campaign, changes={"periods": [[code], []]})
    except ProtectedError as error:
        raise DomainError(
            _("Scores or other records belong to the period %(period)s: it stays.") % {"period": period.name}
        ) from error


def _add_periods(campaign: Campaign, added: list[Span], kind: PeriodKind = PeriodKind.HALF_YEAR) -> None:
    Period.objects.bulk_create(
        Period(campaign=campaign, code=span.code, kind=kind, starts_on=span.starts_on, ends_on=span.ends_on)
        for span in added
    )


def _add_stages(campaign: Campaign, plan: Blueprint, starts_on: dt.date) -> None:
    stages = CampaignStage.objects.bulk_create(
        CampaignStage(
            campaign=campaign,
            order=order,
            name=stage.name,
            focus=stage.focus,
            starts_on=stage.starts_on,
            ends_on=stage.ends_on,
        )
        for order, stage in enumerate(plan.stages_from(starts_on), start=1)
    )
    allowed = [
        StageAction(stage=stage, action=Action(action))
        for stage, planned in zip(stages, plan.stages_from(starts_on), strict=True)
        for action in planned.actions
    ]
    StageAction.objects.bulk_create(allowed)


def _add_standards(campaign: Campaign, plan: Blueprint) -> None:
    order = 0
    for tree in plan.standards:
        order += 1
        root = Standard.objects.create(
            campaign=campaign, audience=tree.audience, code=tree.code, name=tree.name, text=tree.text, order=order
        )
        leaves = [
            Standard(
                campaign=campaign,
                parent=root,
                audience=tree.audience,
                code=leaf.code,
                name=leaf.name,
                text=leaf.text,
                order=order + place,
            )
            for place, leaf in enumerate(tree.leaves, start=1)
        ]
        Standard.objects.bulk_create(leaves)
        order += len(leaves)


def campaign_step(*, campaign: Campaign, actor: Any, step: str, reason: str = "") -> Campaign:
    """Start, close or reopen a campaign; a closed one takes nothing new, and everything in it stays readable.

    Raises NotAllowed, StateConflict, or DomainError when reopening without a reason.
    """
    if step not in CAMPAIGNS.steps:
        raise NotAllowed
    return CAMPAIGNS.take(campaign, step, actor=actor, reason=reason, version=F("version") + 1)
