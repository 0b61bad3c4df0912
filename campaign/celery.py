"""The Celery application. Tasks take ids, call one service, and are safe to run twice and to die anywhere."""

import os

from celery import Celery

from campaign import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign.settings")

app = Celery("campaign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
heartbeat.install(app)
