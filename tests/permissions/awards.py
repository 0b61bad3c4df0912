"""Cases of the awards: batches are seen from where they are held downward, nominations from where they are made upward."""

import datetime as dt
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from awards.importers import NOMINATION_LIST
from awards.models import AwardBatch, AwardCategory, Honour, Nomination
from awards.services import (
    award_announce,
    batch_close,
    batch_create,
    batch_open,
    nomination_create,
    nomination_decide,
    nomination_submit,
)
from campaign.common import clock
from campaign.common.capabilities import MATRIX, Cap, Reach
from campaign.lists.services import list_send, list_store
from campaign.models import Campaign
from orgs.models import RoleAssignment, User
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import BRANCHES, expected, held_roles, lineage
from tests.world import World

MEMBERS_AT = ("east_one", "east_two", "west_one")
DECIDING = (Cap.AWARD_DECIDE, Cap.AWARD_MANAGE)


def somebody(world: World, at: str, role: str) -> User:
    """Appoint somebody outside the cast, so that whoever of the cast is tried has no part in the object yet."""
    user, _new = User.objects.get_or_create(username=f"{role}-outside-{at}", defaults={"name": "经办人"})
    RoleAssignment.objects.get_or_create(
        user=user, role=role, organization=world.orgs[at], defaults={"starts_on": dt.date(2020, 1, 1)}
    )
    return User.objects.get(pk=user.pk)


# -- batches -------------------------------------------------------------------------------------------------------


def prepared(world: World, at: str, name: str) -> AwardBatch:
    return batch_create(
        actor=somebody(world, at, "staff"), campaign=Campaign.objects.get(code="C1"), organization=world.orgs[at],
        name=name, opens_on=clock.today(), closes_on=clock.today() + dt.timedelta(days=9),
    )  # fmt: skip


def opened(world: World, at: str, name: str = "表彰批次") -> AwardBatch:
    return batch_open(batch=prepared(world, at, name), actor=somebody(world, at, "staff"))


def dates_and_quotas() -> dict[str, Any]:
    today = clock.today().isoformat()
    quotas = {"quota_excellent_member": 3, "quota_excellent_worker": 3, "quota_advanced_organization": 3}
    return {"opens_on": today, "closes_on": today, **quotas}


def draft_batch(step: str = "") -> Make:
    """A batch in preparation, which only those see who hold batches there."""

    def make(world: World, at: str) -> Target:
        made = prepared(world, at, mark(at))

        def hidden(actor: str, capability: Cap) -> bool:
            return capability == Cap.AWARD_VIEW and not expected(actor, Cap.AWARD_MANAGE, at)

        kwargs = {"pk": made.pk, **({"step": step} if step else {})}
        payload = {"name": "新名", "version": made.version, **dates_and_quotas()}
        return Target(made, kwargs, payload, marker=mark(at), hidden=hidden)

    return make


def book(world: World, at: str) -> bytes:
    """A nominee of a branch below (or of `at`), in the columns of the list."""
    branch = next(key for key in BRANCHES if at in lineage(key))
    nominee = world.members[branch][1]
    kind = AwardCategory.objects.filter(kind="excellent_member").latest("pk").name
    return f"奖项,党组织,姓名,先进事迹\n{kind},{nominee.organization.name},{nominee.name},{mark(at)}\n".encode()


def workbook(world: World, at: str) -> Target:
    """A batch held at the place: for who sees it and nominates for an organization that takes part."""
    made = opened(world, at)

    def payload() -> dict[str, Any]:
        return {"file": SimpleUploadedFile("推荐.csv", book(world, at))}

    def rule(actor: str, _capability: Cap) -> bool:
        reaches = [(MATRIX[Cap.NOMINATE].get(role), held) for role, held in held_roles(actor)]
        return expected(actor, Cap.AWARD_VIEW, at) and any(
            reach is not None and (at in lineage(held) or (reach is Reach.SUBTREE and held in lineage(at)))
            for reach, held in reaches
        )

    return Target(made, {"pk": made.pk}, payload, rule=rule)


def sent_in(state: str) -> Make:
    """Only who sent a workbook reaches it: here the secretary of the place."""

    def make(world: World, at: str) -> Target:
        made, actor = opened(world, "root"), world.user("secretary", at)
        sent = list_send(
            kind=NOMINATION_LIST, place=made.pk, actor=actor, content=book(world, at), file_name="推荐.csv"
        )
        if state == "stored":
            list_store(sent=sent, actor=actor)
        return Target(sent, {"pk": sent.pk}, rule=lambda who, _capability: who == f"secretary@{at}")

    return make


