"""Whom and what the rows mean that people add to a workbook: one statement for each kind of name, however many rows."""

from collections.abc import Iterable
from typing import Any

from campaign.common.excel.sheet import FormColumn, Kind
from campaign.common.excel.values import label, person_name, squeezed, text
from campaign.lists.entries import ListColumn
from orgs.models import ContactPoint, Member, Organization

WHICH_POINT = (
    ListColumn("organization", FormColumn("党组织", width=28), label(), aliases=("联系点党组织", "联系点"), whom=True),
    ListColumn("name", FormColumn("联系领导", width=10), person_name(), aliases=("姓名", "领导"), whom=True),
    ListColumn("personnel_no", FormColumn("人员编号", Kind.CODE, width=13), text(30), aliases=("工号",), whom=True),
)
"""The columns that say which contact point a row means."""


def names_of_point(point: ContactPoint) -> dict[str, str]:
    """Return what stands in them; `leader` and `organization` are read already."""
    leader = point.leader
    return {"organization": point.organization.name, "name": leader.name, "personnel_no": leader.personnel_no}


def organizations_meant(places: Any, names: Iterable[str | None]) -> dict[str, list[Organization]]:
    """Return name → the organizations of `places` that are called so."""
    found: dict[str, list[Organization]] = {}
    for place in places.filter(name__in={name for name in names if name}):
        found.setdefault(squeezed(place.name), []).append(place)
    return found


def members_meant(members: Any, people: Iterable[tuple[str | None, str | None]]) -> dict[str, list[Member]]:
    """Return personnel number, or name where there is none → those of `members` who are meant; `people` are (number, name)."""
    given = list(people)
    found: dict[str, list[Member]] = {}
    for member in members.filter(personnel_no__in={number for number, _name in given if number}):
        found.setdefault(member.personnel_no, []).append(member)
    for member in members.filter(name__in={name for number, name in given if name and not number}):
        found.setdefault(squeezed(member.name), []).append(member)
    return found


def member_called(found: dict[str, list[Member]], number: str | None, name: str | None) -> list[Member]:
    """Return those of `members_meant` whom one row means: by number, and then also called so where it says a name."""
    called = squeezed(name or "")
    return [one for one in found.get(number or called, ()) if not called or called == squeezed(one.name)]
