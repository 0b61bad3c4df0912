"""Typed reading of environment variables, and the keys that are made once and kept in DATA_DIR."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


class WrongSetting(ValueError):
    """A variable holds something that its type does not allow; the text names it."""


def load_dotenv(path: Path) -> None:
    """Take `NAME=value` lines of `path` into the environment where a name is not set yet."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and name and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_bool(name: str, default: bool = False) -> bool:
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.lower() in TRUE:
        return True
    if raw.lower() in FALSE:
        return False
    raise WrongSetting(f"{name} must be one of 1/0/true/false, not {raw!r}")


def env_int(name: str, default: int) -> int:
    raw = os.environ.get(name)
    if raw is None or raw == "":
        return default
    try:
        return int(raw)
    except ValueError:
        raise WrongSetting(f"{name} must be a whole number, not {raw!r}") from None


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def kept_key(data_dir: Path, name: str) -> str:
    """Return the key `name` of this installation: from the environment, else from a file made at first use.

    The file is written under another name and linked into place, so that processes starting together agree on one key.
    """
    if from_environment := os.environ.get(name.upper()):
        return from_environment
    path = data_dir / "keys" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f".{name}.{secrets.token_hex(8)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()


@dataclass(frozen=True)
class EmailServer:
    """A mail server as an address names it."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    backend: str = "django.core.mail.backends.smtp.EmailBackend"

    @property
    def sender(self) -> str:
        """The sender when nothing else is said: the user where that is an address."""
        return self.user if "@" in self.user else f"noreply@{self.host or 'localhost'}"


def email_server(url: str) -> EmailServer:
    """Read `smtp://user:password@host:port` (plain, 25), `smtp+tls://` (STARTTLS, 587) or `smtps://` (TLS, 465); user and
    password percent-encoded; empty: none. Raises WrongSetting."""
    if not url:
        return EmailServer()
    parts, ports = urlsplit(url), {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname:
        raise WrongSetting("EMAIL_URL must look like smtp://, smtp+tls:// or smtps://user:password@host:port")
    return EmailServer(
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+tls",
        tls=parts.scheme == "smtps",
    )
