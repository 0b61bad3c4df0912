"""What a kept record takes over from its double, and what stays: computed for the page, and again when it is done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaign.common.registry import Registry
from orgs.models import (
    ContactPoint,
    LeadershipPost,
    Member,
    Position,
    Transfer,
    User,
)
from orgs.oversight import holds_more
from orgs.rules import member_breaches

FILLED = (
    "ethnicity", "birth_date", "native_place", "education", "degree", "started_work_on", "joined_on", "full_member_on",
    "admin_post", "job", "technical_title", "phone",
)  # fmt: skip
"""Fields of the person; those of the membership (branch, kind, party group) stay as the kept record has them."""
COMPARED = frozenset({"birth_date", "joined_on", "full_member_on"})
"""What is checked against other fields: filled only where nothing contradicts itself then."""
PERSONAL = frozenset({"phone", "birth_date"})
"""Named, not shown: the values stand in the comparison as far as the viewer reads them."""


@dataclass(frozen=True)
class Obstacle:
    """What an app says against keeping one of two records now: `reason` gives a sentence, "" for none."""

    key: str
    reason: Callable[[Member, Member], str]


obstacles: Registry[Obstacle] = Registry("what stands against keeping one of two records")


def reasons_against(one: Member, other: Member) -> list[str]:
    """Return what stands against keeping one of the two now."""
    return [reason for obstacle in obstacles if (reason := obstacle.reason(one, other))]


@dataclass(frozen=True)
class Takeover:
    """`moved` goes over to `keep`; `ended` ends, since the kept record holds the same already."""

    keep: Member
    drop: Member
    fields: dict[str, Any]
    id_number: bool
    account: User | None
    account_moves: bool
    account_closes: bool
    transfer: Transfer | None
    positions: tuple[Position, ...]
    posts: tuple[LeadershipPost, ...]
    points: tuple[ContactPoint, ...]
    ended_posts: tuple[LeadershipPost, ...]
    ended_points: tuple[ContactPoint, ...]

    @property
    def ids_differ(self) -> bool:
        """Two id numbers are two persons, unless one was typed wrong."""
        mine, other = self.keep.id_number_digest, self.drop.id_number_digest
        return bool(mine and other and mine != other)

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What the page says before somebody decides."""
        return list(self.lines())

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield (what, what becomes of it) for everything that the ended record has."""
        filled = [*self._filled(), *([_("id number")] if self.id_number else [])]
        if filled:
            yield _("Filled in from the other record"), "；".join(filled)
        if self.account is not None:
            yield _("Account"), self._account(self.account)
        if self.positions:
            yield (
                _("Party positions that go over"),
                _named(f"{one.title} · {one.organization}" for one in self.positions),
            )
        if self.posts:
            held = (f"{one.get_function_display()} · {one.organization}" for one in self.posts)
            yield _("Functions in the campaign that go over"), _named(held)
        if self.points:
            yield (
                _("Contact points that go over, with their visits"),
                _named(str(one.organization) for one in self.points),
            )
        ended = [*self.ended_posts, *self.ended_points]
        if ended:
            yield _("Ends, since the kept record has the same"), _named(map(str, ended))
        if self.transfer is not None:
            yield _("Transfer under way"), _("is withdrawn: %(transfer)s") % {"transfer": self.transfer}

    def _filled(self) -> Iterator[str]:
        for name, value in self.fields.items():
            label = str(Member._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            yield label if name in PERSONAL else f"{label}：{value}"

    def _account(self, account: User) -> str:
        values = {"name": account.username}
        if self.account_moves:
            return _("“%(name)s” goes over with its roles; the person signs in as before.") % values
        if self.account_closes:
            return _("“%(name)s” is deactivated, since the kept record has an account.") % values
        if account.is_active:
            return _("“%(name)s” stays open: it holds a role. Ask the system administrator to close it.") % values
        return _("“%(name)s” is deactivated already and stays with the other record.") % values


def _named(items: Any) -> str:
    return "；".join(items)


def takeover_of(keep: Member, drop: Member) -> Takeover:
    """Return what `keep` takes over from `drop`; a constant number of queries."""
    account = User.objects.filter(member=drop).first()
    own = User.objects.filter(member=keep).exists()
    posts = _split(LeadershipPost.objects.filter(member=drop), LeadershipPost.objects.filter(member=keep), "function")
    points = _split(
        ContactPoint.objects.filter(leader=drop).select_related("leader"), ContactPoint.objects.filter(leader=keep)
    )
    fields, id_number = _fields(keep, drop)
    return Takeover(
        keep=keep,
        drop=drop,
        fields=fields,
        id_number=id_number,
        account=account,
        account_moves=account is not None and not own,
        account_closes=account is not None and own and account.is_active and not holds_more(account),
        transfer=Transfer.objects.open().filter(member=drop).select_related("member", "source", "target").first(),
        positions=_split(Position.objects.filter(member=drop), Position.objects.filter(member=keep), "post")[0],
        posts=posts[0],
        points=points[0],
        ended_posts=posts[1],
        ended_points=points[1],
    )


def _fields(keep: Member, drop: Member) -> tuple[dict[str, Any], bool]:
    """Return what is empty with the one and written with the other, and whether the id number is among it."""
    filled = {name: value for name in FILLED if getattr(keep, name) in ("", None) and (value := getattr(drop, name))}
    id_number = bool(not keep.id_number_digest and drop.id_number_digest)
    if _fits(keep, filled, drop.id_number if id_number else keep.id_number):
        return filled, id_number
    plain = {name: value for name, value in filled.items() if name not in COMPARED}
    return plain, id_number and _fits(keep, plain, drop.id_number)


def _fits(keep: Member, filled: dict[str, Any], id_number: str) -> bool:
    values = {
        name: filled.get(name, getattr(keep, name))
        for name in ("sex", "birth_date", "joined_on", "full_member_on", "kind")
    }
    return not any(True for _breach in member_breaches(id_number=id_number, **values))


def _split(of_drop: Any, of_keep: Any, *by: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Part what goes on into what moves and what the kept record has as well (same organization, same `by`)."""
    key = ("organization_id", *by)
    held = set(of_keep.filter(ends_on=None).values_list(*key))
    going = list(of_drop.filter(ends_on=None).select_related("organization").order_by("pk"))
    same = [tuple(getattr(one, name) for name in key) in held for one in going]
    return (
        tuple(one for one, double in zip(going, same, strict=True) if not double),
        tuple(one for one, double in zip(going, same, strict=True) if double),
    )
