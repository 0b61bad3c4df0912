"""The first link of the story: pledges written, reviewed, shown, carried out and appraised."""

import datetime as dt
import random
from collections.abc import Iterable
from typing import Any

from campaign.demo import evidence, texts
from campaign.demo.group import Group, writes_one_by_one
from campaign.demo.story import Story, on
from campaign.models import Audience, Campaign, Standard
from orgs.models import Organization, User
from pledges.models import ItemResult, Pledge, PledgeItem, PledgeState
from pledges.services import (
    ItemDraft,
    Judgement,
    boardlink_create,
    comment_add,
    comment_answer,
    comment_show,
    items_appraise,
    pledge_approve,
    pledge_publish,
    pledge_return,
    pledge_save,
    pledge_start,
    pledge_submit,
    pledges_approve_many,
    progress_add,
)

RESULTS = (ItemResult.FULFILLED,) * 7 + (ItemResult.BASIC,) * 2 + (ItemResult.UNFULFILLED,)


def tell_pledges(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """Organizations pledge in January and are shown by the middle of March, members follow; a few stay unfinished."""
    Telling(group, campaign, story, chance).all()


class Telling:
    def __init__(self, group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
        self.group, self.campaign, self.story, self.chance = group, campaign, story, chance
        self.first = set(group.roll(group.branches[0]))
        self.standards = {
            audience: list(Standard.objects.filter(campaign=campaign, audience=audience).exclude(parent=None))
            for audience in Audience.values
        }

    def all(self) -> None:
        for company in self.group.companies:
            self._organization(company, self.group.staff[company.pk], self.group.staff[self.group.root.pk])
        for number, branch in enumerate(self.group.branches):
            above = self.group.staff[self.group.company_of(branch).pk]
            self._organization(branch, self.group.secretaries[branch.pk], above, unfinished=number % 7 == 6)
            if writes_one_by_one(self.group, number):
                self._members(branch, above)

    def _items(self, pool: tuple[texts.ItemText, ...], audience: str, least: int, most: int) -> list[ItemDraft]:
        chosen = self.chance.sample(pool, self.chance.randint(least, most))
        soon = (self.story.day(5, 31), self.story.day(6, 30))
        later = (self.story.day(9, 30), self.story.day(11, 10), self.story.day(12, 20))
        return [
            ItemDraft(
                kind=item.kind,
                text=item.text,
                baseline=item.baseline,
                target=item.target,
                # Something falls due in the first half-year, so that there is something to appraise; something is still to do.
                due_on=self.chance.choice(later if place else soon),
                standard=self.chance.choice(self.standards[audience]),
                production_task=item.task,
            )
            for place, item in enumerate(chosen)
        ]

    def written(self, actor: User, day: dt.date, *, submit: bool = True, **subject: Any) -> Pledge:
        """Return the pledge that `actor` wrote on a day for a member or an organization."""
        member = subject.get("member") is not None
        pool, audience = (
            (texts.MEMBER_ITEMS, Audience.MEMBER) if member else (texts.ORGANIZATION_ITEMS, Audience.ORGANIZATION)
        )
        with on(day):
            pledge = pledge_start(campaign=self.campaign, actor=actor, year=self.story.begin.year, **subject)
            # The members of the first branch, whom one signs in as, have something to do still.
            least = 2 if subject.get("member") in self.first else 1
            items = self._items(pool, audience, least, 2 if member else 4)
            pledge = pledge_save(pledge=pledge, actor=actor, version=pledge.version, items=items)
            return pledge_submit(pledge=pledge, actor=actor) if submit else pledge

    def _organization(self, organization: Organization, writer: User, above: User, *, unfinished: bool = False) -> None:
        pledge = self.written(writer, self.story.day(1, self.chance.randint(5, 28)), organization=organization)
        if unfinished:
            return
        if self.chance.random() < 0.25:
            with on(self.story.day(2, 10)):
                pledge = pledge_return(pledge=pledge, actor=above, reason=self.chance.choice(texts.RETURN_REASONS))
            with on(self.story.day(2, 14)):
                pledge = pledge_submit(pledge=pledge, actor=writer)
        with on(self.story.day(2, 20)):
            pledge = pledge_approve(pledge=pledge, actor=above)
        with on(self.story.day(3, 10)):
            pledge_publish(pledge=pledge, actor=above)

    def _members(self, branch: Organization, above: User) -> None:
        for place, member in enumerate(self.group.roll(branch)):
            if place % 13 == 12:
                continue  # not everybody has written: the coverage pages have something to show
            day = self.story.day(2, self.chance.randint(1, 26))
            self.written(member.user, day, member=member, submit=place % 11 != 10)
        waiting = Pledge.objects.filter(organization=branch, state=PledgeState.SUBMITTED).exclude(member=None)
        with on(self.story.day(3, 5)):
            # The secretary reviews the members; the secretary's own pledge is reviewed above.
            for reviewer in (self.group.secretaries[branch.pk], above):
                pledges_approve_many(queryset=waiting, actor=reviewer, publish=True)


def tell_comments(group: Group, campaign: Campaign, story: Story, _chance: random.Random) -> None:
    """Colleagues ask on the board; most is answered, the latest waits to be looked at. A screen hangs in some halls."""
    day = story.day(4, 10)
    if day >= story.today:
        return
    for number, branch in enumerate(group.branches[:8]):
        secretary = group.secretaries[branch.pk]
        with on(day):
            boardlink_create(organization=branch, actor=secretary, name="一楼大厅屏幕", expires_on=campaign.ends_on)
        shown = Pledge.objects.public().filter(
            campaign=campaign, organization=branch, reviewing_organization=branch, display_from__lte=day
        )
        asking = group.roll(branch)
        for place, pledge in enumerate(shown.exclude(member=None).order_by("pk")[:3]):
            asker = next((member for member in asking if member.pk != pledge.member_id), None)
            if asker is not None:
                _comment(pledge, asker.user, secretary, day, number + place)


def _comment(pledge: Pledge, asker: User, secretary: User, day: dt.date, number: int) -> None:
    kind, text, answer = texts.COMMENTS[number % len(texts.COMMENTS)]
    with on(day + dt.timedelta(days=number % 5)):
        comment = comment_add(pledge=pledge, actor=asker, kind=kind, text=text)
        if number % 4 != 3:
            comment = comment_show(comment=comment, actor=secretary)
            if answer:
                comment_answer(comment=comment, actor=secretary, text=answer)


def tell_progress(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """Quarter by quarter the branches note how far they are."""
    months = [month for month in (4, 6, 9) if story.day(month, 20) < story.today]
    _members_progress(group, campaign, story)
    for pledge in _shown(campaign):
        writer = _writer(group, pledge)
        for step, month in enumerate(months):
            item = chance.choice(list(pledge.items.all()))
            with on(story.day(month, 20)):
                progress_add(item=item, actor=writer, text=texts.PROGRESS[step])
            pledge.refresh_from_db()


def _members_progress(group: Group, campaign: Campaign, story: Story) -> None:
    """The members of the first branch note what they did, some with a photo and a document."""
    own = [pledge for pledge in _shown(campaign, members=True) if pledge.organization_id == group.branches[0].pk]
    for number, (member, pledge) in enumerate((pledge.member, pledge) for pledge in own if pledge.member):
        files = [evidence.photo(number), evidence.document()] if number % 3 == 0 else []
        for step, item in enumerate(pledge.items.all()):
            with on(story.day(5, 20 + step)):
                progress_add(
                    item=item, actor=member.user, text=texts.PROGRESS[step], evidence=files if step == 0 else ()
                )
            pledge.refresh_from_db()


def tell_appraisal(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """What fell due is appraised in the first days of July and of October; some are still at it."""
    for day, until in ((story.day(7, 3), story.day(6, 30)), (story.day(10, 9), story.day(9, 30))):
        if day < story.today:
            _appraise(group, campaign, day, until, chance)


def _appraise(group: Group, campaign: Campaign, day: dt.date, until: dt.date, chance: random.Random) -> None:
    with on(day):
        for number, pledge in enumerate(_shown(campaign, members=True)):
            due = [item for item in pledge.items.all() if _is_due(item, until)]
            if due and number % 17 != 16:
                items_appraise(
                    pledge=pledge,
                    actor=_appraiser(group, pledge),
                    judgements={item.pk: _judgement(chance) for item in due},
                )


def _is_due(item: PledgeItem, until: dt.date) -> bool:
    return item.result == ItemResult.PENDING and item.due_on is not None and item.due_on <= until


def _judgement(chance: random.Random) -> Judgement:
    result = chance.choice(RESULTS)
    reason = "因检修计划调整未能按期完成，已重新安排。" if result == ItemResult.UNFULFILLED else ""
    return Judgement(result=result, text=reason)


def _shown(campaign: Campaign, *, members: bool = False) -> Iterable[Pledge]:
    pledges = Pledge.objects.filter(campaign=campaign, state__in=(PledgeState.PUBLISHED, PledgeState.IN_PROGRESS))
    wanted = pledges if members else pledges.filter(member=None)
    return (
        wanted.select_related("organization", "member", "reviewing_organization")
        .prefetch_related("items")
        .order_by("pk")
    )


def _writer(group: Group, pledge: Pledge) -> User:
    return group.secretaries.get(pledge.organization_id) or group.staff[pledge.organization_id]


def _appraiser(group: Group, pledge: Pledge) -> User:
    """Who reviewed it appraises it: the officers of the reviewing organization."""
    place = pledge.reviewing_organization_id
    return group.secretaries.get(place) or group.staff[place]
