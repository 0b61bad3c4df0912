"""Who plays in the main path: accounts and roles are made through the services, since they are not what is tried here."""

import io
from typing import Any

from django.core.management import call_command

from campaign.common.capabilities import Role
from orgs.models import Member, Organization, User
from orgs.services import role_grant, user_create, users_create_for_members
from tests.browser.books import BRANCH, COMPANY, GROUP
from tests.world import PASSWORD


class Cast:
    """`office` is there from the start; the others join once the organizations and the members have been imported."""

    def __init__(self) -> None:
        call_command("bootstrap", name=GROUP, stdout=io.StringIO())
        self.office = _officer(GROUP, Role.OFFICE, "集团创先办")

    def join(self) -> None:
        self.staff = _officer(COMPANY, Role.STAFF, "东山公司党务干部")
        self.leader = _officer(COMPANY, Role.LEADER, "东山公司书记")
        self.committee = _officer(GROUP, Role.COMMITTEE, "集团评审委员")
        roll = Member.objects.filter(organization__name=BRANCH).order_by("pk")
        self.members = users_create_for_members(actor=None, members=roll, password=PASSWORD)
        """Those of the branch in the order of the roster, the secretary first."""
        self.secretary = self.members[0]
        role_grant(actor=None, user=self.secretary, role=Role.SECRETARY, organization=branch())


def branch() -> Organization:
    return Organization.objects.get(name=BRANCH)


def _officer(place: str, role: Role, name: str) -> Any:
    organization = Organization.objects.get(name=place)
    made = user_create(
        actor=None, name=name, organization=organization, username=f"{role.value}-main", password=PASSWORD
    )
    role_grant(actor=None, user=made.user, role=role, organization=organization)
    return User.objects.get(pk=made.user.pk)
