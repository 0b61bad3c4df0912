"""Cases of scores, runs and sheets. Organizations' scores and members' grades are seen by two different capabilities."""

from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.attachments.services import attachment_store
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.lists.services import list_send, list_store
from campaign.models import Audience, Campaign, Period
from campaign.scoring.arithmetic import Line
from campaign.scoring.choices import LineState
from campaign.scoring.importers.entries import ENTRY_LIST
from campaign.scoring.importers.items import ITEM_LIST
from campaign.scoring.lines import pack
from campaign.scoring.models import (
    GradeBand,
    PeriodScore,
    ScoreEntry,
    ScoreFreeze,
    ScoreRun,
    ScoreSheet,
    ScoreSheetItem,
    ScoreSheetType,
)
from campaign.scoring.registry import Metric, metrics
from orgs.models import Organization
from tests.attachments.files import pdf
from tests.permissions.campaign import campaign, held
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import BRANCHES, expected
from tests.world import World

MEMBERS_AT = ("east_one", "east_two", "west_one")


def period_of_today() -> Period:
    return Period.objects.get(campaign__code="C1", code="2026H2")


def sheet_of(
    campaign: Campaign, key: str, grade: str, name: str = "评分标准", audience: Audience = Audience.ORGANIZATION
) -> ScoreSheet:
    """Make a sheet with an item for every metric there is, so that an explanation leads to the records of each."""
    made = ScoreSheet.objects.create(campaign=campaign, key=key, version=1, name=name, audience=audience)
    GradeBand.objects.create(sheet=made, at_least=0, name=grade)
    ScoreSheetItem.objects.bulk_create(
        ScoreSheetItem(
            sheet=made, order=order, key=key_of(metric), label=metric.key, column="pledge", metric=metric.key,
            method="proportional", parameters={"target": 10_000}, full_marks=10_00,
        )
        for order, metric in enumerate(measuring(audience), start=1)
    )  # fmt: skip
    return made


def measuring(audience: str) -> list[Metric]:
    return [metric for metric in metrics if audience in metric.audiences]


def key_of(metric: Metric) -> str:
    return metric.key.replace(".", "-")


def run_of(world: World, at: str) -> ScoreRun:
    return ScoreRun.objects.create(
        period=period_of_today(), organization=world.orgs[at], place=world.orgs[at].path, as_of=clock.now(),
        state="published", digest=mark(at),
    )  # fmt: skip


def scored(world: World, at: str, what: str, **subject: Any) -> PeriodScore:
    audience = Audience.MEMBER if subject else Audience.ORGANIZATION
    sheet = sheet_of(period_of_today().campaign, f"{what}-{at}", mark(at, what), audience=audience)
    lines = pack([Line(1, 2, 5_00, LineState.ANSWERED) for _metric in measuring(audience)])
    return PeriodScore.objects.create(
        run=run_of(world, "root"), period=period_of_today(), organization=world.orgs[at], sheet=sheet,
        place=world.orgs[at].path, base=50_00, total=50_00, grade=mark(at, what),
        lines=lines, **subject,
    )  # fmt: skip


def as_badge(text: str) -> str:
    """The grade as a result: as a choice of the filter everybody may read it."""
    return f"{text}</span>"


def of_organization(world: World, at: str) -> Target:
    made = scored(world, at, "组织")

    def hidden(_actor: str, capability: Cap) -> bool:
        return capability == Cap.SCORE_VIEW_MEMBER

    return Target(made, {"pk": made.pk}, marker=as_badge(made.grade), hidden=hidden)


def of_member(world: World, at: str) -> Target:
    made = scored(world, at, "党员", member=world.members[at][1])

    def hidden(_actor: str, capability: Cap) -> bool:
        return capability != Cap.SCORE_VIEW_MEMBER

    return Target(made, {"pk": made.pk}, marker=as_badge(made.grade), owner=f"member@{at}", hidden=hidden)


def place(world: World, at: str) -> Target:
    """The course of an organization: it is there before its first score."""
    return Target(world.orgs[at], {"pk": world.orgs[at].pk}, marker=world.orgs[at].name)


