"""The notifier against real mail and web servers on this machine, with pauses of milliseconds."""

import asyncio
import contextlib
import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from http_bench import Answering, Asked, answer, nowhere, saying, serving, silent, until

from twin.clock import Clock
from twin.core.alert import Alert, Severity
from twin.log import Log
from twin.notify.delivery import WAITS, Waits
from twin.notify.notifier import WAITING, Notifier, understood
from twin.notify.outbox import Outbox

OUTAGE = Alert(
    "my-app/web is down",
    "my-app/web has been down since noon.\nWhy: 503 after 0.1 s <twice> & more.",
    Severity.FAILURE,
    "my-app/web",
)
RECOVERY = Alert("my-app/web is up again", "It is up again.", Severity.SUCCESS, "my-app/web")


def outage_of(target: str) -> Alert:
    return replace(OUTAGE, title=f"{target} is down", about=target)


OK = saying(answer(200))


FAST = Waits(answer_s=5.0, letter_s=5.0, pauses_s=(0.01, 0.01, 0.01))
AT_ONCE = Outbox(every_s=0.0, again_s=60.0)


@dataclass
class Bench:
    notifier: Notifier
    output: io.StringIO

    @property
    def lines(self) -> list[str]:
        return self.output.getvalue().splitlines()

    def logged(self, event: str) -> list[str]:
        return [line for line in self.lines if f"event=notify.{event} " in line]

    async def close(self, within_s: float = 5.0) -> None:
        await asyncio.to_thread(self.notifier.close, within_s)


def bench(*urls: str, waits: Waits = FAST, outbox: Outbox = AT_ONCE) -> Bench:
    output = io.StringIO()
    return Bench(Notifier("a", urls, Clock(), Log("a", output), waits, outbox), output)


@dataclass
class Mailbox:
    """The mails a server receives; with a `password`, clients log in."""

    password: bytes | None = None
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _s: object, _n: object, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def allow(self, *args: Any) -> AuthResult:
        return AuthResult(success=args[-1].password == self.password, handled=False)


@contextlib.asynccontextmanager
async def mailbox(
    password: bytes | None = None, box: Mailbox | None = None
) -> AsyncIterator[Mailbox]:
    box = box or Mailbox(password)

    def serve() -> SMTP:
        return SMTP(
            box,
            hostname="localhost",
            authenticator=box.allow if password else None,
            auth_require_tls=False,
        )

    listening = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", 0)
    box.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield box


def as_json(url: str) -> str:
    return url.replace("http://", "json://")


def content(asked: Asked) -> dict[str, Any]:
    received: dict[str, Any] = json.loads(asked.body)
    return received


def test_a_mail_arrives_with_its_subject_and_every_line() -> None:
    async def run() -> None:
        async with mailbox() as box:
            made = bench(f"mailto://127.0.0.1:{box.port}/ops@example.com?from=twin@example.com")
            made.notifier.tell(OUTAGE)
            await made.close()
        (mail,) = box.mails
        assert (mail["Subject"], mail["To"]) == (OUTAGE.title, "ops@example.com")
        plain = mail.get_body(("plain",))
        assert plain is not None
        *lines, signature = plain.get_content().splitlines()
        assert "\n".join(lines) == OUTAGE.body
        assert signature.startswith("Sent by the twin a at ")
        assert made.logged("told")

    asyncio.run(run())


def test_a_refused_mail_password_is_reported_but_not_shown() -> None:
    async def run() -> None:
        async with mailbox(b"right") as box:
            url = f"mailto://us3r:s3cret@127.0.0.1:{box.port}/ops@example.com?from=t@example.com"
            made = bench(url, url.replace("s3cret", "right"))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("delayed") and made.logged("told"))
            await made.close(0)  # this server delays its answer to a wrong password by seconds
        assert len(box.mails) == 1
        assert "535" in made.logged("delayed")[0]
        assert not [part for part in ("us3r", "s3cret", "ops") if part in made.output.getvalue()]

    asyncio.run(run())


