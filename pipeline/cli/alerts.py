"""`wireroom alerts`: evaluate the rules now, or show what they would have sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl

app = typer.Typer(help="Evaluate the alert rules now, or show what they would have sent.")


@app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would have been sent; send nothing.")] = False,
    since: Annotated[str, typer.Option("--since", metavar="WHEN", help="With --dry-run: ingested since; 7d.")] = "7d",
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,
) -> None:
    """Evaluate the rules on what came since the last time and send what is due."""
    if context.invoked_subcommand:
        context.default_map = {context.invoked_subcommand: {"config": str(config), "store": store, "archive": archive}}
        return
    from pipeline import flow
    from pipeline.flow.alert import preview
    from pipeline.notify import plain, senders
    from pipeline.query import when

    settings, now = options.load_config(config), datetime.now(UTC)
    start = when(since, "--since", now)
    with options.open_store(store) as opened:
        run = flow.Run(settings, opened, options.open_archive(archive), flow.new_id(now), note=options.warn)
        if dry_run:
            found = 0
            for each in preview(run, start):
                typer.echo(plain(each), nl=False)
                found += 1
            options.warn(f"{found} alerts would have been sent since {start:%Y-%m-%d %H:%M} UTC")
            return
        sent = flow.settle_and_alert(run, senders(settings.destinations))
    options.warn(f"{sent} alerts sent")


@app.command("test")
def send_test(
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", help="Id of a destination in alerts.yaml.")],
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,  # noqa: ARG001 - the three places stand after every command
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,  # noqa: ARG001 - as above
) -> None:
    """Send a made-up alert to one destination."""
    from pipeline.alerts import message
    from pipeline.model import Alert, Article, Mention, Outlet, Retry
    from pipeline.notify import sender

    settings = options.load_config(config)
    known = {each.id: each for each in settings.destinations}
    if destination not in known:
        listed = ", ".join(known) or "none"
        raise options.ConfigError(f"alerts test {destination}: not in {settings.folder}/alerts.yaml (there: {listed}).")
    now = datetime.now(UTC).replace(microsecond=0)
    sentence = "This is a test of a Wireroom destination: اختبار."
    article = Article("test", "https://wireroom.example/test", title="A test alert", published_at=now)
    article = replace(article, outlet=Outlet("wireroom", "Wireroom", "", (), "unknown"))
    mention = Mention("test", "اختبار", sentence, sentence.index("ا"), len(sentence) - 1, "text")
    made_up = Alert(f"test/{now:%Y%m%dT%H%M%SZ}/test", "test", "test", article, mention, (destination,))
    try:
        sender(known[destination])(message(made_up, {"test": "a test"}, now))
    except Retry as fault:
        raise options.StoreError(f"{destination}: {fault.reason}") from fault
    options.warn(f"{destination} accepted a test alert")
