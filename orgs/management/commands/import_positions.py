from orgs.management.importing import ImportCommand
from orgs.models import ImportKind


class Command(ImportCommand):
    help = "Import party positions from a workbook, all rows or none."
    kind = ImportKind.POSITIONS