def open_batch(world: World, at: str) -> Target:
    made = opened(world, at, mark(at))
    return Target(made, {"pk": made.pk}, marker=mark(at))


def batch_in_state(step: str, *, closed: bool, decided: bool = False) -> Make:
    """A batch that is ready for `step`: open, or closed, with a nomination that has been approved."""

    def make(world: World, at: str) -> Target:
        found = opened(world, at, mark(at))
        if decided:
            submitted(world, at, of_member=False, batch=found)
        if closed:
            batch_close(batch=found, actor=somebody(world, at, "staff"))
        for nomination in found.nominations.all():
            nomination_decide(nomination=nomination, actor=somebody(world, at, "committee"), approve=True)
        return Target(found, {"pk": found.pk, "step": step}, marker=mark(at))

    return make


def new_batch(world: World, at: str) -> Target:
    return Target(payload={"name": "新批次", "organization": world.orgs[at].pk, **dates_and_quotas()})


def not_a_holder(actor: str, at: str) -> bool:
    """A batch is held in the name of the organization where the role is held, not of one below it."""
    return actor.split("@")[1] != at


case("batch_list", Case())
case("batch_detail", Case(make=open_batch), Case(make=draft_batch()))
case("batch_edit", Case(make=draft_batch()))
case(
    "batch_step",
    Case(make=draft_batch("batch_open")),
    Case(make=batch_in_state("batch_close", closed=False)),
    Case(make=batch_in_state("batch_reopen", closed=True)),
    Case(make=batch_in_state("award_announce", closed=True, decided=True)),
)
case("batch_create", Case(make=new_batch, named_in_form=True, told=not_a_holder))
lists += [Listed("batch_list", open_batch, Cap.AWARD_VIEW), Listed("batch_list", draft_batch(), Cap.AWARD_VIEW)]
scoped += [Scoped(open_batch), Scoped(draft_batch())]


# -- nominations ---------------------------------------------------------------------------------------------------


def drafted(world: World, at: str, *, of_member: bool, batch: AwardBatch | None = None) -> Nomination:
    """A nomination by the organization at `at`, of itself or of its second member, in a batch of the whole group."""
    found = batch or opened(world, "root")
    return nomination_create(
        actor=somebody(world, at, "staff"),
        category=found.categories.get(kind="excellent_member" if of_member else "advanced_organization"),
        organization=world.orgs[at],
        nominee=world.members[at][1] if of_member else world.orgs[at],
        deeds=mark(at),
    )


def submitted(world: World, at: str, *, of_member: bool, batch: AwardBatch | None = None) -> Nomination:
    made = drafted(world, at, of_member=of_member, batch=batch)
    return nomination_submit(nomination=made, actor=somebody(world, at, "staff"))


def draft(*, of_member: bool, step: str = "") -> Make:
    """A nomination that is being written, which only those see who nominate there."""

    def make(world: World, at: str) -> Target:
        made = drafted(world, at, of_member=of_member)

        def hidden(actor: str, capability: Cap) -> bool:
            return capability == Cap.NOMINATION_VIEW and not expected(actor, Cap.NOMINATE, at)

        target = _nomination(made, at, step)
        target.payload, target.hidden = {"deeds": "新的材料", "version": made.version}, hidden
        return target

    return make


def standing(*, of_member: bool, step: str = "") -> Make:
    def make(world: World, at: str) -> Target:
        return _nomination(submitted(world, at, of_member=of_member), at, step)

    return make


def to_be_decided(step: str, *, of_member: bool) -> Make:
    def make(world: World, at: str) -> Target:
        made = submitted(world, at, of_member=of_member)
        batch_close(batch=AwardBatch.objects.get(pk=made.batch_id), actor=somebody(world, "root", "staff"))
        target = _nomination(made, at, step)
        target.payload = {"reason": "事迹不够突出"}
        return target

    return make


def _nomination(made: Nomination, at: str, step: str) -> Target:
    kwargs = {"pk": made.pk, **({"step": step} if step else {})}
    return Target(made, kwargs, marker=mark(at), places=dict.fromkeys(DECIDING, "root"))


SHARED = "同一批次"


def in_one_batch(world: World, at: str) -> Target:
    """A nomination as the list of its batch shows it: by the nominee's name."""
    batch = AwardBatch.objects.filter(name=SHARED).first() or opened(world, "root", SHARED)
    made = submitted(world, at, of_member=False, batch=batch)
    Nomination.objects.filter(pk=made.pk).update(snapshot={"name": mark(at), "organization": "单位"})
    return _nomination(made, at, "")


