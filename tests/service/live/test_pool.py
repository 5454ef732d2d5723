"""The process behind the streams: when it starts, ends, dies and is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from evolvisense.sandbox import Limits, Sandbox
from evolvisense.service.live import EndOfStreamError, LivePool, LiveSettings
from evolvisense.service.live.pool import MAX_FAULTS, StreamOptions
from evolvisense.service.live.process import LostError, UnavailableError
from evolvisense.service.live.protocol import PassingError
from tests.service.live.conftest import Start, scripted

OPTIONS = StreamOptions(None, "off")


class Made:
    """Makes processes and remembers them."""

    def __init__(self, new_process: Callable[[], Sandbox] = scripted) -> None:
        self._new_process = new_process
        self.processes: list[Sandbox] = []

    def __call__(self) -> Sandbox:
        self.processes.append(self._new_process())
        return self.processes[-1]

    @property
    def alive(self) -> list[bool]:
        return [process.is_alive for process in self.processes]


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


def pool_of(made: Made, linger_s: float = 60.0, max_streams: int = 8) -> LivePool:
    return LivePool(LiveSettings(max_streams=max_streams), made, linger_s=linger_s)


def test_one_process_serves_all_streams_and_starts_with_the_first() -> None:
    async def story() -> None:
        made = Made()
        pool = pool_of(made)
        assert made.processes == []
        async with pool.stream(OPTIONS) as first, pool.stream(OPTIONS) as second:
            await asyncio.gather(first.open(), second.open())
            answers = await asyncio.gather(
                first.picture(b"see", 1.0), second.picture(b"none", 2.0), first.picture(b"see", 3.0)
            )
        assert [a["frame"]["time_s"] for a in answers] == [1.0, 2.0, 3.0]
        assert made.alive == [True]
        await pool.close()
        assert made.alive == [False]

    asyncio.run(story())


def test_the_process_ends_a_while_after_the_last_stream_and_starts_again() -> None:
    async def story() -> None:
        made = Made()
        pool = pool_of(made, linger_s=0.0)
        async with pool.stream(OPTIONS) as stream:
            await stream.picture(b"see", 0.0)
        await until(lambda: made.alive == [False])
        async with pool.stream(OPTIONS) as stream:
            await stream.picture(b"see", 0.0)
            assert made.alive == [False, True]
        await pool.close()

    asyncio.run(story())


def test_a_stream_that_comes_in_time_keeps_the_process() -> None:
    async def story() -> None:
        made = Made()
        pool = pool_of(made)
        for _ in range(3):
            async with pool.stream(OPTIONS) as stream:
                await stream.picture(b"see", 0.0)
        assert pool.starts == 1
        await pool.close()

    asyncio.run(story())


def test_when_the_process_dies_every_stream_gets_one_error_and_goes_on() -> None:
    async def story() -> None:
        made = Made()
        pool = pool_of(made)
        async with pool.stream(OPTIONS) as guilty, pool.stream(OPTIONS) as other:
            await asyncio.gather(guilty.open(), other.open())
            results = await asyncio.gather(
                guilty.picture(b"die", 0.0), other.picture(b"see", 0.0), return_exceptions=True
            )
            assert [type(result) for result in results] == [LostError, LostError]
            assert [result.at_fault for result in results] == [True, False]  # type: ignore[union-attr]
            again = await asyncio.gather(guilty.picture(b"see", 1.0), other.picture(b"see", 1.0))
            assert [a["frame"]["time_s"] for a in again] == [1.0, 1.0]
        assert pool.starts == 2
        assert made.alive == [False, True]
        await pool.close()

    asyncio.run(story())


def test_a_stream_that_kills_the_process_again_and_again_is_ended() -> None:
    async def story() -> None:
        pool = pool_of(Made())
        async with pool.stream(OPTIONS) as stream:
            for _ in range(MAX_FAULTS - 1):
                with pytest.raises(LostError):
                    await stream.picture(b"die", 0.0)
            with pytest.raises(EndOfStreamError) as ended:
                await stream.picture(b"die", 0.0)
        assert ended.value.close_code == 1011
        await pool.close()

    asyncio.run(story())


def test_a_client_that_left_is_still_to_blame_and_the_next_one_is_not() -> None:
    async def story() -> None:
        pool = pool_of(Made())
        async with pool.stream(OPTIONS) as guilty, pool.stream(OPTIONS) as other:
            await asyncio.gather(guilty.open(), other.open())
            asked = asyncio.create_task(guilty.picture(b"die", 0.0))
            await asyncio.sleep(0)
            asked.cancel()
            with pytest.raises(LostError) as lost:
                await other.picture(b"see", 0.0)
        assert not lost.value.at_fault
        await pool.close()

    asyncio.run(story())


def test_a_picture_that_takes_forever_is_cut_off() -> None:
    limits = Limits(memory_bytes=1024**3, cpu_s=20.0, wall_s=0.3)

    async def story() -> None:
        pool = pool_of(Made(lambda: scripted(limits=limits)))
        async with pool.stream(OPTIONS) as stream:
            with pytest.raises(LostError):
                await stream.picture(b"hold:/nowhere/at/all", 0.0)
        await pool.close()

    asyncio.run(story())


def test_without_models_nothing_is_tried_over_and_over() -> None:
    async def story() -> None:
        made = Made(lambda: scripted("tests.service.live.scripted:broken"))
        pool = pool_of(made)
        async with pool.stream(OPTIONS) as stream:
            for _ in range(5):
                with pytest.raises(UnavailableError) as error:
                    await stream.picture(b"see", 0.0)
                assert "/secret" not in error.value.detail
        assert made.alive == [False]
        await pool.close()

    asyncio.run(story())


def test_a_failed_picture_is_its_own_affair() -> None:
    async def story() -> None:
        pool = pool_of(Made())
        async with pool.stream(OPTIONS) as stream:
            with pytest.raises(PassingError) as error:
                await stream.picture(b"bad", 0.0)
            assert error.value.code == "bad_picture"
            assert (await stream.picture(b"see", 0.0))["frame"]["faces"]
        assert pool.starts == 1
        await pool.close()

    asyncio.run(story())


def test_places_are_counted_and_given_back() -> None:
    async def story() -> None:
        pool = pool_of(Made(), max_streams=1)
        async with pool.stream(OPTIONS):
            with pytest.raises(EndOfStreamError) as refused:
                async with pool.stream(OPTIONS):
                    pytest.fail("there is one place alone")
            assert refused.value.close_code == 1013
        async with pool.stream(OPTIONS):
            assert pool.streams == 1
        assert pool.streams == 0
        await pool.close()

    asyncio.run(story())


def test_a_client_that_leaves_during_the_start_does_not_stop_it() -> None:
    async def story() -> None:
        made = Made()
        pool = pool_of(made)
        async with pool.stream(OPTIONS) as first, pool.stream(OPTIONS) as second:
            leaving = asyncio.create_task(first.open())
            staying = asyncio.create_task(second.open())
            await until(lambda: bool(made.processes))
            leaving.cancel()
            await staying
        assert pool.starts == 1
        await pool.close()

    asyncio.run(story())


def test_a_closed_pool_starts_nothing() -> None:
    async def story() -> None:
        pool = pool_of(Made())
        async with pool.stream(OPTIONS) as stream:
            await stream.picture(b"see", 0.0)
            await pool.close()
            with pytest.raises(PassingError):
                await stream.picture(b"see", 0.0)
        assert pool.starts == 1

    asyncio.run(story())


def test_over_the_socket_a_dead_process_is_a_passing_error(start: Start) -> None:
    with start() as live, live.client() as guilty, live.client() as other:
        session = guilty.configure()["session"]
        other.configure()
        guilty.picture("die")
        problem = guilty.hear()
        assert (problem["code"], problem["fatal"], problem["seq"]) == (
            "analysis_restarted",
            False,
            1,
        )
        for client in (guilty, other):
            client.picture("see", 2.0)
            answer = client.hear()
            if answer["type"] == "error":  # it noticed the death before the server did
                assert answer["code"] == "analysis_restarted"
                client.picture("see", 2.0)
                answer = client.hear()
            assert answer["type"] == "frame"
        for seq in (3, 4):
            guilty.picture("die")
            last = guilty.hear()
            assert last["seq"] in {seq, None}
        messages, code = guilty.rest()
        assert (code, messages, last["fatal"]) == (1011, [], True)
        other.picture("see", 3.0)
        assert other.hear()["type"] in {"frame", "error"}
    assert session


def test_over_the_socket_missing_models_end_the_stream(start: Start) -> None:
    with (
        start(lambda: scripted("tests.service.live.scripted:broken")) as live,
        live.client() as client,
    ):
        client.tell({"type": "configure"})
        (problem,), code = client.rest()
    assert (code, problem["code"], problem["fatal"]) == (1011, "analysis_unavailable", True)


def test_clients_that_vanish_leave_their_places(start: Start) -> None:
    with start() as live:
        for _ in range(3):
            with live.client() as client:
                client.configure()
                client.picture("see")
                client.socket.socket.close()
        live.wait_for_streams(0)
        assert live.pool.starts == 1


def test_the_server_ends_while_streams_are_open(start: Start) -> None:
    made = Made()
    with start(made) as live:
        client = live.client()
        opened = client.__enter__()
        opened.configure()
        opened.picture("see")
        assert opened.hear()["type"] == "frame"
    assert made.alive == [False]
    client.__exit__(None, None, None)
