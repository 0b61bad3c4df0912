"""Accounts from a workbook: for which members one is to be made, and the mail of those there are. The one-time codes of new
ones come on a sheet to be printed."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.bulk import portions
from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Category, Severity, mistake
from campaign.common.excel.schema import Column, ParsedRow, ParsedTable, parse
from campaign.common.excel.values import CellError, Convert, Raw, Reading, label, mail, squeezed
from orgs.importers.names import Names
from orgs.importers.people import PERSON_COLUMNS, People
from orgs.importers.plan import Changed, New, Plan, Sent
from orgs.models import Organization, User
from orgs.oversight import beyond
from orgs.services.changes import differences

NAME_WRONG = mistake(
    "account.name",
    _("An account name consists of letters, digits, - _ and ."),
    _("Choose another, or leave the cell empty: then it is the personnel number."),
    Category.FORMAT,
)
NAME_TAKEN = mistake(
    "account.name_taken",
    _("This account name is taken."),
    _("Choose another, or leave the cell empty: then it is the personnel number."),
    Category.CONFLICT,
)
PERSON_TWICE = mistake(
    "account.twice", _("Row %(first)s holds the same person."), _("Delete one of the rows."), Category.DUPLICATE
)
NOT_PRESENT = mistake(
    "account.not_present",
    _("This member has left; no account is made."),
    _("Delete the row."),
    Category.CONFLICT,
)
NAME_STAYS = mistake(
    "account.name_stays",
    _("This member has the account “%(name)s” already; its name stays."),
    _("Nothing needs to be done."),
    Category.RULE,
    Severity.WARNING,
)
MAIL_BEYOND = mistake(
    "account.mail_beyond",
    _("This person holds a role in an organization whose accounts you do not manage; you cannot change the mail."),
    _("Ask the administrator there, or leave the mail as it is."),
    Category.CONFLICT,
)


def _account_name(raw: Raw, _reading: Reading) -> str:
    written = squeezed(raw)
    if len(written) > 60 or not all(letter.isalnum() or letter in "-_." for letter in written):
        raise CellError(NAME_WRONG)
    return written


COLUMNS = (
    *PERSON_COLUMNS,
    Column(
        "organization",
        "所在党组织",
        ("党组织", "党组织名称", "所在党支部", "党支部"),
        converter=label(150),
        in_title=True,
    ),
    Column("username", "账号", ("账号名", "登录名", "用户名"), converter=Convert(_account_name, blank="")),
    Column("email", "邮箱", ("电子邮箱", "邮件", "邮件地址"), converter=mail(), clears=True),
)
SHOWN = ("member", "organization", "username", "email")


def accounts_plan(sent: Sent) -> Plan[User]:
    """Find the members of a workbook: new are those who have no account, of the others the mail may change.

    Of a complete list, those are missing who have an active account below `sent.base` and no row. Raises WorkbookError.
    """
    scope = Organization.objects.active()
    if sent.actor is not None:
        scope = scope.allowed(sent.actor, Cap.ACCOUNT_MANAGE)
    names = Names(scope.only("code", "name", "short_name", "path", "type").iterator(chunk_size=2000))
    table = parse(sent.workbook, COLUMNS)
    rows = sent.rows(table)
    plan: Plan[User] = Plan.of(table, len(rows))
    plan.base = sent.base
    people = People(table, rows, sent.actor, Cap.ACCOUNT_MANAGE)
    first: dict[int, ParsedRow] = {}
    for row in rows:
        place = names.the_one(table, row, "organization") if row.filled().get("organization") else None
        member = people.find(row, place)
        if member is None:
            continue
        if first.setdefault(member.pk, row) is not row:
            table.report(row, "name", PERSON_TWICE, first=first[member.pk].seen_from(row))
        elif not member.is_present:
            table.report(row, "name", NOT_PRESENT)
        else:
            values = {name: row[name] for name in ("username", "email") if row[name] and name in row}
            values |= {"name": member.name, "member": member, "organization": member.organization}
            plan.add(New(row, values))
    known = {
        user.member_id: user
        for some in portions(list(first))
        for user in User.objects.filter(member__in=some).select_related("organization")
    }
    _compare_known(plan, table, known, sent.actor)
    _report_taken(plan, table)
    if sent.is_full:
        plan.missing = _missing(sent, first)
    return plan


def _compare_known(plan: Plan[User], table: ParsedTable, known: Mapping[Any, User], actor: Any) -> None:
    """Sort those who have an account into changed and unchanged ones."""
    entries, plan.new = plan.new, []
    for entry in entries:
        user = known.get(entry.values["member"].pk)
        if user is None:
            plan.add(entry)
            continue
        if (name := entry.values.get("username")) and name != user.username:
            table.report(entry.row, "username", NAME_STAYS, name=user.username)
        mails = {"email": ""} if "email" in entry.row.cleared else {}
        changes = differences(user, mails | {key: entry.values[key] for key in ("email",) if key in entry.values})
        plan.unchanged += not changes
        plan.changed += [Changed(entry.row, user, changes)] if changes else []
    refused = beyond(actor, [changed.record.pk for changed in plan.changed])
    for changed in plan.changed:
        if changed.record.pk in refused:
            table.report(changed.row, "email", MAIL_BEYOND)


def _missing(sent: Sent, named: Mapping[int, ParsedRow]) -> list[User]:
    """Return the active accounts of members below the base that no row means."""
    accounts = User.objects.filter(is_active=True).exclude(member=None).select_related("organization")
    if sent.actor is not None:
        accounts = accounts.allowed(sent.actor, Cap.ACCOUNT_MANAGE)
    if sent.base is not None:
        accounts = accounts.filter(under(sent.base.path, "organization__path"))
    return [user for user in accounts.order_by("organization__path", "pinyin", "pk") if user.member_id not in named]


def _report_taken(plan: Plan[User], table: ParsedTable) -> None:
    wanted = [new.values["username"] for new in plan.new if "username" in new.values]
    taken = {
        name
        for some in portions(wanted)
        for name in User.objects.filter(username__in=some).values_list("username", flat=True)
    }
    for new in plan.new:
        name = new.values.get("username")
        if name and name in taken:
            table.report(new.row, "username", NAME_TAKEN)
        elif name:
            taken.add(name)