@pytest.mark.parametrize("severity", Severity)
def test_a_web_hook_receives_an_alert_with_its_severity(severity: Severity) -> None:
    alert = replace(OUTAGE, severity=severity)

    async def run() -> None:
        async with serving(OK) as server:
            made = bench(as_json(server.url) + "/hook")
            made.notifier.tell(alert)
            await made.close()
        (asked,) = server.asked
        assert asked.line == "POST /hook"
        received = content(asked)
        assert (received["title"], received["type"]) == (alert.title, severity.value)
        assert received["message"].startswith(alert.body)

    asyncio.run(run())


def test_a_refused_letter_is_retried_until_it_is_accepted() -> None:
    refusals = 2

    async def heal(asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal refusals
        refusals -= 1
        await saying(answer(200 if refusals < 0 else 503))(asked, writer)

    async def run() -> None:
        async with serving(heal) as server:
            made = bench(as_json(server.url))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("told"))
        assert len(server.asked) == 3
        assert len(made.logged("delayed")) == 2
        assert "error=503" in made.logged("delayed")[0]
        assert not made.logged("failed")

    asyncio.run(run())


def test_a_letter_fails_after_its_last_retry_and_the_next_is_tried() -> None:
    async def run() -> None:
        made = bench(as_json(await nowhere()))
        made.notifier.tell(OUTAGE)
        await until(lambda: made.logged("failed"))
        made.notifier.tell(RECOVERY)
        await until(lambda: len(made.logged("failed")) == 2)
        assert len(made.logged("delayed")) == 6
        assert "Connection refused" in made.logged("failed")[0]
        assert "up again" in made.logged("failed")[1]

    asyncio.run(run())


# ---- letters sent but not acknowledged


def test_a_slow_service_gets_a_letter_once() -> None:
    """Slower than the 4 s that Apprise waits by default."""

    async def slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(4.5)
        await OK(asked, writer)

    async def run() -> None:
        async with serving(slow) as server:
            made = bench(as_json(server.url), waits=replace(WAITS, pauses_s=(0.01, 0.01)))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("told"), 20)
            assert len(server.asked) == 1
            assert len(made.lines) == 1

    asyncio.run(run())


async def accept_and_hang_up(*_: object) -> None:
    """Close the connection after the letter has arrived."""


IN_DOUBT = Outbox(every_s=0.0, again_s=0.3)


@pytest.mark.parametrize(
    "respond",
    [
        accept_and_hang_up,
        silent,
        *(saying(answer(status)) for status in (302, 303, 502, 504, 520, 524)),
    ],
)
def test_an_unacknowledged_letter_is_repeated_once_and_says_so(respond: Answering) -> None:
    async def run() -> None:
        async with serving(respond) as server:
            url = as_json(server.url) + "?rto=0.1"
            made = bench(url, waits=replace(FAST, answer_s=0.1), outbox=IN_DOUBT)
            made.notifier.tell(OUTAGE)
            await until(lambda: len(made.logged("unknown")) == 2)
            first, again = (content(asked)["message"] for asked in server.asked)
            assert "before" not in first
            assert again.startswith(OUTAGE.body)
            assert "You may have had this before" in again
            await made.close()
        assert [line.split()[1] for line in made.lines] == ["event=notify.unknown"] * 2

    asyncio.run(run())


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_redirect_fails_the_delivery_and_names_the_remedy(status: int) -> None:
    async def run() -> None:
        async with serving(OK) as elsewhere:
            location = f"Location: {elsewhere.url}/n3w"
            async with serving(saying(answer(status, b"", location))) as server:
                made = bench(as_json(server.url))
                made.notifier.tell(OUTAGE)
                await until(lambda: made.logged("failed"))
            assert elsewhere.asked == []
            assert "The address leads elsewhere: write the one" in made.logged("failed")[0]
            assert "n3w" not in made.output.getvalue()

    asyncio.run(run())


def mailto(box: Mailbox, *to: str) -> str:
    return f"mailto://127.0.0.1:{box.port}/{'/'.join(to)}?from=twin@example.com&cto=0.5"


