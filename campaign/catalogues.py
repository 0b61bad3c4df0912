"""Message catalogues: one per part of the product, read from its Python files and templates, without GNU gettext.

Django's `makemessages` needs the gettext programs, which a fresh machine lacks; Babel reads Python but no Django
templates. Here Babel reads both: templates after Django's own `templatize` has turned them into Python.
"""

import os
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from campaign.common.text import as_printed

LANGUAGE = "zh_Hans"
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
ROOTS = ("campaign", "orgs", "pledges", "reviews", "awards", "templates")
# Parts of the base that are too small for a catalogue of their own.
BASE = {"common", "audit", "jobs", "attachments", "drafts", "lists"}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|(?<!%)%[sd]|\{\w*\}")

Key = tuple[str, str]  # context, source string


class PartCatalog(Catalog):
    """A catalogue whose file changes only when a text does: no dates, no versions."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Project-Id-Version", "campaign-portal"),
            ("Language", LANGUAGE),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=UTF-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"{self.plural_forms}\n"),
        ]


def key_of(message: Message) -> Key:
    return message.context or "", source_of(message)


def source_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def forms_of(message: Message) -> list[str]:
    """Return every form of the translation; an untranslated form is an empty string."""
    string = message.string or ""
    return [string] if isinstance(string, str) else list(string)


def part_of(path: Path) -> str:
    """Return the part that the texts of `path` (relative to the project) belong to."""
    first, second = path.parts[0], path.parts[1]
    if first == "campaign":
        if second in BASE:
            return "common"
        return second if second in settings.CATALOGUES else "campaign"
    owner = second if first == "templates" else first
    return owner if owner in settings.CATALOGUES else "common"


def source_files(base: Path) -> Iterator[Path]:
    """Yield what may hold texts, relative to `base`, in a fixed order."""
    for root in ROOTS:
        for path in sorted((base / root).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and path.is_file() and "migrations" not in path.parts:
                yield path.relative_to(base)


def python_source(path: Path) -> bytes:
    """Return the file as Python: a template becomes a list of gettext calls between blanked-out text."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Indented markup is no indented Python.
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
    return text.encode()


def extracted(base: Path) -> dict[str, PartCatalog]:
    """Return what the sources say now, by part, without translations."""
    catalogues = {part: PartCatalog(locale=LANGUAGE, fuzzy=False) for part in settings.CATALOGUES}
    for path in source_files(base):
        catalogue = catalogues[part_of(path)]
        found = extract("python", BytesIO(python_source(base / path)), keywords=KEYWORDS, comment_tags=["Translators:"])
        for _line, source, comments, context in found:
            if source:
                catalogue.add(source, None, [(path.as_posix(), 0)], auto_comments=comments, context=context)
    return catalogues


def po_path(base: Path, part: str) -> Path:
    return base / "locale" / part / LANGUAGE / "LC_MESSAGES" / "django.po"


