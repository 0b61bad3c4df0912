"""Cases of organizations, members, imports, accounts, roles and signing in."""

import datetime as dt
import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.common import clock
from campaign.common.access import SIGNED_IN
from campaign.common.capabilities import Cap, Role
from campaign.common.crypto import seal
from campaign.common.text import initials, pinyin
from orgs.models import (
    Delegation,
    ImportBatch,
    ImportState,
    ImportTrace,
    Member,
    Organization,
    OrganizationEvent,
    OrganizationEventKind,
    RoleAssignment,
    User,
)
from orgs.services import import_upload
from orgs.services.structure import change_describe
from orgs.structure import ChangeKind, fingerprint, touches_of
from tests.permissions.cases import Case, Listed, Scoped, Target, case, lists, mark, never, number, scoped
from tests.permissions.oracle import BRANCHES, below, expected
from tests.world import PASSWORD, World


def signed_in(actor: str, _at: str) -> bool:
    return bool(actor)


case("login", Case(changes=False, sent_on=signed_in))
case("logout", Case())
NEW = "Another-horse-7"
case("password_change", Case(payload={"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}))


# -- organizations -------------------------------------------------------------------------------------------------


def organization(world: World, at: str) -> Target:
    place = world.orgs[at]
    Organization.objects.filter(pk=place.pk).update(name=mark(at), pinyin=pinyin(mark(at)), initials=initials(mark(at)))
    payload = {"name": "改过的名称", "code": place.code, "type": place.type, "version": place.version}
    return Target(place, {"pk": place.pk}, payload, marker=mark(at))


def leaf(*, active: bool, name: str = "") -> Any:
    """An organization directly below a place, with nobody and nothing in it."""

    def make(world: World, at: str) -> Target:
        above = Organization.objects.get(pk=world.orgs[at].pk)
        fields = {"code": f"LEAF-{at}{name}", "name": name or mark(at), "type": "cell", "is_active": active}
        made = Organization.objects.add_child(above, create_kwargs=fields)
        return Target(made, {"pk": made.pk}, place=below(at), marker=mark(at))

    return make


def new_organization(world: World, at: str) -> Target:
    payload = {"name": "新设党组织", "type": "branch", "parent": world.orgs[at].pk}
    return Target(payload=payload, place=below(at))


case("organization_list", Case())
case("organization_search", Case(payload={"q": "公司"}, changes=False))
case("organization_create", Case(make=new_organization, named_in_form=True))
case("organization_detail", Case(make=organization))
case("organization_children", Case(make=organization, names=False))  # only what lies below
case("organization_edit", Case(make=organization))


# -- changes of the structure: both ends lie below a place; what is posted confirms the preview as it would be shown --------


def confirmed(kind: ChangeKind, made: Organization, typed: Mapping[str, Any], **arguments: Any) -> Any:
    """What is posted to confirm a change, the mark of its preview included; worked out when it is first sent: what each
    visitor does is taken back, so that the preview stays as it is."""

    @cache
    def payload() -> dict[str, Any]:
        change = change_describe(actor=None, kind=kind, organization=made, **arguments)
        return {**typed, "confirm": fingerprint(change, touches_of(change))}

    return payload


def changing(kind: ChangeKind, typed: str = "") -> Any:
    """An organization directly below a place, to be changed; where another one takes part, it lies there too."""

    def make(world: World, at: str) -> Target:
        target = leaf(active=kind != ChangeKind.ACTIVATE)(world, at)
        other = Organization.objects.get(pk=leaf(active=True, name="另一党组织")(world, at).kwargs["pk"])
        given, arguments = ({typed: other.pk}, {"target": other}) if typed else ({}, {})
        payload = confirmed(kind, target.record, given, **arguments)
        return replace(target, payload=payload)

    return make


def splitting(world: World, at: str) -> Target:
    """An organization with one below it, which becomes a new one beside it with that."""
    target = leaf(active=True)(world, at)
    above = Organization.objects.get(pk=target.kwargs["pk"])
    child = Organization.objects.add_child(above, create_kwargs={"code": "CHILD", "name": "下级", "type": "cell"})
    typed = {"name": "新设党组织", "type": "cell", "place": "beside", "children": [child.pk]}
    made = Organization.objects.get(pk=above.pk)
    payload = confirmed(ChangeKind.SPLIT, made, typed, target=world.orgs[at], children=[child.pk])
    return replace(target, record=made, payload=payload)


def with_term(world: World, at: str) -> Target:
    """An organization below a place whose term, begun in 2024, may be extended or followed by another."""
    target = leaf(active=True)(world, at)
    dates = {"term_started_on": dt.date(2024, 1, 10), "term_ends_on": dt.date(2027, 1, 10)}
    Organization.objects.filter(pk=target.kwargs["pk"]).update(type="branch", **dates)
    payload = {"version": 1, "elected_on": "2026-07-01", "ends_on": "2027-09-01", "reason": "工作需要"}
    return replace(target, payload=payload)


case("organization_move", Case(make=changing(ChangeKind.MOVE, "parent")))
case("organization_merge", Case(make=changing(ChangeKind.MERGE, "into")))
case("organization_split", Case(make=splitting))
case("organization_deactivate", Case(make=changing(ChangeKind.DEACTIVATE)))
case("organization_activate", Case(make=changing(ChangeKind.ACTIVATE)))
case("organization_elect", Case(make=with_term))
case("organization_extend_term", Case(make=with_term))
lists += [
    Listed("organization_list", organization, Cap.ORG_VIEW, query="?q=标记"),
    Listed("organization_search", organization, Cap.ORG_VIEW, payload={"q": "标记"}),
]
scoped.append(Scoped(organization))


# -- members -------------------------------------------------------------------------------------------------------


def member(world: World, at: str) -> Target:
    """The second of a branch; somebody without an account where nobody is enrolled."""
    person = world.members[at][1] if at in BRANCHES else _enrolled(world.orgs[at])
    Member.objects.filter(pk=person.pk).update(name=mark(at), pinyin=pinyin(mark(at)), initials=initials(mark(at)))
    payload = {
        "name": "改过的名字", "sex": "female", "kind": "full", "status": "normal", "personnel_no": person.personnel_no,
        "organization": world.orgs[at].pk, "version": person.version,
    }  # fmt: skip
    owner = f"member@{at}" if at in BRANCHES else ""
    return Target(person, {"pk": person.pk}, payload, marker=mark(at), owner=owner)


def _enrolled(organization: Organization) -> Member:
    return Member.objects.create(personnel_no=number("P"), name="机关党员", sex="female", organization=organization)


def new_member(world: World, at: str) -> Target:
    return Target(payload={"name": "新来的", "sex": "male", "kind": "full", "organization": world.orgs[at].pk})


case("member_list", Case(payload={"q": "张"}, changes=False))
case("member_create", Case(make=new_member, named_in_form=True))
case("member_detail", Case(make=member))
case("member_edit", Case(make=member))
lists.append(Listed("member_list", member, Cap.MEMBER_VIEW))
scoped.append(Scoped(member))


# -- imports: only who sent a workbook reaches it, and only while entitled to import ----------------------------------


def workbook() -> SimpleUploadedFile:
    return SimpleUploadedFile("roster.csv", "姓名,性别,所在党组织\n新来的,男,东山公司采掘一区党支部\n".encode())


def batch(world: World, at: str) -> Target:
    """An import for the organization at a place, sent by those whose reach begins at `east`, else at the top."""
    sender = "staff@east" if at.startswith("east") else "staff@root"
    role, held = sender.split("@")
    made = import_upload(actor=world.user(role, held), kind="members", organization=world.orgs[at], file=workbook())
    return _sent(made, sender, at)


def batch_of_former_staff(world: World, at: str) -> Target:
    found = batch(world, at)
    ImportBatch.objects.filter(pk=found.kwargs["pk"]).update(requested_by=world.users["former@east"])
    return _sent(found.record, "former@east", at)


def _sent(made: Any, sender: str, at: str) -> Target:
    ImportBatch.objects.filter(pk=made.pk).update(file_name=f"{mark(at)}.csv")

    def another(actor: str, _capability: Cap) -> bool:
        return actor != sender

    return Target(
        made, {"pk": made.pk}, marker=mark(at), judged_by={SIGNED_IN: Cap.MEMBER_IMPORT}, hidden=another
    )  # fmt: skip


case("import_detail", Case(make=batch), Case(make=batch_of_former_staff, places=("east",)))
case("import_apply", Case(make=batch), Case(make=batch_of_former_staff, places=("east",)))
case("import_annotated", Case(make=batch), Case(make=batch_of_former_staff, places=("east",)))
case("import_upload", Case(payload=lambda: {"kind": "members", "file": workbook()}))
case("import_rows", Case(make=batch, payload={"q": "王"}, changes=False))
case("import_history", Case())


def stored_batch(world: World, at: str) -> Target:
    """An import that was stored: history for everybody who imports for the organization."""
    found = batch(world, at)
    applied = {"state": ImportState.APPLIED, "file_path": "", "finished_at": clock.now()}
    ImportBatch.objects.filter(pk=found.kwargs["pk"]).update(**applied)
    ImportTrace.objects.create(batch_id=found.kwargs["pk"], content=seal(zlib.compress(b"[]")))
    return replace(found, hidden=never)


def asked_form(kind: str) -> Any:
    """A form with what is known of a place; a job writes it."""

    def make(world: World, at: str) -> Target:
        return Target(payload={"kind": kind, "organization": world.orgs[at].pk, "holds": "known"})

    return make


case("import_undo", Case(make=stored_batch))
case("import_template", Case(make=asked_form("members"), named_in_form=True))
case("account_template", Case(make=asked_form("accounts"), named_in_form=True))
case("account_import", Case(payload=lambda: {"kind": "accounts", "file": workbook()}))
case("account_import_history", Case())
lists.append(Listed("import_history", stored_batch, Cap.MEMBER_IMPORT))


def stored_accounts(world: World, at: str) -> Target:
    found = stored_batch(world, at)
    ImportBatch.objects.filter(pk=found.kwargs["pk"]).update(kind="accounts")
    return found


lists.append(Listed("account_import_history", stored_accounts, Cap.ACCOUNT_MANAGE))
scoped.append(Scoped(batch))


# -- accounts and roles --------------------------------------------------------------------------------------------


def account(world: World, at: str) -> Target:
    made = User.objects.create(username=f"marked-{User.objects.count()}", name=mark(at), organization=world.orgs[at])
    payload = {"name": "改过的名字", "organization": world.orgs[at].pk}
    # A code is issued where the member of an account is enrolled; this account is nobody's.
    return Target(
        made,
        {"pk": made.pk},
        payload,
        marker=mark(at),
        owner="nobody of the cast",
        hidden=lambda _actor, capability: capability == Cap.ACCOUNT_CODE,
    )


def event(world: World, at: str) -> Target:
    made = OrganizationEvent.objects.create(
        organization=world.orgs[at], kind=OrganizationEventKind.RENAMED, old_name=mark(at)
    )
    return Target(made)


def closed_account(world: World, at: str) -> Target:
    target = account(world, at)
    User.objects.filter(pk=target.kwargs["pk"]).update(is_active=False)
    return target


def new_account(world: World, at: str) -> Target:
    return Target(payload={"name": "新账号", "organization": world.orgs[at].pk})


def assignment(world: World, at: str) -> Target:
    made = RoleAssignment.objects.create(user=account(world, at).record, role=Role.STAFF, organization=world.orgs[at])
    return Target(made, {"pk": made.pk}, marker=mark(at))


def new_role(world: World, at: str) -> Target:
    """A role at a place, for an account of the same place."""
    user = account(world, at).kwargs["pk"]
    return Target(payload={"user": user, "role": "leader", "organization": world.orgs[at].pk})


case("user_list", Case(payload={"q": "张"}, changes=False))
case("user_search", Case(payload={"q": "张"}, changes=False))
case("user_create", Case(make=new_account, named_in_form=True))
case("user_edit", Case(make=account))
case("user_reset_password", Case(make=account))
case("user_deactivate", Case(make=account))
case("user_activate", Case(make=closed_account))
case("role_list", Case(payload={"q": "张"}, changes=False))
case("role_grant", Case(make=new_role, named_in_form=True))
case("role_end", Case(make=assignment))
lists += [
    Listed("user_list", account, Cap.ACCOUNT_MANAGE),
    Listed("user_search", account, Cap.ROLE_GRANT, payload={"q": "标记"}),
    Listed("role_list", assignment, Cap.ROLE_GRANT),
]
scoped += [Scoped(account), Scoped(assignment), Scoped(event)]


# -- vacancies and deputies ----------------------------------------------------------------------------------------


def vacant(world: World, at: str) -> Target:
    """A branch without a secretary, directly below a place."""
    above = Organization.objects.get(pk=world.orgs[at].pk)
    fields = {"code": f"VACANT-{at}", "name": mark(at), "type": "branch"}
    made = Organization.objects.add_child(above, create_kwargs=fields)
    return Target(made, place=below(at), marker=mark(at))


def delegation(world: World, at: str) -> Target:
    """The role of somebody made for it, in the hands of somebody else made for it."""
    role, other = assignment(world, at).record, account(world, at).record
    today = clock.today()
    made = Delegation.objects.create(assignment=role, deputy=other, starts_on=today, ends_on=today, reason=mark(at))
    return Target(made, {"pk": made.pk}, marker=mark(at))


def own_delegation(*, given: bool) -> Any:
    """A deputyship of `leader@east`, who gave it or got it."""

    def make(world: World, at: str) -> Target:
        target = delegation(world, at)
        leader = world.users["leader@east"]
        if given:
            RoleAssignment.objects.filter(pk=target.record.assignment_id).update(user=leader)
        else:
            Delegation.objects.filter(pk=target.record.pk).update(deputy=leader)
        return Target(target.record, target.kwargs, owner="leader@east")

    return make


def handing_over(world: World, at: str) -> Target:
    """Only an own role is a choice of the form."""
    role = RoleAssignment.objects.get(user=world.users["leader@east"])
    today = clock.today()
    payload = {
        "assignment": role.pk, "deputy": account(world, at).record.pk, "starts_on": today, "ends_on": today, "reason": "出差",
    }  # fmt: skip
    return Target(payload=payload, owner="leader@east")


case("role_vacancies", Case(payload={}, changes=False))
case("role_deputies", Case(payload={"q": "张"}, changes=False))
case("role_deputy_end", Case(make=delegation))
case("delegation_list", Case())
case("deputy_search", Case(payload={"q": "张"}, changes=False))
case("delegation_give", Case(make=handing_over, named_in_form=True, places=("east", "east_one")))
case("delegation_rest", Case(changes=False))
case("delegation_act", Case(make=own_delegation(given=False)))
case("delegation_end", Case(make=own_delegation(given=True)), Case(make=own_delegation(given=False)))
lists += [
    Listed("role_vacancies", vacant, Cap.ROLE_GRANT, places=("east", "root", "west")),
    Listed("role_deputies", delegation, Cap.ROLE_GRANT),
]
scoped.append(Scoped(delegation))


# -- who can see an object, and what was done to it ------------------------------------------------------------------


def overseen(make: Any, kind: str, see: Cap, manage: tuple[Cap, ...], *, history: bool) -> Any:
    """For who sees it and owns it or has it in charge, and for the auditor of its place."""

    def made(world: World, at: str) -> Target:
        target = make(world, at)

        def rule(actor: str, _capability: Cap) -> bool:
            own = actor == target.owner
            charge = any(expected(actor, each, at, own=own) for each in manage)
            if expected(actor, Cap.AUDIT_VIEW, at):
                return True
            return expected(actor, see, at, own=own) and (charge or (own and not history))

        return Target(
            target.record, {"kind": kind, "pk": target.record.pk}, marker=target.marker, owner=target.owner,
            judged_by={SIGNED_IN: see}, rule=rule,
        )  # fmt: skip

    return made


for address, history in (("oversight_readers", False), ("oversight_history", True)):
    case(
        address,
        Case(make=overseen(member, "member", Cap.MEMBER_VIEW, (Cap.MEMBER_MANAGE,), history=history)),
        Case(make=overseen(organization, "organization", Cap.ORG_VIEW, (Cap.ORG_MANAGE,), history=history)),
    )
