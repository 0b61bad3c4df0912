"""Honours of the campaign's own organization are worth a bonus in the periodic scores (2-domain b.11: group-level honour +1)."""

from collections.abc import Iterator

from awards.models import Honour
from campaign.models import Audience, Campaign
from campaign.scoring.registry import Merit, MeritSource, merits


def of_campaign(campaign: Campaign) -> Iterator[Merit]:
    """Give each honour of the batches that the organization of the campaign held itself; who approved the nomination decided."""
    honours = Honour.objects.filter(batch__campaign=campaign, batch__organization=campaign.organization_id)
    for honour in honours.select_related("batch", "nomination").order_by("pk"):
        by = honour.nomination.decided_by_id
        if by is None:
            continue
        yield Merit(
            key=honour.pk,
            organization=honour.organization_id,
            member=honour.member_id if honour.audience == Audience.MEMBER else None,
            work=honour.title,
            happened_on=honour.decided_on,
            reason=f"{honour.batch.name}：{honour.title}",
            basis=f"{honour.batch.name} {honour.number}",
            by=by,
        )


def register() -> None:
    merits.register(MeritSource("honour", of_campaign))
