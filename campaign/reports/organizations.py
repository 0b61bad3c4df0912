"""Form d.2: the organizations with their committees, figures and terms (2-domain d.2)."""

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row
from campaign.common.masking import mask
from campaign.reports.checks import Check, Discrepancy, Severity, Tables, adds_up
from campaign.reports.figures import Records
from campaign.reports.places import place_of
from campaign.reports.registry import Report, ReportRequest
from orgs import overview
from orgs.models import Member, MemberQuerySet, Organization, OrganizationType, PartyPost, UnitKind
from orgs.places import months_left

CHUNK = 2000
MEMBER_FIELDS = ("name", "organization__name", "kind", "sex", "education")
ORGANIZATION_FIELDS = ("name", "type")


def members_seen(request: ReportRequest) -> MemberQuerySet:
    """Return the members that the person may see."""
    return request.seen(Member.objects.all())


def organizations_seen(request: ReportRequest) -> Any:
    """Return the active organizations of the report that the person may see."""
    return request.seen(Organization.objects.active().filter(under(request.organization.path)))


# -- the records behind the figures ------------------------------------------------------------------------------------


def counts(figure: str) -> Callable[[ReportRequest, str], Records]:
    """Return what is behind a figure that counts members."""

    def records(request: ReportRequest, key: str) -> Records:
        place = place_of(request, key, Cap.ORG_VIEW)
        found = overview.members_of(figure, members_seen(request), place, request.today)
        return Records(found, MEMBER_FIELDS, "member_detail", about=place.name)

    return records


def committee(request: ReportRequest, key: str) -> Records:
    """Return the people in the committee of a row's organization."""
    place = place_of(request, key, Cap.ORG_VIEW)
    return Records(overview.committee_of(place), ("name", "organization__name"), about=place.name)


def groups(request: ReportRequest, key: str) -> Records:
    """Return the party groups of a row: organizations, or one member of each group that the roster names."""
    place = place_of(request, key, Cap.ORG_VIEW)
    found = overview.party_groups(request.organization, members_seen(request))
    if found.model is Organization:
        return Records(found.filter(under(place.path)), ORGANIZATION_FIELDS, "organization_detail", about=place.name)
    found = found.filter(under(place.path, "organization__path"))
    return Records(found, ("organization__name", "cell"), "member_detail", about=place.name)


def term(request: ReportRequest, key: str) -> str:
    """Months to the end of the term are no count: the page of the organization says when it ends."""
    return f"{reverse('organization_detail', args=[place_of(request, key, Cap.ORG_VIEW).pk])}#term"


# -- the form ----------------------------------------------------------------------------------------------------------


def _number(header: str, figure: str, width: float = 6) -> FormColumn:
    return FormColumn(header, Kind.INTEGER, width=width, counts=counts(figure))


OVERVIEW = FormSheet(
    name="党组织基本情况一览表",
    title="党组织基本情况一览表",
    freeze=1,
    columns=(
        FormColumn("党组织名称", width=24),
        FormColumn("组织类别", width=8, align="center"),
        FormColumn("上级党组织", width=20),
        FormColumn("所在单位情况", width=10, align="center"),
        FormColumn("书记", width=9, align="center"),
        FormColumn("副书记", width=9, align="center"),
        FormColumn("委员人数", Kind.INTEGER, width=6, counts=committee),
        _number("党员总数", "members"),
        _number("正式党员", "full"),
        _number("预备党员", "probationary"),
        _number("女党员", "women"),
        _number("少数民族党员", "minority"),
        _number("35岁及以下", "young"),
        _number("大专及以上", "college"),
        _number("一线党员", "frontline"),
        FormColumn("党小组数", Kind.INTEGER, width=7, counts=groups),
        FormColumn("成立时间", Kind.DATE, width=11),
        FormColumn("本届选举时间", Kind.DATE, width=11),
        FormColumn("任期届满时间", Kind.DATE, width=11),
        FormColumn("距届满(月)", Kind.INTEGER, width=8, counts=term),
        FormColumn("联系人", width=9, align="center"),
        FormColumn("联系电话", Kind.CODE, width=13),
        FormColumn("备注", width=10),
    ),
    notes=(
        "注：1.人数、党小组数含下级党组织，委员人数为本级。2.副书记、委员含在本组织任职的其他支部党员。3.距届满按整月计，负数为已超期。",
    ),
)
FIELDS = (
    "pk", "path", "name", "type", "unit_kind", "established_on", "term_started_on", "term_ends_on", "contact_name",
    "contact_phone",
)  # fmt: skip


