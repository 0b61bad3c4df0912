from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "campaign.lists"
    label = "lists"
