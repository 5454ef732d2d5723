"""The sender of webhooks, with its database and a receiver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evolvisense.service.queue.database import open_database
from evolvisense.service.queue.deliveries import Deliveries, Delivery
from evolvisense.service.queue.store import JobStore
from evolvisense.service.webhooks import sender
from evolvisense.service.webhooks.sender import WebhookSender
from evolvisense.service.webhooks.signing import owner_secret, sign
from evolvisense.types.job import NewJob
from tests.service.http.receiving import HERE, Receiver, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLDER = "whsec_" + "b2xk" * 8


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


class Clock:
    def __init__(self) -> None:
        self.now = 1_772_452_800.0

    def __call__(self) -> float:
        return self.now


class Workplace:
    """A database with ended jobs, and a sender that runs for a block."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.engine = open_database(f"sqlite:///{folder / 'queue.db'}")
        self.store = JobStore(self.engine, self.clock)
        self.deliveries = Deliveries(self.engine)
        self.endings: list[sender.Ending] = []
        self.secrets = [SECRET]
        self.passed = 0

    def end_job(self, job_id: str, url: str, owner: str = "") -> None:
        new = NewJob(job_id, {}, 1, "ab" * 32, webhook=url, owner=owner)
        self.store.submit([new])
        self.store.cancel(job_id)

    def delivery(self, job_id: str) -> Delivery:
        (found,) = self.deliveries.of_job(job_id)
        return found

    def pass_time_once_postponed(self) -> None:
        if len(self.endings) > self.passed:
            self.passed += 1
            self.clock.now += 1000

    def run(
        self,
        done: Callable[[], bool],
        *,
        deliveries: Deliveries | None = None,
        step: Callable[[], None] = lambda: None,
    ) -> None:
        """Run a sender until something is true; `step` is called again and again meanwhile."""

        async def block() -> None:
            stop = asyncio.Event()
            running = WebhookSender(
                deliveries or self.deliveries,
                self.store.get,
                self.secrets,
                HERE,
                allow_private=True,
                now=self.clock,
                on_ending=self.endings.append,
            )
            task = asyncio.create_task(running.run(stop))
            try:
                async with asyncio.timeout(60):
                    while not done():
                        assert not task.done()
                        step()
                        running._wake.set()  # or it looks every two seconds
                        await asyncio.sleep(0.01)
            finally:
                stop.set()
                await task

        asyncio.run(block())


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    made = Workplace(tmp_path)
    yield made
    made.engine.dispose()


def test_the_end_of_a_job_is_delivered_once_with_a_signature(
    workplace: Workplace, receiver: Receiver
) -> None:
    workplace.secrets = [SECRET, OLDER]
    workplace.end_job("j1", f"{receiver.url}/hook?token=t1", owner="k1")
    workplace.run(lambda: bool(workplace.endings))
    workplace.clock.now += 100_000
    workplace.run(lambda: len(receiver.got) > 0)
    assert workplace.endings == ["delivered"]
    assert workplace.delivery("j1").state == "delivered"
    ((path, headers, body),) = receiver.got
    assert path == "/hook?token=t1"
    assert body == (
        b'{"type":"analysis.canceled","timestamp":"2026-03-02T12:00:00.000Z",'
        b'"data":{"id":"j1","state":"canceled"}}'
    )
    assert headers["webhook-timestamp"] == "1772452800"
    assert headers["webhook-signature"].split(" ") == [
        sign(headers["webhook-id"], 1772452800, body, owner_secret(secret, "k1"))
        for secret in (SECRET, OLDER)
    ]


def test_a_failed_delivery_is_tried_eight_times_later_and_later_with_one_id(
    workplace: Workplace, receiver: Receiver
) -> None:
    receiver.answers = [(500, {})] * 20
    workplace.end_job("j1", receiver.url)
    waits: list[float] = []
    for tries in range(1, 9):
        workplace.run(lambda tries=tries: len(workplace.endings) == tries)
        waits.append(workplace.delivery("j1").next_try_s - workplace.clock.now)
        workplace.clock.now += waits[-1]
    assert workplace.endings == ["postponed"] * 7 + ["abandoned"]
    for wait_s, least_s in zip(waits[:7], sender.BACKOFF_S, strict=True):
        assert least_s <= wait_s <= 1.1 * least_s
    assert (sender.BACKOFF_S[0], sender.BACKOFF_S[-1]) == (5, 24 * 3600)
    assert workplace.delivery("j1").state == "abandoned"
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    times = [int(headers["webhook-timestamp"]) for _, headers, _ in receiver.got]
    assert times == sorted(set(times))
    assert len({body for _, _, body in receiver.got}) == 1


def test_a_receiver_that_is_gone_is_not_asked_again(
    workplace: Workplace, receiver: Receiver
) -> None:
    receiver.answers = [(410, {})]
    workplace.end_job("j1", receiver.url)
    workplace.run(lambda: bool(workplace.endings))
    assert workplace.endings == ["abandoned"]
    assert workplace.delivery("j1").state == "abandoned"


def test_a_receiver_may_ask_for_a_longer_wait(workplace: Workplace, receiver: Receiver) -> None:
    receiver.answers = [(429, {"Retry-After": "3600"})]
    workplace.end_job("j1", receiver.url)
    workplace.run(lambda: bool(workplace.endings))
    assert workplace.delivery("j1").next_try_s == workplace.clock.now + 3600


