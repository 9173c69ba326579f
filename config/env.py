"""`make env`: the secrets of docker-compose.yml, made into .env of this folder, and var. What has a value keeps it."""  # noqa: INP001 - a script

from __future__ import annotations

import base64
import os
import secrets
import string
import sys
from pathlib import Path

LETTERS = string.ascii_letters + string.digits  # they pass through a shell and JSON as they are
GENERATED = {
    "ELASTIC_PASSWORD": 32,
    "KIBANA_PASSWORD": 32,
    "KIBANA_ENCRYPTION_KEY": 64,  # Kibana demands at least 32
    "KIBANA_SESSION_KEY": 64,
    "AIRFLOW_PASSWORD": 32,
    "AIRFLOW_DB_PASSWORD": 32,
    "AIRFLOW_API_SECRET": 64,
    "AIRFLOW_JWT_SECRET": 64,  # tokens are signed with HS512, whose key has as many bytes as its hash (RFC 7518, 3.2)
    "REDIS_PASSWORD": 64,  # it answers a million guesses a second
}
"""Name and length of each."""
FERNET = "AIRFLOW_FERNET_KEY"  # what Airflow encrypts connections with
FERNET_BYTES = 32
OWNER = "WIREROOM_USER"
SOMEBODY = (1000, 1000)  # whom the containers run as where root makes .env: nothing of ours runs as root
WRITTEN = (Path("var"), Path("var/airflow"))
LATER = "WIREROOM_ES_API_KEY"  # what `docker compose run --rm setup` prints for the worker goes here


def owner() -> tuple[int, int]:
    """User and group of who runs this, or somebody in place of root."""
    return (os.getuid(), os.getgid()) if os.getuid() else SOMEBODY


def filled(text: str) -> str:
    """The text of the file with every secret in it, and who the containers run as."""
    lines = text.splitlines()
    held = {name: value for name, _, value in (line.partition("=") for line in lines) if value.strip()}
    made = {name: "".join(secrets.choice(LETTERS) for _ in range(length)) for name, length in GENERATED.items()}
    made[FERNET] = base64.urlsafe_b64encode(secrets.token_bytes(FERNET_BYTES)).decode()
    made[OWNER] = ":".join(map(str, owner()))
    missing = [f"{name}={value}" for name, value in made.items() if name not in held]
    empty = {f"{name}=" for name in made if name not in held}
    kept = [line for line in lines if line.strip() not in empty]
    later = [] if any(line.startswith(f"{LATER}=") for line in lines) else [f"{LATER}="]
    return "".join(f"{line}\n" for line in kept + missing + later)


def main() -> None:
    """Write what is missing, in one step, for this user's eyes only."""
    path, fresh = Path(".env"), Path(".env.new")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if filled(text) != text:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
            written.write(filled(text))
        fresh.replace(path)
    path.chmod(0o600)
    for folder in WRITTEN:
        if not folder.exists():  # or Docker would make it, for root
            folder.mkdir()
            os.chown(folder, *owner())
    sys.stdout.write(f"{path.absolute()} holds the secrets of docker-compose.yml; keep it, and never commit it\n")


if __name__ == "__main__":
    main()
