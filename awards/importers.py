"""Nominations by workbook: the drafts of an award batch as they are, and rows that are added."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards import selectors, services
from awards.models import AwardBatch, AwardCategory, Nomination
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.schema import ParsedRow, ParsedTable
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind
from campaign.common.excel.values import label, person_name, squeezed, text
from campaign.lists.entries import NOBODY, SEVERAL, Entry, EntryList, Line, ListColumn, parted
from campaign.lists.registry import Ground
from campaign.models import Audience
from orgs.models import Member, Organization, User

CATEGORY_UNKNOWN = mistake(
    "nomination.category_unknown",
    gettext_lazy("The award batch has no such category."),
    gettext_lazy("Choose one of: %(categories)s."),
    Category.UNKNOWN,
)
NOT_FIT = mistake(
    "nomination.not_fit",
    gettext_lazy("This nominee does not fit the category: see its conditions."),
    gettext_lazy("Choose another category, or delete the row."),
    Category.RULE,
)
STANDS_ALREADY = mistake(
    "nomination.stands_already",
    gettext_lazy("The nominee is nominated in this award batch already."),
    gettext_lazy("Delete the row."),
    Category.CONFLICT,
)


@dataclass
class NominationGround(Ground):
    """What a person nominates in one batch. `found` are the nominees that the rows name, `fit` who of them may stand for
    which category, `standing` who does."""

    batch: AwardBatch
    categories: list[AwardCategory]
    organizations: list[Organization]
    found: dict[str, list[Member | Organization]] = field(default_factory=dict)
    fit: set[tuple[int, Any]] = field(default_factory=set)
    standing: set[Any] = field(default_factory=set)
    drafts: dict[str, Entry] = field(default_factory=dict)

    def nominating(self, place: Organization) -> Organization:
        """Return the own organization nearest to `place`, which nominates it."""
        return max((each for each in self.organizations if place.path.startswith(each.path)), key=lambda o: len(o.path))


class NominationList(EntryList):
    key = "nomination_import"
    heading = gettext_lazy("Nominations by workbook")
    explained = gettext_lazy(
        "The workbook has the drafts of your organizations as they are. Add a row for each further nominee, with the "
        "award category; what you fill in becomes a draft that counts when it is handed in."
    )
    capability = Cap.NOMINATE
    adds = True
    sheet = FormSheet(
        name="评选推荐",
        title="评选表彰推荐填报表",
        columns=(),
        freeze=3,
        notes=(
            "注：1.每行推荐一名党员或一个党组织；推荐党组织时不填姓名。2.奖项名称照评选批次填写。",
            "3.先进事迹写清事实、数字和时间，不超过2000字，写好后才能提交。",
        ),
    )
    columns = (
        ListColumn("category", FormColumn("奖项", width=20), label(), aliases=("推荐类别",), whom=True),
        ListColumn("organization", FormColumn("党组织", width=28), label(), aliases=("所在党组织",), whom=True),
        ListColumn("name", FormColumn("姓名", width=10), person_name(), whom=True),
        ListColumn("personnel_no", FormColumn("人员编号", Kind.CODE, width=13), text(30), aliases=("工号",), whom=True),
        ListColumn(
            "deeds", FormColumn("先进事迹", width=70), text(services.MAX_DEEDS), aliases=("主要事迹",), needed=True
        ),
    )

    def open(self, actor: User, place: int) -> NominationGround:
        batches = AwardBatch.objects.visible_to(actor).select_related("organization", "campaign")
        batch = batches.filter(pk=place).first()
        organizations = selectors.nominating_organizations(actor, batch) if batch is not None else []
        if batch is None or not organizations:
            raise NotAllowed
        if not batch.takes_nominations:
            raise DomainError(_("This award batch takes no nominations now. See the days on its page."))
        back = reverse("batch_detail", args=[place])
        return NominationGround(actor, batch.name, batch.name, back, batch, list(batch.categories.all()), organizations)

    def entries(self, ground: NominationGround, *, locked: bool = False) -> Iterable[Entry]:
        drafts = selectors.drafts_in(ground.batch, ground.organizations, locked=locked)
        entries = [_entry(nomination) for nomination in drafts]
        ground.drafts = {entry.ref: entry for entry in entries}
        return entries

    def prepare(self, ground: NominationGround, rows: Sequence[ParsedRow]) -> None:
        added = [row for row in rows if not row["mark"]]
        names = {row["name"] for row in added if row["name"]}
        places = {row["organization"] for row in added if row["organization"] and not row["name"]}
        members, organizations = selectors.nominees_called(ground.organizations, names, places)
        ground.found = {}
        named: list[Member | Organization] = [*members, *organizations]
        for nominee in named:
            ground.found.setdefault(squeezed(nominee.name), []).append(nominee)
        ground.fit = selectors.fit_for(ground.categories, members, organizations)
        ground.standing = selectors.standing_nominees(ground.batch)

    def fresh(self, ground: NominationGround, table: ParsedTable, row: ParsedRow) -> Entry | None:
        named = squeezed(row["category"])
        category = next((each for each in ground.categories if squeezed(each.name) == named), None)
        if category is None:
            choices = "、".join(each.name for each in ground.categories)
            table.report(row, "category", CATEGORY_UNKNOWN, categories=choices)
            return None
        column = "name" if row["name"] else "organization"
        found = [each for each in ground.found.get(squeezed(row[column]), ()) if _is_meant(row, each)]
        if len(found) != 1:
            table.report(row, column, SEVERAL if found else NOBODY)
            return None
        return self._new(ground, table, row, category, found[0])

    @staticmethod
    def _new(
        ground: NominationGround,
        table: ParsedTable,
        row: ParsedRow,
        category: AwardCategory,
        nominee: Member | Organization,
    ) -> Entry | None:
        column = "name" if isinstance(nominee, Member) else "organization"
        place = nominee.organization if isinstance(nominee, Member) else nominee
        made = Nomination(
            batch=ground.batch,
            category=category,
            organization=ground.nominating(place),
            audience=Audience.MEMBER if isinstance(nominee, Member) else Audience.ORGANIZATION,
            member=nominee if isinstance(nominee, Member) else None,
            nominee_organization=place,
        )
        begun = ground.drafts.get(_ref(made))
        if begun is not None:
            return begun
        if (category.pk, nominee) not in ground.fit:
            table.report(row, column, NOT_FIT)
            return None
        if nominee in ground.standing:
            table.report(row, column, STANDS_ALREADY)
            return None
        entry = _entry(made)
        entry.values, entry.record, entry.subject = None, None, made
        return entry

    def save(self, ground: NominationGround, lines: Sequence[Line]) -> None:
        new, changed, gone = parted(lines)
        services.nominations_write(
            actor=ground.actor,
            new=[(line.entry.subject, (line.values or {})["deeds"]) for line in new],
            changed=[(line.entry.record, (line.values or {})["deeds"]) for line in changed],
            gone=[line.entry.record for line in gone],
        )


def _is_meant(row: ParsedRow, nominee: Member | Organization) -> bool:
    """Whether a row with the name of `nominee` means it: number and organization are compared where they are written."""
    if not isinstance(nominee, Member):
        return not row["name"]
    same_number = not row["personnel_no"] or row["personnel_no"] == nominee.personnel_no
    place = nominee.organization
    written = squeezed(row["organization"])
    return bool(row["name"]) and same_number and written in ("", squeezed(place.name), squeezed(place.short_name))


def _ref(nomination: Nomination) -> str:
    nominee = f"m{nomination.member_id}" if nomination.member_id else f"o{nomination.nominee_organization_id}"
    return f"{nomination.category_id}.{nomination.organization_id}.{nominee}"


def _entry(nomination: Nomination) -> Entry:
    member = nomination.member
    return Entry(
        ref=_ref(nomination),
        title=f"{nomination.nominee} · {nomination.category.name}",
        names={
            "category": nomination.category.name,
            "organization": nomination.nominee_organization.name,
            "name": member.name if member else "",
            "personnel_no": member.personnel_no if member else "",
        },
        values={"deeds": nomination.deeds},
        record=nomination,
    )


NOMINATION_LIST = NominationList()