def test_a_receiver_that_comes_back_gets_it(workplace: Workplace, receiver: Receiver) -> None:
    receiver.answers = [(503, {}), (302, {"Location": "/x"}), (200, {})]
    workplace.end_job("j1", receiver.url)

    workplace.run(lambda: "delivered" in workplace.endings, step=workplace.pass_time_once_postponed)
    assert workplace.endings == ["postponed", "postponed", "delivered"]


def test_a_slow_receiver_holds_nobody_up(workplace: Workplace, receiver: Receiver) -> None:
    receiver.hold.clear()
    workplace.end_job("slow", f"{receiver.url}/slow")
    for i in range(40):
        workplace.end_job(f"j{i}", f"{receiver.url}/{i}")
    states: list[str] = []

    def forty_delivered() -> bool:
        if len(workplace.endings) < 40:
            return False
        states.append(workplace.delivery("slow").state)
        receiver.hold.set()
        return len(workplace.endings) == 41

    workplace.run(forty_delivered)
    assert states[0] == "pending"
    assert workplace.delivery("slow").state == "delivered"


def test_a_sender_that_stops_in_the_middle_leaves_the_delivery_for_the_next(
    workplace: Workplace, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "GRACE_S", 0.01)
    receiver.hold.clear()
    workplace.end_job("j1", f"{receiver.url}/slow")
    workplace.run(lambda: bool(receiver.got))
    assert workplace.delivery("j1").state == "pending"
    receiver.hold.set()
    workplace.clock.now += 61
    workplace.run(lambda: bool(workplace.endings))
    assert (workplace.endings, workplace.delivery("j1").attempts) == (["delivered"], 2)


def test_a_delivery_whose_tries_are_always_cut_off_ends(workplace: Workplace) -> None:
    workplace.end_job("j1", "http://127.0.0.1:1024/")
    for _ in range(8):
        assert workplace.deliveries.due(workplace.clock.now)
        workplace.clock.now += 61
    workplace.run(lambda: bool(workplace.endings))
    assert workplace.endings == ["abandoned"]


class Failing(Deliveries):
    """A database that fails the first times, with a URL in its text."""

    fails = 3

    def due(self, *args: object, **kwargs: object) -> tuple[Delivery, ...]:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("UPDATE ... [parameters: 'https://a.example/?token=t1']")
        return super().due(*args, **kwargs)  # type: ignore[arg-type]

    def delivered(self, delivery_id: int) -> bool:
        raise RuntimeError("UPDATE ... [parameters: 'https://a.example/?token=t1']")


def test_a_failing_database_is_logged_and_does_not_end_the_sender(
    workplace: Workplace, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    workplace.end_job("j1", f"{receiver.url}/?token=t1")
    logged: Callable[[], bool] = lambda: "was not noted" in caplog.text  # noqa: E731
    workplace.run(logged, deliveries=Failing(workplace.engine))
    texts = [record.getMessage() for record in caplog.records]
    assert sum("cannot be looked up: RuntimeError at test_webhooks.py" in t for t in texts) == 3
    assert "token" not in caplog.text
    workplace.clock.now += 61
    workplace.run(lambda: bool(workplace.endings))
    assert workplace.endings == ["delivered"]


def test_a_mistake_of_ours_in_a_try_is_logged_and_postpones_the_delivery(
    workplace: Workplace,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> bytes:
        raise KeyError("https://a.example/?token=t1")

    monkeypatch.setattr(sender, "payload", broken)
    workplace.end_job("j1", f"{receiver.url}/?token=t1")
    workplace.run(lambda: bool(workplace.endings))
    assert workplace.endings == ["postponed"]
    assert "KeyError at test_webhooks.py" in caplog.text
    assert "token" not in caplog.text


def test_a_job_that_was_deleted_sends_nothing(
    workplace: Workplace, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.end_job("j1", receiver.url)
    looked_for: list[str] = []

    def gone(job_id: str) -> None:
        looked_for.append(job_id)
        workplace.store.delete(job_id)

    monkeypatch.setattr(workplace.store, "get", gone)
    workplace.run(lambda: bool(looked_for))
    assert (workplace.deliveries.of_job("j1"), receiver.got, workplace.endings) == ((), [], [])


def test_no_log_of_any_library_holds_path_or_query(
    workplace: Workplace, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answers = [(500, {}), (200, {})]
    workplace.end_job("j1", f"{receiver.url}/secret-path?token=t1")

    workplace.run(lambda: "delivered" in workplace.endings, step=workplace.pass_time_once_postponed)
    told = "webhook of job j1: status 500, postponed at try 1"
    assert told in caplog.text
    assert receiver.url not in caplog.text
    assert "secret-path" not in caplog.text
    assert "token" not in caplog.text


@pytest.mark.parametrize("secrets", [[], [""], [SECRET, "whsec_short"]])
def test_a_sender_without_a_good_secret_is_not_made(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        WebhookSender(None, lambda _: None, secrets, HERE)  # type: ignore[arg-type]


def test_a_sender_at_rest_stops_at_once_when_told(workplace: Workplace) -> None:
    workplace.run(lambda: True)
    assert workplace.endings == []
