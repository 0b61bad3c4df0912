from orgs.management.importing import ImportCommand
from orgs.models import ImportKind


class Command(ImportCommand):
    help = "Import members from a workbook (form d.1 and the like), all rows or none."
    kind = ImportKind.MEMBERS