@dataclass
class HangingUp(Mailbox):
    """Accepts each mail, and hangs up before acknowledging it."""

    async def handle_DATA(self, server: Any, _n: object, envelope: Envelope) -> str:  # noqa: N802
        await super().handle_DATA(server, _n, envelope)
        server.transport.close()
        return "250 OK"


@dataclass
class Rejecting(Mailbox):
    """Accepts no mail for `nobody`."""

    async def handle_RCPT(  # noqa: N802
        self, _s: object, _n: object, envelope: Envelope, address: str, _o: object
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def test_a_mail_is_not_resent_at_once_if_the_server_hangs_up_after_it() -> None:
    async def run() -> None:
        async with mailbox(box=HangingUp()) as box:
            made = bench(mailto(box, "ops@example.com"))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("unknown"))
            await made.close()
        assert len(box.mails) == 1
        assert not made.logged("delayed")

    asyncio.run(run())


def test_a_mail_accepted_for_one_of_two_recipients_is_not_resent_at_once() -> None:
    async def run() -> None:
        async with mailbox(box=Rejecting()) as box:
            made = bench(mailto(box, "ops@example.com", "nobody@example.com"))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("unknown"))
            await made.close()
        assert len(box.mails) == 1
        assert "550" in made.logged("unknown")[0]

    asyncio.run(run())


def test_a_refused_mail_is_retried() -> None:
    async def run() -> None:
        async with mailbox(box=Rejecting()) as box:
            made = bench(mailto(box, "nobody@example.com"))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("failed"))
        assert len(made.logged("delayed")) == 3

    asyncio.run(run())


def test_an_unknown_host_name_is_retried() -> None:
    async def run() -> None:
        made = bench("json://no-such-host.invalid", "mailto://no-such-host.invalid/a@b.example")
        made.notifier.tell(OUTAGE)
        await until(lambda: len(made.logged("failed")) == 2, 20)
        assert not made.logged("unknown")

    asyncio.run(run())


# ---- one letter a minute


def test_alerts_within_a_minute_of_a_letter_share_the_next_one() -> None:
    async def run() -> None:
        async with serving(OK) as server:
            made = bench(as_json(server.url), outbox=Outbox(every_s=0.5))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("told"))
            for number in range(12):
                made.notifier.tell(outage_of(f"app-{number}"))
            await until(lambda: len(made.logged("told")) == 2)
            first, then = (content(asked) for asked in server.asked)
            assert first["title"] == OUTAGE.title
            assert then["title"].endswith(" is down, and 11 more")
            assert then["message"].startswith("12 alerts:\n- ")

    asyncio.run(run())


# ---- several URLs, and time limits


def test_a_hanging_url_delays_neither_the_caller_nor_other_urls() -> None:
    async def run() -> None:
        async with serving(silent) as hangs, serving(OK) as good:
            made = bench(as_json(hangs.url), as_json(good.url))
            began = Clock().now().mono
            made.notifier.tell(OUTAGE)
            assert Clock().now().mono - began < 0.5
            await until(lambda: made.logged("told"))
            made.notifier.tell(RECOVERY)
            await until(lambda: len(made.logged("told")) == 2)
            assert [content(asked)["title"] for asked in good.asked] == [
                OUTAGE.title,
                RECOVERY.title,
            ]
            await until(lambda: len(hangs.asked) == 1)

    asyncio.run(run())


def drip(until_answered: threading.Event) -> Answering:
    """Answer line by line, so slowly that only a limit for the whole answer is exceeded."""

    async def serve(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not until_answered.is_set():
            writer.write(b"X-Drip: x\r\n")
            await writer.drain()
            await asyncio.sleep(0.1)
        writer.write(b"Content-Length: 0\r\n\r\n")
        await writer.drain()

    return serve


def test_a_dripping_answer_times_out_and_its_letter_is_sent_once() -> None:
    answered = threading.Event()

    async def run() -> None:
        async with serving(drip(answered)) as server:
            limited = replace(FAST, letter_s=0.1)
            made = bench(as_json(server.url), waits=limited, outbox=Outbox(again_s=0.3, every_s=0))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("unknown"))
            assert "no answer in 0.1 s" in made.logged("unknown")[0]
            answered.set()
            await until(lambda: made.logged("told"))
            assert len(server.asked) == 1

    asyncio.run(run())


