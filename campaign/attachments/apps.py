from django.apps import AppConfig


class AttachmentsConfig(AppConfig):
    name = "campaign.attachments"
    label = "attachments"
