"""Cases of the pledges. An organization's pledge is written in it and reviewed above; a member's is reviewed in the branch."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.attachments.services import attachment_store
from campaign.common import clock
from campaign.common.access import SIGNED_IN
from campaign.common.capabilities import Cap
from campaign.lists.services import list_send, list_store
from campaign.models import Campaign, Period
from orgs.models import Member, Organization
from pledges.importers import PLEDGE_LIST
from pledges.models import (
    PUBLIC,
    FulfilmentBulletin,
    Pledge,
    PledgeAdjustment,
    PledgeCheck,
    PledgeItem,
    PledgeProgress,
    PledgeState,
    ProgressEvidence,
)
from tests.attachments.files import pdf
from tests.permissions.campaign import held
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import PARENTS, PLACES, expected
from tests.world import World

MEMBERS_AT = ("east_one", "east_two", "west_one")
REVIEWING = (Cap.PLEDGE_REVIEW, Cap.PLEDGE_PUBLISH, Cap.PLEDGE_APPRAISE)
REVIEWED = (PledgeState.APPROVED, *PUBLIC)
Payload = Callable[[Pledge], Mapping[str, Any]]
Payloads = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


def stored(world: World, at: str, state: str, member: Member | None = None, **fields: Any) -> Pledge:
    """Put a pledge of the organization at `at`, or of a member there, directly into a state; the one that is there already
    serves again, since nobody has two."""
    now = clock.now()
    there = Pledge.objects.filter(organization=world.orgs[at], member=member, year=clock.today().year, state=state)
    if (found := there.first()) is not None:
        return found
    pledge = Pledge.objects.create(
        campaign=Campaign.objects.get(code="C1"),
        subject_kind="organization" if member is None else "member",
        organization=world.orgs[at],
        member=member,
        year=clock.today().year,
        reviewing_organization=world.orgs[at if member else above(at)],
        state=state,
        subject_name="承诺人",
        organization_name=mark(at, state),
        submitted_at=None if state == PledgeState.DRAFT else now,
        reviewed_at=now if state in REVIEWED else None,
        published_at=now if state in PUBLIC else None,
        **fields,
    )
    PledgeItem.objects.create(
        pledge=pledge, order=1, kind="post", text=mark(at, state), target="三次", due_on=clock.today()
    )
    return pledge


def above(at: str) -> str:
    return PARENTS[at] or at


def of_organization(state: str, payload: Payload = lambda _pledge: {}) -> Make:
    def make(world: World, at: str) -> Target:
        pledge = stored(world, at, state)
        return Target(
            pledge,
            {"pk": pledge.pk},
            payload(pledge),
            marker=mark(at, state),
            places=dict.fromkeys(REVIEWING, above(at)),
            judged_by={Cap.PLEDGE_WRITE: Cap.PLEDGE_WRITE_ORG},
        )

    return make


def only_organizations(_actor: str, capability: Cap) -> bool:
    return capability == Cap.PLEDGE_WRITE_ORG


def of_member(state: str, payload: Payload = lambda _pledge: {}) -> Make:
    """A member's pledge: that of the second person of the branch."""

    def make(world: World, at: str) -> Target:
        pledge = stored(world, at, state, world.members[at][1])
        return Target(
            pledge,
            {"pk": pledge.pk},
            payload(pledge),
            marker=mark(at, state),
            owner=f"member@{at}",
            hidden=only_organizations,
        )

    return make


def handed_in_by_the_secretary(state: str, payload: Payload) -> Make:
    """A member's pledge that the branch's secretary, who would review it, has handed in."""

    def make(world: World, at: str) -> Target:
        target = of_member(state, payload)(world, at)
        Pledge.objects.filter(pk=target.kwargs["pk"]).update(submitted_by=world.users[f"secretary@{at}"])
        return target

    return make


def by_the_secretary(actor: str, at: str) -> bool:
    """Who hands in does not decide (2-domain (e))."""
    return actor == f"secretary@{at}"


def one_s_own_organization(actor: str, at: str) -> bool:
    """Nobody checks the pledge they write; at the top, where nobody is above, another officer does."""
    return at != "root" and expected(actor, Cap.PLEDGE_WRITE_ORG, at)


