"""Run the reminder sweep now; the scheduler does it every morning."""

from typing import Any

from django.core.management.base import BaseCommand

from campaign.notices.services import reminders_sweep


class Command(BaseCommand):
    help = "Ask every reminder rule what is due today and put it on the desks."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"new reminders: {reminders_sweep()}")
