from orgs.management.importing import ImportCommand
from orgs.models import ImportKind


class Command(ImportCommand):
    help = "Import organizations from a workbook (form d.2 and the like), all rows or none."
    kind = ImportKind.ORGANIZATIONS