def test_alerts_wait_until_a_hanging_delivery_ends() -> None:
    answered = threading.Event()

    async def run() -> None:
        async with serving(drip(answered)) as server:
            made = bench(as_json(server.url), waits=replace(FAST, letter_s=0.2))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("unknown"))
            made.notifier.tell(RECOVERY)
            await until(lambda: made.logged("delayed") or made.logged("failed"))
            assert "an earlier letter is still on its way" in made.lines[-1]
            answered.set()
            made.notifier.tell(outage_of("other"))
            await until(lambda: "other is down" in str(server.asked[-1].body))
            titles = [content(asked)["title"] for asked in server.asked]
            assert titles.count(OUTAGE.title) == 1

    asyncio.run(run())


def test_a_full_queue_drops_its_oldest_alerts() -> None:
    async def run() -> None:
        async with serving(silent) as server:
            made = bench(as_json(server.url))
            made.notifier.tell(OUTAGE)
            await until(lambda: server.asked)
            for number in range(WAITING + 2):
                made.notifier.tell(outage_of(f"app-{number}"))
            dropped = [line.split("alert=")[1][:6] for line in made.logged("dropped")]
            assert dropped == ['"app-0', '"app-1']

    asyncio.run(run())


def test_closing_delivers_waiting_alerts_at_once_in_one_letter() -> None:
    async def slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        await OK(asked, writer)

    async def run() -> None:
        async with serving(slow) as server:
            made = bench(as_json(server.url), outbox=Outbox())
            made.notifier.tell(OUTAGE)
            await until(lambda: server.asked)
            made.notifier.tell(RECOVERY)
            made.notifier.tell(outage_of("other"))
            await until(lambda: made.logged("told"))
            await made.close()
            titles = [content(asked)["title"] for asked in server.asked]
            assert titles == [OUTAGE.title, "other is down, and 1 more"]
            assert len(made.logged("told")) == 2
            made.notifier.tell(RECOVERY)
            assert len(made.logged("dropped")) == 1

    asyncio.run(run())


def test_a_twin_that_ends_sends_waiting_alerts_at_once() -> None:
    async def run() -> None:
        async with serving(OK) as server:
            made = bench(as_json(server.url), outbox=Outbox())
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("told"))
            made.notifier.tell(RECOVERY)
            made.notifier.hurry()
            await until(lambda: len(made.logged("told")) == 2)
            made.notifier.tell(OUTAGE)  # from a job that ends meanwhile
            await until(lambda: len(made.logged("told")) == 3)
            await made.close()
            assert not made.logged("dropped")

    asyncio.run(run())


@pytest.mark.parametrize(("last_status", "event"), [(200, "told"), (503, "failed")])
def test_closing_cuts_a_pause_short_for_a_last_try(last_status: int, event: str) -> None:
    status = 503

    async def serve(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await saying(answer(status))(asked, writer)

    async def run() -> None:
        nonlocal status
        async with serving(serve) as server:
            made = bench(as_json(server.url), waits=replace(FAST, pauses_s=(60.0, 60.0)))
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("delayed"))
            status = last_status
            await made.close()
            assert made.logged(event)
            assert len(server.asked) == 2

    asyncio.run(run())


def test_closing_stops_at_its_limit_and_logs_dropped_alerts() -> None:
    async def run() -> None:
        async with serving(silent) as one, serving(silent) as two:
            made = bench(as_json(one.url), as_json(two.url))
            made.notifier.tell(OUTAGE)
            await until(lambda: one.asked and two.asked)
            made.notifier.tell(RECOVERY)
            async with asyncio.timeout(3):
                await made.close(0.1)
            assert len(made.logged("dropped")) == 4

    asyncio.run(run())


def test_closing_an_unused_notifier_logs_nothing() -> None:
    made = bench("json://127.0.0.1")
    made.notifier.close(5)
    assert made.lines == []


BROKEN = "slack://s3cret-token-that-is-none"