def _rows(request: ReportRequest) -> Iterator[Row]:
    top, today = request.organization, request.today
    members = members_seen(request)
    counted = overview.member_figures(members, top, today)
    groups_of = overview.cell_figures(top, overview.party_groups(top, members))
    posts = overview.posts_held(members, top)
    types, units = _names(OrganizationType.choices), _names(UnitKind.choices)
    posts_of, nobody = posts.get, overview.Posts()
    shown, nothing = itemgetter(*map(overview.FIGURES.index, SHOWN)), (0,) * len(overview.FIGURES)
    names = dict(Organization.objects.filter(path=top.parent_path).values_list("path", "name"))
    for pk, path, name, type_, unit, founded, begun, ends, contact, phone in (
        organizations_seen(request).order_by("path").values_list(*FIELDS).iterator(chunk_size=CHUNK)
    ):
        names[path] = name
        held = posts_of(pk, nobody)
        yield Keyed(
            pk,
            (
                name, types[type_], names.get(path[: -Organization.steplen], ""), units.get(unit, ""),
                held.named(PartyPost.SECRETARY), held.named(PartyPost.DEPUTY_SECRETARY), len(held.people),
                *shown(counted.get(path, nothing)), groups_of[path][0] if path in groups_of else 0,
                founded, begun, ends, months_left(ends, today), contact,
                phone if request.unmasked else mask(phone), "任期已届满" if ends and ends < today else "",
            ),
        )  # fmt: skip


SHOWN = tuple(figure for figure in overview.FIGURES if figure != "men")


def _names(choices: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Return the names of choices as plain texts: translated once, not in every row."""
    return {value: str(name) for value, name in choices}


# -- cross-checks --------------------------------------------------------------------------------------------------------

KINDS_ADD_UP = adds_up(
    "d.20.1",
    _("Full and probationary members make all members"),
    sheet=OVERVIEW.name,
    whole="党员总数",
    parts=("正式党员", "预备党员"),
    mend=lambda key: reverse("organization_detail", args=[key]),
    name="党组织名称",
)


def _sexes(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    men = overview.member_figures(members_seen(request), request.organization, request.today)
    place = overview.FIGURES.index("men")
    paths = dict(organizations_seen(request).values_list("pk", "path"))
    for line in tables(OVERVIEW.name):
        found = men[path][place] if (path := paths.get(int(line.key), "")) in men else 0
        if found + line.number("女党员") != line.number("党员总数"):
            yield Discrepancy(
                gettext("%(name)s: men and women do not make the number of members.")
                % {"name": line.values["党组织名称"]},
                reverse("organization_detail", args=[line.key]),
            )


def _complete(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Members who are entered where no row stands: in an organization that is not active."""
    lost = members_seen(request).present().in_subtree(request.organization).filter(organization__is_active=False)
    places = lost.order_by().values_list("organization_id", "organization__name").distinct()
    for pk, name in places[:50]:
        yield Discrepancy(
            gettext("%(name)s is not active any more, but members are enrolled there.") % {"name": name},
            reverse("organization_detail", args=[pk]),
        )


def _unknown(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Entries without which a figure is too small: nobody is young, or has been to college, whose record does not say so."""
    gaps = members_seen(request).present().in_subtree(request.organization).filter(Q(birth_date=None) | Q(education=""))
    if number := gaps.count():
        yield Discrepancy(
            gettext("The date of birth or the education of %(n)d members is not entered; they are not counted there.")
            % {"n": number},
            reverse("quality_list"),
        )


SEXES_ADD_UP = Check("d.20.1", _("Men and women make all members"), _sexes)
UNITS_COMPLETE = Check("d.20.2", _("The units of the form are the active ones"), _complete)
NOTHING_UNKNOWN = Check("d.2", _("What the figures are made of is entered"), _unknown, Severity.WARNING)


def _sheets(request: ReportRequest) -> list[Filled]:
    return [(OVERVIEW, _rows(request))]


ORGANIZATION_OVERVIEW = Report(
    key="organizations",
    form="d.2",
    label=_("Overview of party organizations"),
    description=_("One row for each organization: committee, members by kind, age and education, term, contact."),
    sheets=_sheets,
    count=lambda request: organizations_seen(request).count(),
    by_period=False,
    icon="sitemap",
    is_list=True,
    checks=(KINDS_ADD_UP, SEXES_ADD_UP, UNITS_COMPLETE, NOTHING_UNKNOWN),
)
