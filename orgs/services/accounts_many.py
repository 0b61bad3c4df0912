"""Accounts for many members at once."""

from collections.abc import Iterable, Mapping

from django.contrib.auth.hashers import make_password
from django.db import transaction

from campaign.audit.services import audit_record_many
from orgs.models import Member, User

BATCH = 500


def users_create_for_members(
    *, actor: None, members: Iterable[Member], password: str, usernames: Mapping[int, str] | None = None
) -> list[User]:
    """Make an account for each of `members`, all with one `password`: for the system alone (the demo).

    `usernames` names single accounts by member id; the others are called by personnel number. Who has an account already is
    passed over. The hash is computed once, since Argon2 is slow on purpose.
    """
    named, encoded = usernames or {}, make_password(password)
    with transaction.atomic():
        wanted = list(members)
        taken = set(User.objects.exclude(member=None).values_list("member_id", flat=True))
        users: list[User] = User.objects.bulk_create(
            [
                User(
                    username=named.get(member.pk, member.personnel_no),
                    name=member.name,
                    member=member,
                    organization_id=member.organization_id,
                    password=encoded,
                )
                for member in wanted
                if member.pk not in taken
            ],
            batch_size=BATCH,
        )
        audit_record_many(action="user_create", actor=actor, targets=users)
    return users