def test_a_broken_url_is_logged_by_position_and_scheme_only(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def run() -> None:
        made = bench("json://127.0.0.1", BROKEN)
        made.notifier._channels[1].tell(OUTAGE)
        await made.close()
        assert [line.split("alert=")[0] for line in made.lines] == [
            'at=error event=notify.failed twin=a url="2 (slack)" '
        ]
        assert "s3cret" not in made.output.getvalue() + "".join(capfd.readouterr())

    asyncio.run(run())


@pytest.mark.parametrize("name", ["notify", "notify once"])
def test_an_alert_waits_if_a_thread_cannot_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, refused = threading.Thread.start, list[str]()

    def start(thread: threading.Thread) -> None:
        if thread.name == name and not refused:
            refused.append(name)
            raise RuntimeError("can't start new thread")
        begin(thread)

    async def run() -> None:
        async with serving(OK) as server:
            made = bench(as_json(server.url))
            monkeypatch.setattr(threading.Thread, "start", start)
            made.notifier.tell(OUTAGE)
            await until(lambda: made.logged("delayed"))
            made.notifier.tell(RECOVERY)
            await made.close()
            sent = "".join(str(content(asked)) for asked in server.asked)
            assert OUTAGE.line.split(" Why")[0] in sent
            assert RECOVERY.line.split(" Why")[0] in sent
            assert "can't start new thread" in made.logged("delayed")[0]

    asyncio.run(run())


def test_an_alert_is_logged_as_dropped_if_no_thread_ever_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    made = bench("json://127.0.0.1:9")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        made.notifier.tell(OUTAGE)
    made.notifier.close(1.0)
    assert made.logged("dropped")


def test_the_check_tells_valid_urls_from_invalid_and_sends_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def run() -> None:
        async with serving(OK) as server:
            urls = [as_json(server.url), BROKEN, "n0where://x", "s3cret"]
            assert await asyncio.to_thread(lambda: list(understood(urls))) == [
                ("1 (json)", True),
                ("2 (slack)", False),
                ("3 (n0where)", False),
                ("4 (no scheme)", False),
            ]
            assert server.asked == []
        assert "s3cret" not in "".join(capfd.readouterr())

    asyncio.run(run())


@pytest.fixture
def libraries() -> Iterator[io.StringIO]:
    """The log of every library, at level DEBUG."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("respond", [lambda: saying(answer(401, b"/H00k/t0ken%21")), nowhere])
def test_a_failure_hides_every_part_of_the_url(
    respond: Callable[[], Any], libraries: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:

    async def run() -> None:
        if respond is nowhere:
            made = bench(hidden(await nowhere()))
            await tell(made)
            return
        async with serving(respond()) as server:
            made = bench(hidden(server.url))
            await tell(made)

    def hidden(url: str) -> str:
        return as_json(url).replace("//", "//us3r:p%40ssw0rd@") + "/H00k/t0ken!?+x-key=v4lue"

    async def tell(made: Bench) -> None:
        made.notifier.tell(OUTAGE)
        await until(lambda: made.logged("failed"))
        shown = (
            made.output.getvalue() + libraries.getvalue() + "".join(capfd.readouterr())
        ).lower()
        assert "json" in shown
        for secret in ("us3r", "p%40ssw0rd", "p@ssw0rd", "h00k", "t0ken", "v4lue"):
            assert secret not in shown

    asyncio.run(run())


def test_a_notifier_without_alerts_does_not_import_apprise() -> None:
    code = (
        "import sys; from twin.notify.notifier import Notifier; from twin.clock import Clock; "
        "from twin.log import Log; Notifier('a', ['json://x'], Clock(), Log('a')); "
        "sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


_SERVING = """
import sys
from twin.notify.delivery import WAITS, service_of
from twin.process.complaints import complain_to
from twin.log import Log

complain_to(Log("a"))
assert service_of(sys.argv[1], WAITS) is None
"""


@pytest.mark.parametrize("url", ["tgram://s3cret/x", "sns://s3cret/b/c/d", "twilio://s3cret:x@y/z"])
def test_apprise_logs_nothing_about_a_url_it_refuses(url: str) -> None:
    command = [sys.executable, "-c", _SERVING, url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")