def sheet(world: World, at: str) -> Target:
    made = sheet_of(held(world, at), "test", "好", name=mark(at))

    def rule(actor: str, capability: Cap) -> bool:
        """Whoever sets up a campaign for an organization below sees its sheets as well."""
        sets_up = capability == Cap.CAMPAIGN_VIEW and expected(actor, Cap.CAMPAIGN_MANAGE, at)
        return sets_up or expected(actor, capability, at)

    return Target(made, {"pk": made.pk}, marker=mark(at), rule=rule)


def draft(world: World, at: str) -> Target:
    """Seen and changed by those alone who set the campaign up."""
    made = sheet_of(held(world, at), "test", "好", name=mark(at))
    ScoreSheet.objects.filter(pk=made.pk).update(state="draft")
    made.refresh_from_db()

    def rule(actor: str, capability: Cap) -> bool:
        return expected(actor, Cap.CAMPAIGN_MANAGE if capability == Cap.CAMPAIGN_VIEW else capability, at)

    return Target(made, {"pk": made.pk}, marker=mark(at), rule=rule)


def edited(world: World, at: str) -> Target:
    target = draft(world, at)
    page: dict[str, Any] = {
        "revision": 1, "name": "改过的", "types": ["branch"], "tier": "siblings", "bonus_cap": "10", "honour_marks": "1",
        "items-TOTAL_FORMS": "1", "items-INITIAL_FORMS": "0", "grades-TOTAL_FORMS": "1", "grades-INITIAL_FORMS": "0",
        "grades-0-name": "好", "grades-0-at_least": "0",
    }  # fmt: skip
    item = {
        "label": "承诺兑现", "full": "100", "metric": "pledges.fulfilment", "method": "proportional", "goal": "100",
        "when_nothing": "zero", "column": "pledge",
    }  # fmt: skip
    return replace(target, payload=page | {f"items-0-{name}": value for name, value in item.items()})


def of_items(at: str) -> bytes:
    heading = "评分项目,满分,取用数据,计分方法,目标值、分档或扣分,无可计量内容时,计入栏目"
    return f"{heading}\n{mark(at)},5,承诺兑现率,按比例得分,100,不得分,承诺践诺\n".encode()


def item_book(world: World, at: str) -> Target:
    """The workbook of a draft."""

    def payload() -> dict[str, Any]:
        return {"file": SimpleUploadedFile("评分项目.csv", of_items(at))}

    return replace(draft(world, at), payload=payload)


def item_book_sent(state: str) -> Make:
    """Only who sent a workbook reaches it."""

    def make(world: World, at: str) -> Target:
        actor, place = world.user("office", "root"), draft(world, at).record.pk
        sent = list_send(kind=ITEM_LIST, place=place, actor=actor, content=of_items(at), file_name="评分项目.csv")
        if state == "stored":
            list_store(sent=sent, actor=actor)
        return Target(sent, {"pk": sent.pk}, rule=lambda who, _capability: who == "office@root")

    return make


def to_be_used(world: World, at: str) -> Target:
    target = draft(world, at)
    made = target.record
    assert isinstance(made, ScoreSheet)
    made.items.exclude(order=1).delete()
    made.items.update(full_marks=100_00)
    ScoreSheetType.objects.create(sheet=made, type="branch")
    period = made.campaign.periods.latest("starts_on")
    return replace(target, payload={"revision": 1, "period": period.pk})


def begun(world: World, at: str) -> Target:
    made = held(world, at)
    return Target(made, {"pk": made.pk}, {"source": "built-in:branches"}, marker=mark(at))


def run(world: World, at: str) -> Target:
    return Target(run_of(world, at), marker=mark(at))


def a_run(world: World, at: str) -> Target:
    made = run_of(world, at)
    return Target(made, {"pk": made.pk}, marker=mark(at))


def adding(world: World, at: str) -> Target:
    """The periods of a campaign are open to whom it reaches; who sets it up adds to them."""
    target = campaign(world, at)
    return replace(target, payload={"op": "calendar", "kind": "month"})


def unused(world: World, at: str) -> Target:
    made = held(world, at).periods.latest("starts_on")
    return Target(made, {"pk": made.pk}, marker=mark(at))


def new_run(world: World, at: str) -> Target:
    return Target(payload={"period": period_of_today().pk, "organization": world.orgs[at].pk})


