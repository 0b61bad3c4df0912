"""一键导出: several reports of several units as one zip, by one job.

Each file is finished on its own in the job's folder, which outlives the worker: an attempt that takes over after a crash
goes on with the files that are missing, and what it writes is the same, since everything is asked for at the job's moment.
"""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common.errors import DomainError
from campaign.common.excel.sheet import file_name, plain_name
from campaign.jobs.registry import JobKind, Outcome, Progress
from campaign.reports.registry import Report, ReportRequest, reports
from campaign.reports.services import FORMATS, extension, report_check, report_file_name, report_write, request_from
from orgs.models import Organization

MOST_FILES = 1000
_LONGEST_FOLDER = 60
BUNDLE_KIND = "reports.bundle"


@dataclass(frozen=True)
class Part:
    """One file of the bundle; `name` is its place in the zip."""

    report: Report
    request: ReportRequest
    name: str


def bundle_parts(user: Any, parameters: Mapping[str, Any], asked_at: Any = None) -> list[Part]:
    """Return the files of a bundle, unit by unit. Raises NotAllowed when one of them may not be exported, DomainError for a
    bundle without files, with too many, or with one that lacks a campaign or period."""
    units, keys = list(parameters.get("organizations") or ()), list(parameters.get("reports") or ())
    if not units or not keys:
        raise DomainError(_("Please choose at least one report and one unit."))
    if len(units) * len(keys) > MOST_FILES:
        raise DomainError(
            _("That would be %(files)d files; a bundle holds at most %(most)d.")
            % {"files": len(units) * len(keys), "most": MOST_FILES}
        )
    if parameters.get("format", "xlsx") not in FORMATS:
        raise DomainError(_("Unknown file format."))
    return list(_parts(user, parameters, units, keys, asked_at))


def _parts(
    user: Any, parameters: Mapping[str, Any], units: list[int], keys: list[str], asked_at: Any
) -> Iterator[Part]:
    shared = {name: parameters.get(name) for name in ("campaign", "period", "year")}
    places = Organization.objects.in_bulk(units)
    format_, taken = parameters.get("format", "xlsx"), set[str]()
    first: dict[str, tuple[Report, ReportRequest]] = {}
    for unit in units:
        for key in keys:
            if key not in first:
                first[key] = request_from(user, {**shared, "report": key, "organization": unit}, asked_at)
            report, request = first[key]
            if unit not in places:
                raise DomainError(_("The report or the organization no longer exists."))
            request = replace(request, organization=places[unit])
            report_check(report, request)
            name = report_file_name(report, request, extension(report, request, format_))
            folder = plain_name(places[unit].display_name)[:_LONGEST_FOLDER]
            if f"{folder}/{name}" in taken:  # two units of one name
                folder = f"{folder}_{unit}"
            taken.add(f"{folder}/{name}")
            yield Part(report, request, f"{folder}/{name}")


def _check(user: Any, parameters: Mapping[str, Any]) -> None:
    bundle_parts(user, parameters)


def _run(progress: Progress) -> Outcome:
    parts = bundle_parts(progress.user, progress.parameters, progress.requested_at)
    format_ = progress.parameters.get("format", "xlsx")
    folder = progress.folder()
    progress.step(_("Writing the files"), total=len(parts))
    files = []
    for number, part in enumerate(parts):
        progress.advance(number)
        ending = part.name.rpartition(".")[2]
        files.append(_written(part, folder / f"{number}.{ending}", format_, progress))
    path = progress.file(".zip")
    _zip(path, [(part.name, file) for part, file in zip(parts, files, strict=True)])
    day = timezone.localtime(progress.requested_at).date()
    message = _("%(files)d files of %(units)d units are ready.") % {
        "files": len(parts),
        "units": len({part.request.organization.pk for part in parts}),
    }
    return Outcome(message=message, file=path, file_name=file_name(_("Reports"), "", "", day, "zip"))


def _written(part: Part, target: Path, format_: str, progress: Progress) -> Path:
    """Write a file unless an earlier attempt has; it gets its name only once it is whole."""
    if not target.exists():
        draft = target.with_name(f"{progress.file('').name}-{target.name}")
        report_write(report=part.report, request=part.request, path=draft, format_=format_)
        draft.replace(target)
    return target


def _zip(path: Path, files: list[tuple[str, Path]]) -> None:
    """Pack the files; the same ones give the same bytes. They are compressed already."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, file in files:
            archive.writestr(zipfile.ZipInfo(name), file.read_bytes())


def _named(parameters: Mapping[str, Any]) -> str:
    names = [str(reports.get(key).label) for key in parameters.get("reports") or () if key in reports]
    return "、".join(names[:3]) + ("…" if len(names) > 3 else "")


BUNDLE_JOB = JobKind(BUNDLE_KIND, gettext_lazy("Export a bundle of reports"), _run, _check, _named)
