"""The workspace on its way into Kibana, against a server that records what it is asked: no Kibana runs here."""

from __future__ import annotations

import json
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from threading import Thread

import pytest

from pipeline import config, gazetteer, workspace
from pipeline.cli.setup import setup_kibana
from pipeline.kibana import Credentials, import_workspace, workspace_file
from pipeline.model import ConfigError, StoreError
from tests.elastic_server import CERTIFICATE, KEY
from tests.house import ROOT
from tests.local_server import LocalServer, Raw, Reply, Request, Route

IMPORT = "/api/saved_objects/_import"
FILE = b'{"id":"wireroom-articles","type":"index-pattern"}\n'
SECRET = "c2VjcmV0OmtleQ=="  # noqa: S105 - what no message may show
TAKEN = {"success": True, "successCount": 36, "successResults": [], "warnings": []}


def told(answer: object, status: int = 200) -> Reply:
    """An answer in JSON."""
    return Reply(json.dumps(answer).encode(), status, {"content-type": "application/json; charset=utf-8"})


def problem(status: int, message: str = "A message.") -> Reply:
    """An error as Kibana answers it."""
    return told({"statusCode": status, "error": "Title", "message": message}, status)


def refusal(type_: str, id_: str, **error: object) -> Reply:
    """The answer to an import of which one object was refused."""
    errors = [{"type": type_, "id": id_, "meta": {"title": "Title"}, "error": error}]
    return told({"success": False, "successCount": 35, "errors": errors})


@pytest.fixture
def taking() -> Iterator[LocalServer]:
    """A server that takes everything, in the default space and in another."""
    with LocalServer({IMPORT: told(TAKEN), f"/s/desk{IMPORT}": told(TAKEN)}) as server:
        yield server


def part(request: Request) -> Message:
    """The one part of a request that sends a form."""
    head = f"Content-Type: {request.header('content-type')}\r\n\r\n".encode()
    parts = BytesParser().parsebytes(head + request.body).get_payload()
    assert isinstance(parts, list)
    (only,) = parts
    assert isinstance(only, Message)
    return only


def complaint(route: Route, credentials: Credentials = SECRET) -> str:
    """What a person is told of an answer; it never shows a secret."""
    with LocalServer({"*": route}) as server, pytest.raises((ConfigError, StoreError)) as raised:
        import_workspace(FILE, server.url("/"), credentials)
    return sentence(raised.value).replace(f":{server.port}", ":PORT")


def sentence(error: BaseException) -> str:
    """The message, which is one sentence and holds no secret, nor do those before it."""
    message = str(error)
    assert message.endswith(".")
    assert "\n" not in message
    shown: BaseException | None = error
    while shown and not shown.__suppress_context__:
        shown = shown.__context__
        assert SECRET not in str(shown)
    assert SECRET not in message
    return message


# What is asked


def test_the_file_is_sent_whole_and_counted(taking: LocalServer) -> None:
    assert import_workspace(FILE, taking.url("")) == 36

    (request,) = taking.requests
    assert request.target == f"{IMPORT}?overwrite=true"
    assert request.header("kbn-xsrf") == "true"
    assert part(request).get_param("name", header="content-disposition") == "file"
    assert part(request).get_filename() == "wireroom.ndjson"
    assert part(request).get_payload(decode=True) == FILE


def test_importing_again_asks_the_same(taking: LocalServer) -> None:
    for _ in range(2):
        import_workspace(workspace.ndjson(()), taking.url(""))

    first, second = taking.requests
    assert first.target == second.target
    assert part(first).get_payload() == part(second).get_payload()
    assert part(first).items() == part(second).items()


@pytest.mark.parametrize("end", ["", "/"])
def test_a_space_in_the_address_is_kept(taking: LocalServer, end: str) -> None:
    import_workspace(FILE, taking.url(f"/s/desk{end}"))

    assert taking.targets == [f"/s/desk{IMPORT}?overwrite=true"]


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (None, None),
        (SECRET, f"ApiKey {SECRET}"),
        (("elastic", "پاس:word"), f"Basic {b64encode('elastic:پاس:word'.encode()).decode()}"),
    ],
    ids=["nobody", "key", "user"],
)
def test_credentials_go_along(taking: LocalServer, credentials: Credentials, header: str | None) -> None:
    import_workspace(FILE, taking.url(""), credentials)

    assert taking.requests[0].header("authorization") == header