def stored(base: Path, part: str) -> Catalog:
    path = po_path(base, part)
    if not path.exists():
        return PartCatalog(locale=LANGUAGE, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def messages_of(catalogue: Iterable[Message]) -> dict[Key, Message]:
    return {key_of(message): message for message in catalogue if message.id}


def update(base: Path, parts: Iterable[str]) -> dict[str, int]:
    """Bring the catalogues of `parts` in line with the sources; return the number of texts still to translate.

    A translation stays; one of the same text in another part is taken over; a text that is gone is kept as a comment.
    """
    known = {part: messages_of(stored(base, part)) for part in settings.CATALOGUES}
    everywhere = {
        key: message for messages in known.values() for key, message in messages.items() if translated(message)
    }
    now = extracted(base)
    left = {}
    for part in parts:
        catalogue, old = now[part], stored(base, part)
        for key, message in messages_of(catalogue).items():
            take_over(message, known[part].get(key) or old_message(old, key) or everywhere.get(key))
        wanted = messages_of(catalogue)
        for key, message in (known[part] | messages_of(old.obsolete.values())).items():
            if key not in wanted and translated(message):
                catalogue.obsolete[catalogue._key_for(message.id, message.context)] = message  # noqa: SLF001
        write_if_changed(po_path(base, part), catalogue)
        left[part] = sum(not translated(message) for message in wanted.values())
    return left


def old_message(old: Catalog, key: Key) -> Message | None:
    """Return a text that was gone and is back."""
    return messages_of(old.obsolete.values()).get(key)


def translated(message: Message) -> bool:
    return all(forms_of(message)) and not message.fuzzy


def take_over(message: Message, old: Message | None) -> None:
    """Give `message` the translation, the remarks and the doubt of `old`; its number of forms stays its own."""
    if old is None:
        return
    text = as_printed(forms_of(old)[0])
    message.string = text if isinstance(message.id, str) else (text,)
    message.user_comments = list(old.user_comments)
    message.flags |= old.flags & {"fuzzy"}


def write_if_changed(path: Path, catalogue: Catalog) -> None:
    buffer = BytesIO()
    catalogue.header_comment = ""
    write_po(buffer, catalogue, width=110, sort_output=True, include_lineno=False)
    content = buffer.getvalue().strip() + b"\n"
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def problems(base: Path) -> list[str]:
    """Return every fault of the catalogues, one line each; none when they are complete and say one thing each."""
    now = extracted(base)
    catalogues = {part: messages_of(stored(base, part)) for part in settings.CATALOGUES}
    found: list[str] = []
    for part, messages in catalogues.items():
        wanted = messages_of(now[part])
        found += [f"{part}: not in the catalogue: {shown(key)}" for key in wanted.keys() - messages.keys()]
        found += [f"{part}: no longer in the sources: {shown(key)}" for key in messages.keys() - wanted.keys()]
        for key, message in messages.items():
            found += [f"{part}: {fault}: {shown(key)}" for fault in faults(message)]
    return sorted(found + contradictions(catalogues))


def shown(key: Key) -> str:
    context, source = key
    return f"{source!r} ({context})" if context else repr(source)


def faults(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "fuzzy"
    elif not translated(message):
        yield "not translated"
    elif any(as_printed(form) != form for form in forms_of(message)):
        yield "half-width punctuation or a blank beside Chinese (--update corrects it)"
    elif any(placeholders(form) != placeholders(fullest(message)) for form in forms_of(message)):
        yield "other placeholders in the translation"


def fullest(message: Message) -> str:
    """Return the source that a single Chinese form stands for: the plural, where there is one."""
    return message.id if isinstance(message.id, str) else message.id[1]


def placeholders(text: str) -> list[str]:
    return sorted(set(PLACEHOLDER.findall(text)))


def contradictions(catalogues: dict[str, dict[Key, Message]]) -> list[str]:
    """Django merges the catalogues, so that of two translations of one text only one would ever show."""
    meanings: dict[Key, dict[str, list[str]]] = {}
    for part, messages in catalogues.items():
        for key, message in messages.items():
            if translated(message):
                meanings.setdefault(key, {}).setdefault(forms_of(message)[0], []).append(part)
    return [
        "different translations of "
        + shown(key)
        + ": "
        + "; ".join(f"{'/'.join(parts)} {text!r}" for text, parts in texts.items())
        + " (use pgettext where they mean different things)"
        for key, texts in meanings.items()
        if len(texts) > 1
    ]


def compile_catalogues(base: Path) -> list[str]:
    """Write the .mo file of every .po file that is newer; return the parts written."""
    written = []
    for part in settings.CATALOGUES:
        po = po_path(base, part)
        mo = po.with_suffix(".mo")
        if po.exists() and (not mo.exists() or mo.stat().st_mtime_ns <= po.stat().st_mtime_ns):
            buffer = BytesIO()
            write_mo(buffer, stored(base, part))
            # Under another name first: a process that starts meanwhile reads the old file or the new one, whole.
            fresh = mo.with_suffix(f".mo.{os.getpid()}")
            fresh.write_bytes(buffer.getvalue())
            fresh.replace(mo)
            written.append(part)
    return written
