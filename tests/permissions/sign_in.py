"""Cases of one's own security, codes, sheets, help with signing in, and the rules."""

import datetime as dt
from typing import Any

from axes.models import AccessAttempt

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.crypto import encrypt
from campaign.common.text import initials, pinyin
from orgs.lockout import key_of
from orgs.models import CodePart, CodeSheet, Member, SignInPolicy, User
from tests.permissions.cases import Case, Listed, Scoped, Target, case, lists, mark, number, scoped
from tests.permissions.orgs import account, signed_in
from tests.world import World


def spent_link(_world: World, _at: str) -> Target:
    return Target(kwargs={"key": "MQ", "token": "c0ffee-00"})


case("password_forgotten", Case(payload={"name": "某人"}, changes=False))
case("password_link", Case(make=spent_link, places=("root",), named_in_form=True, changes=False, status=410))
case("my_security", Case())
case("my_sessions_end", Case(changes=False))  # everybody here has one session
case("two_factor_setup", Case(payload={"token": "000000"}, changes=False))
case("two_factor_verify", Case(payload={"token": "000000"}, sent_on=signed_in, changes=False))
case("two_factor_off", Case(sent_on=signed_in, changes=False))
case("two_factor_codes", Case(changes=False))


# -- accounts ------------------------------------------------------------------------------------------------------


def locked_account(world: World, at: str) -> Target:
    target = account(world, at)
    user = User.objects.get(pk=target.kwargs["pk"])
    AccessAttempt.objects.create(username=key_of(user), ip_address="10.0.0.1", failures_since_start=5)
    return target


def account_with_factor(world: World, at: str) -> Target:
    target = account(world, at)
    User.objects.filter(pk=target.kwargs["pk"]).update(two_factor_since=clock.now())
    return Target(target.record, target.kwargs, {"reason": "手机丢失"}, marker=target.marker, owner=target.owner)


case("user_unlock", Case(make=locked_account))
case("user_sessions_end", Case(make=account))
case("user_two_factor_reset", Case(make=account_with_factor))


# -- sheets: only their maker reaches them -------------------------------------------------------------------------

MAKER = "system_admin@east"


def sheet(world: World, at: str) -> Target:
    """A sheet for a place with one part, made by the system administrator of the company."""
    place = world.orgs[at]
    place.__class__.objects.filter(pk=place.pk).update(name=mark(at), short_name="")
    made = CodeSheet.objects.create(
        organization=place, requested_by=world.users[MAKER], expires_at=clock.now() + dt.timedelta(hours=1)
    )
    CodePart.objects.create(sheet=made, number=1, first="甲", last="乙", count=0, cipher=encrypt("[]"))

    def others(actor: str, _capability: Cap) -> bool:
        return actor != MAKER

    return Target(made, {"pk": made.pk}, marker=mark(at), hidden=others)


def part(world: World, at: str) -> Target:
    target = sheet(world, at)
    return Target(target.record, {**target.kwargs, "number": 1}, marker=target.marker, hidden=target.hidden)


def people_without_account(world: World, at: str) -> Target:
    Member.objects.create(personnel_no=number("N"), name="无账号", sex="female", organization=world.orgs[at])
    return Target(payload={"organization": world.orgs[at].pk, "purpose": "new"})


case("code_sheet_list", Case())
case("code_sheet_create", Case(make=people_without_account, named_in_form=True))
case("code_sheet_detail", Case(make=sheet))
case("code_sheet_print", Case(make=part))
case("code_sheet_delete", Case(make=sheet))
scoped.append(Scoped(sheet))


# -- the secretary's help ------------------------------------------------------------------------------------------


def helped(world: World, at: str) -> Target:
    """The account of somebody enrolled at a place who holds no role."""
    name = mark(at)
    member = Member.objects.create(
        personnel_no=number("H"),
        name=name,
        pinyin=pinyin(name),
        initials=initials(name),
        sex="male",
        organization=world.orgs[at],
    )
    # The account was made elsewhere: where the member is enrolled today is what counts.
    user = User.objects.create(username=f"h-{at}", name=name, member=member, organization=world.orgs["root"])
    return Target(user, {"pk": user.pk}, marker=name)


case("code_member_list", Case(payload={"q": "张"}, changes=False))
case("code_issue", Case(make=helped))
lists.append(Listed("code_member_list", helped, Cap.ACCOUNT_CODE))


# -- the rules: for the whole installation, so only from the very top ---------------------------------------------


def rules(_world: World, _at: str) -> Target:
    values: dict[str, Any] = {
        field.name: getattr(SignInPolicy(), field.name)
        for field in SignInPolicy._meta.fields
        if field.name not in ("id", "created_at", "updated_at")
    }
    return Target(payload=values | {"min_length": 12}, place="root")


case("policy_edit", Case(make=rules, places=("root",)))