def of_a_branch(_actor: str, at: str) -> bool:
    """Scores are compared among siblings: a run is never of one branch alone."""
    return at in BRANCHES


def lines(world: World, at: str) -> bytes:
    heading = "编码,类别,日期,分值,事由,依据"
    return f"{heading}\n{world.orgs[at].code},加分,{clock.today()},1,{mark(at)},依据\n".encode()


def list_of_entries(world: World, at: str) -> Target:
    """The list of a campaign: who enters anywhere in it reaches it; what is written there is limited to the own reach."""
    campaign = held(world, at)

    def payload() -> dict[str, Any]:
        return {"file": SimpleUploadedFile("加分.csv", lines(world, at))}

    def sees(who: str, _capability: Cap) -> bool:
        return expected(who, Cap.CAMPAIGN_VIEW, at) or expected(who, Cap.CAMPAIGN_MANAGE, at)

    return Target(campaign, {"pk": campaign.pk}, payload, rule=sees)


def sent_in(state: str) -> Make:
    """Only who sent a workbook reaches it."""

    def make(world: World, at: str) -> Target:
        actor = world.user("office", "root")
        campaign = Campaign.objects.get(code="C1")
        sent = list_send(
            kind=ENTRY_LIST, place=campaign.pk, actor=actor, content=lines(world, at), file_name="加分.csv"
        )
        if state == "stored":
            list_store(sent=sent, actor=actor)
        return Target(sent, {"pk": sent.pk}, rule=lambda who, _capability: who == "office@root")

    return make


def freeze(world: World, at: str) -> Target:
    """A request for a campaign that is held there."""
    campaign = held(world, at)
    period = campaign.periods.earliest("starts_on")
    run = ScoreRun.objects.create(
        period=period, organization=world.orgs[at], place=world.orgs[at].path, as_of=clock.now(), state="published",
        digest=mark(at),
    )  # fmt: skip
    made = ScoreFreeze.objects.create(
        period=period, run=run, version=1, requested_by=world.users["system_admin@root"], reason=mark(at)
    )
    return Target(made, {"pk": made.pk}, marker=made.reason)


def new_freeze(world: World, at: str) -> Target:
    target = freeze(world, at)
    ScoreFreeze.objects.all().delete()
    return Target(payload={"period": target.record.period_id, "reason": "期末"})


def entry(world: World, at: str) -> Target:
    made = ScoreEntry.objects.create(
        campaign=Campaign.objects.get(code="C1"), organization=world.orgs[at], kind="bonus", points=100, work="x",
        happened_on=clock.today(), reason=mark(at), basis="x", entered_by=world.users["system_admin@root"],
    )  # fmt: skip
    return Target(made, {"pk": made.pk}, marker=made.reason)


def ticked(world: World, at: str) -> Target:
    return Target(payload={"entry": [entry(world, at).record.pk]})


def counted(world: World, at: str) -> Target:
    target = entry(world, at)
    decided = {"decided_by": world.users["security_admin@root"], "decided_at": clock.now()}
    ScoreEntry.objects.filter(pk=target.record.pk).update(state="confirmed", **decided)
    return replace(target, payload={"reason": "误登"})


def recalled(world: World, at: str) -> Target:
    target = counted(world, at)
    asked = {"recalled_by": world.users["system_admin@root"], "recall_reason": "误登"}
    ScoreEntry.objects.filter(pk=target.record.pk).update(state="recalled", **asked)
    return target


def always(_actor: str, _at: str) -> bool:
    """An entry is changed by who entered it, and that is none of the visitors."""
    return True


def documented(world: World, at: str) -> Target:
    target = entry(world, at)
    stored = attachment_store(file=pdf(), actor=None)
    ScoreEntry.objects.filter(pk=target.record.pk).update(attachment=stored)
    return target


def group_of(world: World, at: str) -> Target:
    """A group of peers that is found by the name of its sheet."""
    made = scored(world, at, "组")
    ScoreSheet.objects.filter(pk=made.sheet_id).update(name=mark(at, "组"))
    return Target(made, marker=mark(at, "组"))


def searched(world: World, at: str) -> Target:
    """An organization that is found by its name."""
    Organization.objects.filter(pk=world.orgs[at].pk).update(name=mark(at))
    return Target(world.orgs[at], marker=mark(at))


