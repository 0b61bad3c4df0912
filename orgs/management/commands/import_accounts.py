from orgs.management.importing import ImportCommand
from orgs.models import ImportKind


class Command(ImportCommand):
    help = "Make accounts for the members of a workbook; --actor is needed, whose sheet of one-time codes it becomes."
    kind = ImportKind.ACCOUNTS