def batch_to_nominate_in(world: World, at: str) -> Target:
    """The category of a batch held at a place: it is met by whoever sees the batch."""
    category = opened(world, at, mark(at)).categories.get(kind="advanced_organization")
    return Target(query=f"?category={category.pk}", judged_by={Cap.NOMINATE: Cap.AWARD_VIEW}, marker=mark(at))


def place_to_nominate_from(world: World, at: str) -> Target:
    category = opened(world, "root").categories.get(kind="excellent_member")
    return _from_above(f"?category={category.pk}&inside={world.orgs[at].pk}", at)


def nominee(*, of_member: bool) -> Make:
    def make(world: World, at: str) -> Target:
        categories = opened(world, "root").categories
        if of_member:
            query = f"?category={categories.get(kind='excellent_member').pk}&member={world.members[at][1].pk}"
        else:
            query = f"?category={categories.get(kind='advanced_organization').pk}&organization={world.orgs[at].pk}"
        return _from_above(query, at)

    return make


def _from_above(query: str, at: str) -> Target:
    """An organization nominates its own members and whatever lies below it, in its own name."""

    def rule(actor: str, capability: Cap) -> bool:
        return any(role in MATRIX[capability] and held in lineage(at) for role, held in held_roles(actor))

    return Target(query=query, payload={"deeds": "事迹材料"}, rule=rule)


def both(make: Any, *options: Any) -> list[Case]:
    return [Case(make=make(*options, of_member=False)), Case(make=make(*options, of_member=True), places=MEMBERS_AT)]


case(
    "nomination_choose",
    Case(sent_on=lambda _actor, _at: True),
    Case(make=batch_to_nominate_in),
    Case(make=place_to_nominate_from),
)
case("nomination_create", *both(nominee))
case("nomination_detail", *both(standing), *both(draft))
case("nomination_edit", *both(draft))
case(
    "nomination_step",
    Case(make=draft(of_member=False, step="nomination_submit")),
    Case(make=standing(of_member=True, step="nomination_withdraw"), places=MEMBERS_AT),
)
case("nomination_decide", *both(to_be_decided, "nomination_approve"), *both(to_be_decided, "nomination_reject"))
lists.append(
    Listed(
        "batch_detail",
        in_one_batch,
        Cap.NOMINATION_VIEW,
        page=lambda: {"pk": AwardBatch.objects.get(name=SHARED).pk},
        opened=lambda actor: expected(actor, Cap.AWARD_VIEW, "root"),
    )
)
scoped += [
    Scoped(standing(of_member=False)), Scoped(standing(of_member=True), MEMBERS_AT),
    Scoped(draft(of_member=True), MEMBERS_AT),
]  # fmt: skip


# -- honours -------------------------------------------------------------------------------------------------------

HELD_AT = {"east_one": "east", "east_two": "east", "west_one": "west"}
"""Who honours: the company."""


def honour(world: World, at: str) -> Target:
    """An honour of the organization at a place, from a batch held there or directly above."""
    held = HELD_AT.get(at, at)
    batch = opened(world, held, mark(at))
    nomination = submitted(world, at, of_member=False, batch=batch)
    batch_close(batch=batch, actor=somebody(world, held, "staff"))
    nomination.refresh_from_db()
    nomination_decide(nomination=nomination, actor=somebody(world, held, "committee"), approve=True)
    (made,) = award_announce(batch=AwardBatch.objects.get(pk=batch.pk), actor=somebody(world, held, "staff"))
    Honour.objects.filter(pk=made.pk).update(name=mark(at))
    return Target(made, marker=mark(at), places={Cap.AWARD_VIEW: held})


def listed_honour(world: World, at: str) -> Target:
    """Honours of one's own organizations are seen as well, whoever has held the batch."""
    target = honour(world, at)
    target.rule = lambda actor, _capability: (
        expected(actor, Cap.AWARD_VIEW, HELD_AT.get(at, at)) or expected(actor, Cap.ORG_VIEW, at)
    )
    return target


case("honour_list", Case())
lists.append(Listed("honour_list", listed_honour, Cap.AWARD_VIEW))
scoped.append(Scoped(honour))
case("nomination_import", Case(make=workbook))
case("nomination_import_template", Case(make=workbook))
for address, state in (
    ("nomination_import_detail", "checked"),
    ("nomination_import_annotated", "checked"),
    ("nomination_import_store", "checked"),
    ("nomination_import_undo", "stored"),
):
    case(address, Case(make=sent_in(state), places=MEMBERS_AT))
