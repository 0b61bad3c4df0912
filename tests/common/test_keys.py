"""Keys that come in an address or a form: whatever is written there, the page answers."""

import pytest
from django.urls import reverse

from campaign.common.text import is_key
from tests.orgs.test_organizations import signed_in
from tests.world import World


@pytest.mark.parametrize(
    ("typed", "possible"), [("7", True), ("9" * 18, True), ("9" * 30, False), ("²", False), ("", False)]
)
def test_what_can_be_a_key(typed: str, possible: bool) -> None:
    assert is_key(typed) == possible


@pytest.mark.django_db
@pytest.mark.parametrize("odd", ["²", "٣", "9" * 30, "-1", "x"])
def test_no_page_breaks_on_an_odd_key(world: World, odd: str) -> None:
    world.campaign()
    office, place = signed_in(world.user("office", "root")), world.orgs["east_one"].pk
    # A list keeps its filter in the session: it must not break on every later visit either.
    assert office.post(reverse("member_list"), {"organization": odd}).status_code == 302
    assert office.get(reverse("member_list")).status_code == 200
    asked = [
        office.get(reverse("contact_assign"), {"organization": odd}),
        office.get(reverse("plan_create"), {"campaign": odd}),
        office.get(reverse("quality_list"), {"organization": odd}),
        office.get(reverse("contact_coverage"), {"organization": odd}),
        office.get(reverse("organization_create"), {"parent": odd}),
        office.post(reverse("member_create"), {"organization": odd}),
        office.post(reverse("contact_assign"), {"leader": odd, "organizations": [place]}),
        office.post(reverse("organization_move", args=[place]), {"parent": odd}),
        signed_in(world.user("security_admin", "root")).get(reverse("role_grant"), {"user": odd, "organization": odd}),
    ]
    assert [answer.status_code for answer in asked] == [200] * len(asked)


@pytest.mark.django_db
def test_what_no_database_keeps_is_refused_on_every_way_in(world: World) -> None:
    """PostgreSQL has no NUL character: it would break the page wherever it is looked for or stored."""
    office = signed_in(world.user("office", "root"))
    asked = [
        office.get(reverse("organization_list"), {"q": "中\0共"}),
        office.post(reverse("organization_search"), {"q": "中\0共"}),
        office.post(reverse("draft", args=["pledge:1"]), {"fields": '[["note", "中\0共"]]'}),
        office.get("/password/link/a%00/b/"),
    ]
    assert [answer.status_code for answer in asked] == [400] * len(asked)
    assert "无法保存的字符" in asked[0].content.decode()
    kept = office.post(reverse("draft", args=["pledge:1"]), {"fields": '[["note", "中\\u0000共"]]'})
    assert kept.status_code == 422
