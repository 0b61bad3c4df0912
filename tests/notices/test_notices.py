"""Reminders: stored once, seen by their owner alone."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from campaign.common.errors import NotAllowed
from campaign.notices.models import Notice
from campaign.notices.registry import Due, ReminderRule, reminders
from campaign.notices.services import notice_read, reminders_sweep
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 6, 20)


@pytest.fixture
def rule(world: World) -> Iterator[None]:
    def due(day: dt.date) -> list[Due]:
        pk = world.users["secretary@east_one"].pk
        return [Due(pk, f"item-{place}", f"事项{place}", reverse("home"), day) for place in (1, 2)]

    reminders.register(ReminderRule("test.items", "test", due))
    yield
    del reminders._items["test.items"]


def test_a_sweep_stores_each_reminder_once(rule: None) -> None:
    assert reminders_sweep(day=DAY) == 2
    assert reminders_sweep(day=DAY) == 0
    assert Notice.objects.filter(rule="test.items").count() == 2


def test_the_owner_reads_it_and_nobody_else(world: World, rule: None) -> None:
    reminders_sweep(day=DAY)
    notice = Notice.objects.filter(rule="test.items").first()
    assert notice is not None
    with pytest.raises(NotAllowed):
        notice_read(notice=notice, actor=world.user("member", "east_one"))
    notice_read(notice=notice, actor=world.user("secretary", "east_one"))
    notice.refresh_from_db()
    assert notice.read_at is not None


def test_the_page_lists_unread_ones_and_opening_leads_to_the_matter(world: World, rule: None) -> None:
    reminders_sweep(day=DAY)
    client = Client()
    client.force_login(world.user("secretary", "east_one"), backend="orgs.authentication.AccountBackend")
    assert "事项1" in client.get(reverse("notice_list")).content.decode()
    notice = Notice.objects.get(rule="test.items", subject="item-1")
    response = client.post(reverse("notice_open", args=[notice.pk]))
    assert response["Location"] == reverse("home")
    page = client.get(reverse("notice_list")).content.decode()
    assert "事项1" not in page
    assert "事项2" in page
    client.post(reverse("notice_read_all"))
    assert "事项2" not in client.get(reverse("notice_list")).content.decode()
    assert "事项2" in client.get(reverse("notice_list"), {"all": "1"}).content.decode()