def edited(pledge: Pledge) -> dict[str, Any]:
    row = {"form-0-kind": "post", "form-0-text": "改过的", "form-0-target": "四次"}
    return {"op": "save", "version": pledge.version, "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0, **row}


def step(name: str) -> Payload:
    return lambda _pledge: {"step": name}


def taken_down(_pledge: Pledge) -> dict[str, Any]:
    return {"step": "pledge_take_down", "reason": "内容有误"}


def approved(pledge: Pledge) -> dict[str, Any]:
    return {"op": "publish", "version": pledge.version}


def chosen(pledge: Pledge) -> dict[str, Any]:
    return {"pledge": [pledge.pk]}


def noted(pledge: Pledge) -> dict[str, Any]:
    return {"item": pledge.items.get().pk, "on": clock.today().isoformat(), "text": "做了"}


def judged(pledge: Pledge) -> dict[str, Any]:
    return {"version": pledge.version, f"item{pledge.items.get().pk}-result": "fulfilled"}


def chosen_in_the_queue(state: str) -> list[Case]:
    """Many may be chosen: what is out of reach is passed over."""

    def unaddressed(make: Make) -> Make:
        def queued(world: World, at: str) -> Target:
            target = make(world, at)
            target.kwargs = {}
            return target

        return queued

    return [
        replace(each, make=unaddressed(each.make), named_in_form=True, names=False)
        for each in both(state, chosen)
        if each.make
    ]


def both(state: str, payload: Payload = lambda _pledge: {}, **options: Any) -> list[Case]:
    return [
        Case(make=of_organization(state, payload), **options),
        Case(make=of_member(state, payload), places=MEMBERS_AT, **options),
    ]


def new_of_organization(world: World, at: str) -> Target:
    return Target(
        payload={"subject": f"organization:{world.orgs[at].pk}"}, judged_by={Cap.PLEDGE_WRITE: Cap.PLEDGE_WRITE_ORG}
    )


def without_pledge(world: World, at: str) -> Target:
    """An organization that has no pledge yet, found by its name."""
    Organization.objects.filter(pk=world.orgs[at].pk).update(name=mark(at))
    return Target(world.orgs[at], marker=mark(at))


def new_of_member(world: World, at: str) -> Target:
    return Target(payload={"subject": f"member:{world.members[at][1].pk}"}, owner=f"member@{at}")


def rules(world: World, at: str) -> Target:
    made = held(world, at)
    numbers = {f"{kind}_items_{end}": 2 for kind in ("organization", "member") for end in ("min", "max")}
    marks = {"mark_fulfilled": 100, "mark_basic": 80, "mark_unfulfilled": 0}
    return Target(made, {"pk": made.pk}, {"version": 1, **numbers, **marks}, marker=mark(at))


def statistics(world: World, at: str) -> Target:
    """The page names the organization, which others see as well: it is found or not, without a marker."""
    return Target(kwargs={"pk": world.orgs[at].pk})


def records(world: World, at: str) -> Target:
    stored(world, at, PledgeState.PUBLISHED)
    campaign = Campaign.objects.get(code="C1")
    kwargs = {"pk": world.orgs[at].pk, "campaign": campaign.pk, "year": clock.today().year, "figure": "items"}
    return Target(kwargs=kwargs, marker=mark(at, "published"))


def ledger_row(world: World, at: str) -> Target:
    """An overdue item of a member's pledge made at a place: on the first sheet of the ledger."""
    member = Member.objects.order_by("pk")[PLACES.index(at)]
    pledge = stored(world, at, PledgeState.PUBLISHED, member)
    pledge.items.update(due_on=clock.today() - dt.timedelta(days=1))
    return Target(pledge, marker=mark(at, "published"))


def checked(pledge: Pledge) -> dict[str, Any]:
    return {"on": clock.today().isoformat(), "found": "看过"}


def first_item(make: Make) -> Make:
    """The same pledge, addressed with the number of an item."""

    def numbered(world: World, at: str) -> Target:
        target = make(world, at)
        target.kwargs = {**target.kwargs, "order": 1}
        return target

    return numbered


def wanted(pledge: Pledge) -> dict[str, Any]:
    due_on = (clock.today() + dt.timedelta(days=1)).isoformat()
    text = {"text": "改成这样", "target": "五次", "reason": "设备推迟"}
    return {**text, "due_on": due_on, "version": pledge.version}


def late(make: Make) -> Make:
    """The pledge with its day over, so that there is something to explain."""

    def made(world: World, at: str) -> Target:
        target = make(world, at)
        PledgeItem.objects.filter(pledge=target.kwargs["pk"]).update(due_on=clock.today() - dt.timedelta(days=1))
        return target

    return made


def with_order(*made: Case, make: Callable[[Make], Make] = lambda made: made) -> list[Case]:
    return [replace(each, make=make(first_item(each.make))) for each in made if each.make]


def of_pledge(record: Callable[[World, Pledge], Any], payload: Payloads, make: Make) -> Make:
    """Something that belongs to a pledge and is addressed by its own number."""

    def made(world: World, at: str) -> Target:
        target = make(world, at)
        found = record(world, Pledge.objects.get(pk=target.kwargs["pk"]))
        target.record, target.kwargs, target.payload = found, {"pk": found.pk}, payload
        return target

    return made


def in_its_place(make: Make) -> Make:
    """Another pledge of the same subject: those made before are withdrawn, since there is one a year."""

    def made(world: World, at: str) -> Target:
        before = Pledge.objects.filter(organization=world.orgs[at], state__in=PUBLIC)
        before.update(state=PledgeState.WITHDRAWN, published_at=None)
        return make(world, at)

    return made


def asking_check(world: World, pledge: Pledge) -> PledgeCheck:
    return PledgeCheck.objects.create(pledge=pledge, found=pledge.organization_name, request="说明", by_name="督查人")


def asked_for(world: World, pledge: Pledge) -> PledgeAdjustment:
    """A change that nobody of the reviewers asked for."""
    item = pledge.items.get()
    return PledgeAdjustment.objects.create(
        pledge=pledge, item=item, reason="设备推迟", old_text=item.text, old_target=item.target, old_due_on=item.due_on,
        new_text="改成这样", new_target="五次", new_due_on=clock.today(), requested_by_name="承诺人",
    )  # fmt: skip


def both_of_pledge(record: Callable[[World, Pledge], Any], payload: Payloads, **options: Any) -> list[Case]:
    return [
        replace(each, make=of_pledge(record, payload, each.make), **options) for each in both("published") if each.make
    ]


def noted_progress(_world: World, pledge: Pledge) -> PledgeProgress:
    """What was noted under way, with a file."""
    Pledge.objects.filter(pk=pledge.pk).update(state=PledgeState.IN_PROGRESS)
    entry = PledgeProgress.objects.create(item=pledge.items.get(), text="做了", by_name="承诺人")
    ProgressEvidence.objects.create(progress=entry, attachment=attachment_store(file=pdf(), actor=None))
    return entry


def with_file(make: Make) -> Make:
    """The pledge with a file, which is addressed beside it."""

    def made(world: World, at: str) -> Target:
        target = make(world, at)
        entry = noted_progress(world, Pledge.objects.get(pk=target.kwargs["pk"]))
        target.kwargs = {**target.kwargs, "attachment": entry.evidence.get().attachment_id}
        return target

    return made


def opened_by_colleagues(world: World, at: str) -> Target:
    """Whoever sees a member's pledge opens its files, and the colleagues who may judge it."""
    target = with_file(of_member("published"))(world, at)
    target.judged_by = {SIGNED_IN: Cap.PLEDGE_VIEW}
    own = f"member@{at}"
    target.rule = lambda actor, capability: (
        actor == own or expected(actor, capability, at) or expected(actor, Cap.PLEDGE_APPRAISE_PEER, at)
    )
    return target


def seen_with_file(world: World, at: str) -> Target:
    target = with_file(of_organization("published"))(world, at)
    target.judged_by = {SIGNED_IN: Cap.PLEDGE_VIEW}
    return target


def without_attachment(make: Make) -> Make:
    def made(world: World, at: str) -> Target:
        target = with_file(make)(world, at)
        target.kwargs = {"pk": target.kwargs["pk"]}
        return target

    return made


def peer(world: World, at: str) -> Target:
    """The pledge of the second person of a branch: judged by everybody else there."""
    target = of_member("published", judged)(world, at)
    target.owner, own = "", f"member@{at}"
    target.hidden = lambda actor, _capability: actor == own
    return target


def bulletin(world: World, at: str) -> Target:
    found = FulfilmentBulletin.objects.create(
        organization=world.orgs[at], campaign=Campaign.objects.get(code="C1"), year=clock.today().year, quarter=1,
        organization_name=mark(at, "季度"), published_by_name="公示人",
        entries=[{"name": "承诺人", "unit": "", "post": "", "items": []}],
    )  # fmt: skip
    return Target(found, {"pk": found.pk}, {"reason": "有误"}, marker=mark(at, "季度"))


def bulletins(world: World, at: str) -> Target:
    return Target(kwargs={"pk": world.orgs[at].pk})


def to_publish(world: World, at: str) -> Target:
    stored(world, at, PledgeState.PUBLISHED)
    today, campaign = clock.today(), Campaign.objects.get(code="C1")
    quarter = {"campaign": campaign.pk, "year": today.year, "quarter": (today.month + 2) // 3}
    return Target(kwargs={"pk": world.orgs[at].pk, **quarter}, marker=mark(at, "published"))


def due_today(make: Make) -> Make:
    """What is chosen on the page of many: named in the form."""

    def made(world: World, at: str) -> Target:
        target = make(world, at)
        item = PledgeItem.objects.get(pledge=target.kwargs["pk"])
        target.kwargs, target.payload = {}, {"item": [item.pk], f"item{item.pk}-result": "fulfilled"}
        return target

    return made


def counted(kind: str) -> Make:
    """The pledges behind a figure of somebody: whoever may see the subject may ask for them."""

    def make(world: World, at: str) -> Target:
        subject: Any = world.orgs[at] if kind == "organization" else world.members[at][1]
        period = Period.objects.get(campaign__code="C1", code="2026H2")
        query = f"?counted=pledges.fulfilment&period={period.pk}&of={kind}:{subject.pk}"
        capability = Cap.ORG_VIEW if kind == "organization" else Cap.MEMBER_VIEW
        owner = f"member@{at}" if kind == "member" else ""
        return Target(query=query, owner=owner, judged_by={Cap.PLEDGE_VIEW: capability})

    return make


def one_s_own(world: World, at: str) -> Target:
    """Of members, one's own alone is among one's own pledges."""
    target = of_member("draft")(world, at)
    target.rule = lambda actor, _capability: actor == target.owner
    return target


def place_written_for(world: World, at: str) -> Target:
    return Target(kwargs={"pk": world.orgs[at].pk})


def drafts(world: World, at: str) -> Target:
    stored(world, at, PledgeState.DRAFT, world.members[at][1])
    return Target(kwargs={"pk": world.orgs[at].pk})


def _book(world: World, at: str) -> bytes:
    return f"姓名,承诺事项,衡量标准,完成时限\n{world.members[at][1].name},{mark(at)},三次,2026-06-30\n".encode()


def workbook(world: World, at: str) -> Target:
    def payload() -> Mapping[str, Any]:
        return {"file": SimpleUploadedFile("承诺.csv", _book(world, at))}

    return Target(kwargs={"pk": world.orgs[at].pk}, payload=payload)


def sent_in(state: str) -> Make:
    """Only who sent a workbook reaches it: here the branch's secretary."""

    def make(world: World, at: str) -> Target:
        actor = world.user("secretary", at)
        sent = list_send(
            kind=PLEDGE_LIST, place=world.orgs[at].pk, actor=actor, content=_book(world, at), file_name="承诺.csv"
        )
        if state == "stored":
            list_store(sent=sent, actor=actor)
        return Target(
            sent,
            {"pk": sent.pk},
            rule=lambda who, capability: (
                who == f"secretary@{at}" and (capability != Cap.PLEDGE_WRITE or expected(who, capability, at))
            ),
        )

    return make


case(
    "pledge_list",
    Case(changes=False),
    Case(make=counted("organization"), changes=False),
    Case(make=counted("member"), places=MEMBERS_AT, changes=False),
)
case("pledge_mine", Case())
case(
    "pledge_create",
    Case(make=new_of_organization, named_in_form=True),
    Case(make=new_of_member, places=MEMBERS_AT, named_in_form=True),
)
case("pledge_subject_search", Case(payload={"q": "支部"}, changes=False))
case("pledge_detail", *both("submitted"))
case("pledge_edit", *both("draft", edited))
case("pledge_step", *both("draft", step("pledge_submit")), *both("submitted", step("pledge_recall")))
case("pledge_step", *both("returned", step("pledge_withdraw")))
case("pledge_queue", *chosen_in_the_queue("submitted"))
case("pledge_queue_publish", *chosen_in_the_queue("approved"))
case(
    "pledge_review",
    *both("submitted", approved),
    Case(
        make=handed_in_by_the_secretary("submitted", approved), places=("east_one", "west_one"), told=by_the_secretary
    ),
)
case("pledge_publish", *both("approved", step("pledge_publish")), *both("published", taken_down))
case("pledge_progress", *both("published", noted))
case("evidence_add", *both_of_pledge(noted_progress, lambda: {"evidence": [pdf()]}))
case("progress_remove", *both_of_pledge(noted_progress, {}))
case("evidence_remove", *(replace(each, make=with_file(each.make)) for each in both("published") if each.make))
case(
    "evidence_archive",
    *(replace(each, make=without_attachment(each.make), names=False) for each in both("published") if each.make),
)
case(
    "evidence_open",
    Case(make=opened_by_colleagues, places=MEMBERS_AT, names=False),
    Case(make=seen_with_file, names=False),
)
case("pledge_appraise_self", *both("published", judged))
case(
    "pledge_appraise",
    *both("published", judged),
    Case(make=handed_in_by_the_secretary("published", judged), places=("east_one", "west_one"), told=by_the_secretary),
)
case("pledge_appraise_peer", Case(make=peer, places=MEMBERS_AT))
case("pledge_peers", Case())
case(
    "pledge_appraise_many",
    *(
        replace(each, make=due_today(each.make), named_in_form=True, names=False)
        for each in both("published")
        if each.make
    ),
)
case(
    "pledge_check",
    Case(make=of_organization("published", checked), told=one_s_own_organization),
    Case(make=of_member("published", checked), places=MEMBERS_AT),
)
case("pledge_check_answer", *both_of_pledge(asking_check, {"text": "已补"}))
case(
    "pledge_explain",
    *with_order(*both("published", lambda pledge: {"text": "停产检修", "version": pledge.version}), make=late),
)
case("pledge_adjust", *with_order(*both("published", wanted)))
case("adjustment_list", Case())
case("adjustment_decide", *both_of_pledge(asked_for, {"op": "approve"}))
case("adjustment_recall", *both_of_pledge(asked_for, {}))
case("bulletin_list", Case(make=bulletins))
case("bulletin_new", Case(make=to_publish))
case("bulletin_detail", Case(make=bulletin))
case("bulletin_withdraw", Case(make=bulletin))
case("pledge_rules", Case(make=rules))
case("pledge_statistics", Case(sent_on=lambda _actor, _at: True))
case("pledge_overdue", Case(sent_on=lambda _actor, _at: True))
case("pledge_statistics_of", Case(make=statistics))
case("comment_statistics", Case(make=statistics))
case("pledge_records", Case(make=records, changes=False))
case("pledge_queue_undo", *chosen_in_the_queue("approved"))
case("pledge_import", Case(make=workbook, places=MEMBERS_AT))
case("pledge_import_template", Case(make=place_written_for, places=MEMBERS_AT))
case("drafts_submit", Case(make=drafts, places=MEMBERS_AT))
for address, state in (
    ("pledge_import_detail", "checked"),
    ("pledge_import_annotated", "checked"),
    ("pledge_import_store", "checked"),
    ("pledge_import_undo", "stored"),
):
    case(address, Case(make=sent_in(state), places=MEMBERS_AT))
lists += [
    Listed("pledge_list", of_organization("draft"), Cap.PLEDGE_VIEW),
    Listed("pledge_list", of_member("draft"), Cap.PLEDGE_VIEW, MEMBERS_AT),
    Listed("pledge_subject_search", without_pledge, Cap.PLEDGE_WRITE_ORG, payload={"q": "标记"}),
    Listed("pledge_mine", of_organization("published"), Cap.PLEDGE_WRITE),
    Listed("pledge_mine", one_s_own, Cap.PLEDGE_WRITE, MEMBERS_AT),
    Listed("pledge_queue", of_organization("submitted"), Cap.PLEDGE_REVIEW),
    Listed("pledge_queue", of_member("submitted"), Cap.PLEDGE_REVIEW, MEMBERS_AT),
    Listed("pledge_queue", of_organization("approved"), Cap.PLEDGE_PUBLISH, query="?show=publish"),
    Listed("pledge_queue", of_member("approved"), Cap.PLEDGE_PUBLISH, MEMBERS_AT, query="?show=publish"),
]
lists += [
    Listed("adjustment_list", of_pledge(asked_for, {}, of_organization("published")), Cap.PLEDGE_REVIEW),
    Listed("pledge_appraise_many", of_organization("published"), Cap.PLEDGE_APPRAISE),
]
scoped += [Scoped(of_organization("published")), Scoped(of_member("published"), MEMBERS_AT)]
scoped += [
    Scoped(sent_in("checked"), MEMBERS_AT),
]
scoped += [
    Scoped(bulletin),
    Scoped(of_pledge(asking_check, {}, in_its_place(of_organization("published")))),
    Scoped(of_pledge(asked_for, {}, in_its_place(of_member("published"))), MEMBERS_AT),
    Scoped(of_pledge(noted_progress, {}, in_its_place(of_member("published"))), MEMBERS_AT),
]