def test_the_environment_leads_to_no_proxy(taking: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert import_workspace(FILE, taking.url("")) == 36


# Which file


def test_the_file_of_the_configuration_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "kibana").mkdir()
    (tmp_path / "kibana" / "wireroom.ndjson").write_bytes(FILE)

    assert workspace_file(tmp_path, ()) == FILE


def test_a_folder_without_one_gets_the_built_one(tmp_path: Path) -> None:
    regions = config.load(ROOT / "config", {}, gazetteer=gazetteer.places()).regions

    assert workspace_file(tmp_path, regions) == workspace.ndjson(regions) == workspace_file(ROOT / "config", ())


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "kibana" / "wireroom.ndjson").mkdir(parents=True)

    with pytest.raises(ConfigError, match=r"wireroom\.ndjson: cannot be read: Is a directory"):
        workspace_file(tmp_path, ())


def test_setup_says_that_an_import_puts_back_what_people_changed(
    taking: LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WIREROOM_ES_API_KEY", SECRET)
    shipped = config.load(ROOT / "config", {}, gazetteer=gazetteer.places())

    setup_kibana("elasticsearch+http://127.0.0.1:9200", taking.url(""), shipped)

    (request,) = taking.requests
    assert request.header("authorization") == f"ApiKey {SECRET}"
    assert part(request).get_payload(decode=True) == workspace.ndjson(shipped.regions)
    told = "36 objects imported, as shipped; save what you change there under another name"
    assert capsys.readouterr().out == f"kibana   {taking.url('')}: {told}\n"


# What a person did wrong


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "does not take these credentials; give WIREROOM_ES_API_KEY"),
        (403, "they need the privilege Saved Objects Management: All in that space"),
        (404, "has no import at that address; give it as a browser shows it"),
        (413, "refuses the import \\(413\\): A message"),
    ],
)
def test_a_refused_import_says_what_to_do(status: int, remedy: str) -> None:
    assert re.fullmatch(rf"Kibana at http://127.0.0.1:PORT: .*{remedy}.*\.", complaint(problem(status)))


@pytest.mark.parametrize(
    "answer",
    [
        problem(
            422, 'Document "wireroom-desk" belongs to a more recent version of Kibana [10.2.0] when the last known'
        ),
        refusal("dashboard", "wireroom-desk", type="unknown", message="... a more recent version of Kibana [10.2.0]"),
    ],
    ids=["whole", "one object"],
)
def test_an_older_kibana_is_called_older(answer: Reply) -> None:
    assert complaint(answer) == (
        "Kibana at http://127.0.0.1:PORT: older than this workspace; Wireroom needs Kibana 8.19 or newer."
    )


@pytest.mark.parametrize(
    ("answer", "other"),
    [
        (told({"error": {"type": "security_exception"}, "status": 401}, 401), "Elasticsearch does"),
        (told({"error": "no handler found for uri", "status": 400}, 400), "Elasticsearch does"),
        (Reply(b"<html>Welcome</html>"), "something else does"),
        (Reply(b"Not Found", 404), "something else does"),
        (told(["success"]), "something else does"),
        (told({"success": "perhaps", "successCount": {}}), "something else does"),
        (Reply(b"\xff\xfe", 200), "something else does"),
        (Reply(b"", 204), "something else does"),
    ],
)
def test_what_is_not_kibana_is_said_to_be_none(answer: Reply, other: str) -> None:
    assert complaint(answer).startswith(f"WIREROOM_KIBANA_URL http://127.0.0.1:PORT: no Kibana answers there, {other}")


def test_an_address_that_leads_on_is_not_followed() -> None:
    answer = Reply(b"", 302, {"location": f"https://login.example/start?token={SECRET}"})

    assert "leads on to https://login.example/start; give" in complaint(answer)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:5601",
        "ftp://kibana.example",
        "http://",
        "http://kibana.example:port",
        "http://k.example/?a=b",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_told_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ConfigError, match=r"WIREROOM_KIBANA_URL.*expected http://HOST:5601 or https://HOST"):
        import_workspace(FILE, url)


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_password_in_an_address_is_refused_and_not_shown(scheme: str) -> None:
    with pytest.raises(ConfigError) as raised:
        import_workspace(FILE, f"{scheme}elastic:{SECRET}@kibana.example:5601")

    assert "do not belong into an address" in sentence(raised.value)


