"""Who rates in an evaluation round: by class of raters, from the roll of members and the list of workers (2-domain b.7)."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models import Batch, Channel, Subject
from campaign.ballots.slips import BatchPlan
from campaign.common import clock
from campaign.common.access import ancestors_and_self, under
from campaign.common.capabilities import Role
from campaign.models import Audience
from orgs.models import Member, Organization, PartyPost, RoleAssignment, User
from orgs.models.members import PRESENT
from orgs.models.workers import HeadCount, Worker

LEADING = tuple(post for post in PartyPost if post != PartyPost.GROUP_LEADER)
"""The positions that make up the leading group 领导班子."""


class Source(models.TextChoices):
    """Where the raters of a class come from."""

    LEADING = "leading", _("Leading group of the unit")
    MEMBERS = "members", _("Other party members of the unit")
    EVERYBODY = "everybody", _("All party members of the unit")
    SUPERIORS = "superiors", _("Leaders of the organization that holds the round")
    WORKERS = "workers", _("Workers of the unit, by head count: with slips")
    WORKERS_ON_PAPER = "on_paper", _("Workers of the unit, by head count: on paper")


Electorate = Mapping[str, str]
"""{key of the class: Source}; of two classes that somebody belongs to the first one counts."""


@dataclass(frozen=True)
class Rater:
    """Somebody with an account who rates `subjects` (ids), without `own`, in the class `key`."""

    user_id: int
    key: str
    subjects: tuple[int, ...]
    own: int | None


def raters(
    audience: str, organization: Organization, subjects: Sequence[Subject], electorate: Electorate
) -> Iterator[Rater]:
    """Yield who may rate, each once: for organizations the members of the subject's subtree, for members those of the same
    branch; leaders of the holding `organization` rate all. Four queries."""
    keys = _keys(electorate)
    above = _superiors(organization) if Source.SUPERIORS in keys else []
    everything = tuple(subject.pk for subject in subjects)
    own: dict[int | None, int] = {subject.member_id: subject.pk for subject in subjects if subject.member_id}
    for user, member in above:
        if everything != (own.get(member),):
            yield Rater(user, keys[Source.SUPERIORS], everything, own.get(member))
    taken = {user for user, _member in above}
    lists = rated_at(audience, subjects)
    people = User.objects.filter(
        under(organization.path, "member__organization__path"), is_active=True, member__status__in=PRESENT
    )
    rows = people.order_by("pk").values_list("pk", "member", "member__party_post", "member__organization__path")
    for user, member, post, path in rows.iterator():
        key = _key(keys, is_leading=post in LEADING)
        rated = lists(path) if key and user not in taken else ()
        if key and rated and rated != (own.get(member),):
            yield Rater(user, key, rated, own.get(member))


def _keys(electorate: Electorate) -> dict[str, str]:
    """Return the class of each source; the first one where two have the same."""
    return {source: key for key, source in reversed(list(electorate.items()))}


def _key(keys: Mapping[str, str], *, is_leading: bool) -> str | None:
    narrow = Source.LEADING if is_leading else Source.MEMBERS
    return keys.get(narrow) or keys.get(Source.EVERYBODY)


def _superiors(organization: Organization) -> list[tuple[int, int | None]]:
    """Return (account, member) of the leaders and secretaries of `organization` itself."""
    today = clock.today()
    held = RoleAssignment.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=today),
        organization=organization,
        role__in=(Role.LEADER, Role.SECRETARY),
        starts_on__lte=today,
        user__is_active=True,
    )
    return sorted(set(held.values_list("user_id", "user__member")), key=lambda row: row[0])


def rated_at(audience: str, subjects: Sequence[Subject]) -> Callable[[str], tuple[int, ...]]:
    """Return the subjects (ids) that people enrolled at a path rate, as a function of the path."""
    paths = dict(
        Organization.objects.filter(pk__in={subject.organization_id for subject in subjects}).values_list("pk", "path")
    )
    at: dict[str, list[int]] = defaultdict(list)
    for subject in subjects:
        at[paths[subject.organization_id]].append(subject.pk)
    if audience == Audience.MEMBER:
        return lambda path: tuple(at.get(path, ()))
    return lambda path: tuple(
        pk for place in ancestors_and_self(path, Organization.steplen) for pk in at.get(place, ())
    )


ON = {Source.WORKERS: Channel.SLIP, Source.WORKERS_ON_PAPER: Channel.PAPER}
"""How the workers of a class vote."""


def batches(
    audience: str,
    organization: Organization,
    subjects: Sequence[Subject],
    electorate: Electorate,
    present: Sequence[Batch],
) -> list[BatchPlan]:
    """Return the slips and ballots on paper for workers: for each unit as many as `present` has, which somebody may have set,
    else its representatives, else its list, else its head count. One way of voting for each: nobody gets a slip and a
    ballot on paper. Five queries."""
    sources = {source: key for source, key in _keys(electorate).items() if source in ON}
    lists = rated_at(audience, subjects)
    wanted = {
        (ON[Source(source)], key, pk): number
        for source, key in sources.items()
        for pk, number in (_workers(organization) if sources else {}).items()
    }
    wanted |= {
        (Channel(batch.channel), batch.rater_class.key, batch.organization_id): batch.count
        for batch in present
        if batch.rater_class.key in electorate
        and ON.get(Source(electorate[batch.rater_class.key]), batch.channel) == batch.channel
    }
    places = dict(Organization.objects.filter(pk__in={pk for _on, _key, pk in wanted}).values_list("pk", "path"))
    return [
        BatchPlan(on, key, pk, lists(places[pk]), number)
        for (on, key, pk), number in sorted(wanted.items(), key=lambda row: (places[row[0][2]], row[0][1], row[0][0]))
        if lists(places[pk])
    ]


def _workers(organization: Organization) -> dict[int, int]:
    counted = HeadCount.objects.filter(under(organization.path, "organization__path"), workers__gt=0)
    numbers = dict(counted.values_list("organization", "workers"))
    listed = Worker.objects.active().in_subtree(organization).order_by().values_list("organization")
    representatives = Count("pk", filter=Q(is_representative=True))
    for place, everybody, chosen in listed.annotate(n=Count("pk"), chosen=representatives):
        numbers[place] = chosen or everybody
    return numbers


def subjects_to_rate(
    audience: str, chosen: Sequence[Organization], posts: Sequence[str] = ()
) -> list[tuple[int, str, int | None]]:
    """Return (organization, name, member) for every subject: the chosen themselves, or the members enrolled in them, all or
    those who hold one of `posts`."""
    ids = [organization.pk for organization in chosen]
    if audience == Audience.ORGANIZATION:
        found = Organization.objects.filter(pk__in=ids).order_by("path")
        return [(pk, name, None) for pk, name in found.values_list("pk", "name")]
    members = Member.objects.present().filter(organization__in=ids)
    if posts:
        members = members.filter(party_post__in=posts)
    rows = members.order_by("organization__path", "pinyin", "pk").values_list("organization_id", "name", "pk")
    return list(rows)