def new_entry(world: World, at: str) -> Target:
    return Target(
        payload={
            "campaign": Campaign.objects.get(code="C1").pk, "subject": f"o{world.orgs[at].pk}", "kind": "bonus", "points": "1",
            "happened_on": clock.today(), "reason": "x", "basis": "x",
        }
    )  # fmt: skip


case("entry_list", Case(changes=False))
case("entry_add", Case(make=new_entry, named_in_form=True))
case("entry_detail", Case(make=entry))
case("entry_document", Case(make=documented, names=False))
case("entry_confirm", Case(make=entry))
case("entry_refuse", Case(make=entry))
case("entry_edit", Case(make=entry, told=always, sent_on=always))
case("entry_recall", Case(make=counted))
case("entry_revoke", Case(make=recalled))
case("entry_keep", Case(make=recalled))
case("entry_confirm_many", Case(make=ticked, named_in_form=True))
case("subject_search", Case(payload={"q": "支部"}, changes=False))
case("entry_import", Case(make=list_of_entries, names=False))
case("entry_import_template", Case(make=list_of_entries, names=False))
for address, state in (
    ("entry_import_detail", "checked"),
    ("entry_import_annotated", "checked"),
    ("entry_import_store", "checked"),
    ("entry_import_undo", "stored"),
):
    case(address, Case(make=sent_in(state), places=("root",), names=False))
case("item_import", Case(make=item_book))
case("item_import_template", Case(make=item_book))
for address, state in (
    ("item_import_detail", "checked"),
    ("item_import_annotated", "checked"),
    ("item_import_store", "checked"),
    ("item_import_undo", "stored"),
):
    case(address, Case(make=item_book_sent(state), places=("root",), names=False))
case("freeze_list", Case())
case("freeze_ask", Case(make=new_freeze, named_in_form=True))
case("freeze_detail", Case(make=freeze))
case("freeze_confirm", Case(make=freeze))
case("freeze_withdraw", Case(make=freeze))
case("score_list", Case())
case("score_detail", Case(make=of_organization), Case(make=of_member, places=MEMBERS_AT))
case("grade_list", Case())
case("grade_detail", Case(make=of_member, places=MEMBERS_AT), Case(make=of_organization))
case("score_ranking", Case())
case("score_spread", Case())
case("peer_search", Case(payload={"q": "评分"}, changes=False))
case("score_course", Case(make=place))
case("score_run", Case(make=new_run, named_in_form=True, told=of_a_branch))
case("score_runs", Case())
case("sheet_list", Case())
case("sheet_detail", Case(make=sheet))
case("run_detail", Case(make=a_run))
case("period_list", Case(make=adding))
case("period_remove", Case(make=unused))
case("sheet_begin", Case(make=begun, names=False))
case("sheet_edit", Case(make=edited))
case("sheet_preview", Case(make=draft))
case("sheet_use", Case(make=to_be_used))
case("sheet_remove", Case(make=draft))
case("metric_list", Case())
lists += [
    Listed("score_list", of_organization, Cap.SCORE_VIEW),
    Listed("score_list", of_member, Cap.SCORE_VIEW, MEMBERS_AT),
    Listed("peer_search", group_of, Cap.SCORE_VIEW, payload={"q": "标记"}),
    Listed("grade_list", of_member, Cap.SCORE_VIEW_MEMBER, MEMBERS_AT),
    Listed("grade_list", of_organization, Cap.SCORE_VIEW_MEMBER),
    Listed("score_runs", run, Cap.SCORE_VIEW),
    Listed("sheet_list", sheet, Cap.CAMPAIGN_VIEW),
    Listed("sheet_list", draft, Cap.CAMPAIGN_VIEW),
    Listed("entry_list", entry, Cap.SCORE_RUN),
    Listed("subject_search", searched, Cap.SCORE_RUN, payload={"q": "标记"}),
    Listed("freeze_list", freeze, Cap.SCORE_FREEZE),
]
scoped += [
    Scoped(of_organization), Scoped(of_member, MEMBERS_AT), Scoped(sheet), Scoped(draft), Scoped(run), Scoped(entry),
    Scoped(freeze),
]  # fmt: skip
