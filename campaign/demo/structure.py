"""What became of organizations before the campaign: one renamed, one merged, terms that end soon, a dual relation."""

import datetime as dt

from campaign.demo.group import Group
from campaign.demo.story import Story, on
from orgs.models import Member, Organization, OrganizationType, PartyPost
from orgs.rules import TERM_YEARS, years_after
from orgs.services import organization_create, organization_merge, organization_update

SOON = dt.timedelta(days=100)
CONTACTS = (
    ("0871-5550101", "dangban@east.example", "东岭工业区一号"),
    ("0871-5550102", "dangban@west.example", "西川大道二号"),
)
LACKING = 5
"""Every fifth branch has not said whom to call, so that the check of the data finds some."""


def tell_structure(group: Group, story: Story) -> None:
    """Give the organizations their history; called when the group stands, before the campaign begins."""
    with on(story.begin):
        _contacts(group)
        _merged(group)
        _renamed(group)
        _update(group.companies[-1], guided_by="中共南屏市委员会")
    with on(story.today):
        # On the story's last day one term ends within months, and one has ended.
        _term(group.branches[1], story.today + SOON)
        _term(group.branches[-2], story.today - SOON)


def _contacts(group: Group) -> None:
    for company, (phone, mail, address) in zip(group.companies, CONTACTS, strict=False):
        _update(company, contact_name="党委办公室", contact_phone=phone, contact_email=mail, address=address)
    _update(
        group.root,
        contact_name="党建工作部", contact_phone="0871-5550100", contact_email="dangjian@group.example", address="华岭大厦十二层",
    )  # fmt: skip
    secretaries = {
        member.organization_id: member.name
        for member in Member.objects.filter(party_post=PartyPost.SECRETARY, organization__in=group.branches)
    }
    called = [branch for number, branch in enumerate(group.branches) if number % LACKING]
    for branch in called:
        branch.contact_name = secretaries.get(branch.pk, "")
        branch.contact_phone = f"0871-555{branch.pk % 10_000:04d}"
    Organization.objects.bulk_update(called, ["contact_name", "contact_phone"], batch_size=500)


def _merged(group: Group) -> None:
    """The branch of a workshop that was closed, merged into its neighbour."""
    company = group.companies[0]
    closed = organization_create(
        actor=None, parent=company, name=f"{company.display_name.removesuffix('党委')}原汽修车间党支部",
        type=OrganizationType.BRANCH, established_on=dt.date(2009, 3, 2),
    )  # fmt: skip
    organization_merge(actor=None, organization=closed, into=group.branches[2], reason="车间撤并，党支部合并设置")


def _renamed(group: Group) -> None:
    """The last branch carried another name before."""
    branch = group.branches[-1]
    name = branch.name
    _update(branch, is_correction=True, name=name.replace("党支部", "联合党支部"))
    _update(branch, name=name)


def _term(branch: Organization, ends_on: dt.date) -> None:
    _update(branch, term_started_on=years_after(ends_on, -TERM_YEARS[branch.type]), term_ends_on=ends_on)


def _update(organization: Organization, **values: object) -> None:
    organization.refresh_from_db()
    organization_update(actor=None, organization=organization, version=organization.version, **values)  # type: ignore[arg-type]