@pytest.mark.parametrize("credentials", [f"{SECRET}\n", f"{SECRET}\0"])
def test_a_key_that_cannot_be_sent_is_not_shown(taking: LocalServer, credentials: str) -> None:
    with pytest.raises(ConfigError, match="cannot be sent") as raised:
        import_workspace(FILE, taking.url(""), credentials)

    sentence(raised.value)
    assert taking.requests == []


# What the world did


def test_a_refused_object_is_a_failure_although_kibana_says_200() -> None:
    answer = refusal("lens", "wireroom-lens-lag", type="missing_references", references=[{"id": "x", "type": "y"}])

    assert complaint(answer) == (
        "Kibana at http://127.0.0.1:PORT: took 35 objects and refused 1; the first is the lens wireroom-lens-lag:"
        " missing_references."
    )


def test_a_strangers_message_is_told_on_one_line_and_not_at_length() -> None:
    answer = refusal("lens", "x", type="unknown", message="a\x1b[31m\r\nb " + "c" * 5_000)

    assert re.search(r"the lens x: a \[31m b c{290,}\.$", complaint(answer))
    assert len(complaint(answer)) < 500


def test_a_failure_without_a_reason_is_one_all_the_same() -> None:
    assert complaint(told({"success": False, "successCount": 0})).endswith("the object unknown: no reason given.")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_kibana_that_is_starting_is_asked_again_later(status: int) -> None:
    answer = Reply(b"Kibana server is not ready yet", status)

    assert complaint(answer).endswith(f"not ready, or in trouble ({status}); try again in a minute.")


def test_a_kibana_that_is_away_is_said_to_be() -> None:
    with LocalServer({}) as server:
        url = server.url("")

    with pytest.raises(StoreError, match=r"cannot be reached \(.*refused.*\); start it, or give another"):
        import_workspace(FILE, url)


def test_a_kibana_that_hangs_is_not_waited_for_without_end() -> None:
    def silence(_: Request) -> Reply:
        server.closing.wait()
        return Reply()

    with LocalServer({"*": silence}) as server:
        with pytest.raises(StoreError, match=r"no answer in time \(.*timed out\); try again in a minute"):
            import_workspace(FILE, server.url(""), seconds=0.05)
        server.closing.set()


def test_a_connection_that_breaks_is_told_as_one() -> None:
    assert "cannot be reached (" in complaint(Raw([b"HTTP/1.1 200 OK\r\n"], reset=True))


# What the wire speaks


def test_an_answer_that_is_no_http_hints_at_https() -> None:
    assert complaint(Raw([b"\x15\x03\x03\x00\x02\x02\x46"])).endswith(
        "no HTTP is spoken there; try https:// in WIREROOM_KIBANA_URL."
    )


def test_plain_http_behind_https_hints_at_http() -> None:
    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)  # no line of HTTP, but the beginning of TLS
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = Thread(target=answer, args=(listener,))
        answering.start()
        with pytest.raises(ConfigError, match="no TLS is spoken there; try http:// in WIREROOM_KIBANA_URL"):
            import_workspace(FILE, f"https://127.0.0.1:{listener.getsockname()[1]}")
        answering.join()


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[LocalServer, str]]:
    """A server behind TLS, and the file of the certificate that vouches for it."""
    (tmp_path / "tls.crt").write_text(CERTIFICATE)
    (tmp_path / "tls.key").write_text(KEY)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    with LocalServer({IMPORT: told(TAKEN)}, tls=context) as server:
        yield server, str(tmp_path / "tls.crt")


def test_a_certificate_of_an_authority_that_we_were_told_of_is_trusted(secured: tuple[LocalServer, str]) -> None:
    server, authority = secured

    assert import_workspace(FILE, server.url(""), SECRET, authority) == 36


def test_a_certificate_that_nobody_vouches_for_is_not(secured: tuple[LocalServer, str]) -> None:
    with pytest.raises(ConfigError, match="its certificate is not trusted; name its CA in WIREROOM_ES_CA"):
        import_workspace(FILE, secured[0].url(""), SECRET)

    assert secured[0].requests == []


@pytest.mark.parametrize("held", [None, "no certificate"])
def test_a_file_of_certificates_has_to_hold_some(tmp_path: Path, held: str | None) -> None:
    authority = tmp_path / "ca.crt"
    if held:
        authority.write_text(held)

    with pytest.raises(ConfigError, match=r"WIREROOM_ES_CA .*ca\.crt: not a readable file of certificates"):
        import_workspace(FILE, "https://kibana.example", ca=str(authority))
