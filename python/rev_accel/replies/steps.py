"""One course of action, run by a thread or by an asyncio task.

A course is a generator. It yields what is to be done and is sent what came of it, or has thrown into it what was
raised, so that what is decided stands in one place for both ways of running it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from .flights import Flight, Streaming

__all__ = ["Call", "Course", "Do", "Pause", "Wait", "in_thread", "run", "run_async", "run_stream", "run_stream_async"]

T = TypeVar("T")
P = TypeVar("P")  # a piece of a reply


@dataclass(frozen=True, slots=True)
class Do:
    """Something short that may wait for the disk."""

    work: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Call:
    """What the caller wants to be called."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Waits until a flight of this process has ended, or for so many seconds."""

    flight: Flight
    seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Waits for so many seconds."""

    seconds: float


Course: TypeAlias = Generator[Do | Call | Wait | Pause, Any, T]


def run(course: Course[T], call: Callable[[], Any]) -> T:
    """Runs a course on this thread. Ctrl-C ends it wherever it waits."""
    proceed: Callable[[Any], Any] = course.send
    result: Any = None
    while True:
        try:
            step = proceed(result)
        except StopIteration as end:
            value: T = end.value
            return value
        try:
            proceed, result = course.send, call() if isinstance(step, Call) else perform(step)
        except BaseException as error:
            proceed, result = course.throw, error


def run_stream(
    course: Course[bytes], call: Callable[[], Generator[P | bytes, None, None]], streaming: Streaming
) -> Generator[P | bytes, None, None]:
    """`run`, for a call that gives pieces and at last the reply: they are given on as they come, and then the reply."""
    proceed: Callable[[Any], Any] = course.send
    result: Any = None
    while True:
        try:
            step = proceed(result)
        except StopIteration as end:
            yield end.value
            return
        try:
            proceed, result = course.send, None
            if not isinstance(step, Call):
                result = perform(step)
                continue
            with closing(call()) as parts:
                for part in parts:
                    if isinstance(part, bytes):
                        result = part
                    else:
                        with streaming.pause():
                            yield part
        except BaseException as error:
            proceed, result = course.throw, error


def perform(step: Do | Wait | Pause) -> Any:
    match step:
        case Do(work):
            return work()
        case Wait(flight, seconds):
            flight.wait(seconds)
        case Pause(seconds):
            time.sleep(seconds)
    return None


async def run_async(course: Course[T], call: Callable[[], Awaitable[Any]]) -> T:
    """Runs a course in a task. What may wait for the disk is done on a thread."""
    proceed: Callable[[Any], Any] = course.send
    result: Any = None
    try:
        while True:
            try:
                step = proceed(result)
            except StopIteration as end:
                value: T = end.value
                return value
            try:
                proceed, result = course.send, await (call() if isinstance(step, Call) else perform_async(step))
            except GeneratorExit:
                raise
            except BaseException as error:
                proceed, result = course.throw, error
    finally:
        # For a task that is given up without having ended.
        course.close()


async def run_stream_async(
    course: Course[bytes], call: Callable[[], AsyncGenerator[P | bytes, None]], streaming: Streaming
) -> AsyncGenerator[P | bytes, None]:
    """`run_stream` in a task."""
    proceed: Callable[[Any], Any] = course.send
    result: Any = None
    try:
        while True:
            try:
                step = proceed(result)
            except StopIteration as end:
                yield end.value
                return
            try:
                proceed, result = course.send, None
                if not isinstance(step, Call):
                    result = await perform_async(step)
                    continue
                async with aclosing(call()) as parts:
                    async for part in parts:
                        if isinstance(part, bytes):
                            result = part
                        else:
                            with streaming.pause():
                                yield part
            except GeneratorExit:
                raise
            except BaseException as error:
                proceed, result = course.throw, error
    finally:
        course.close()


async def perform_async(step: Do | Wait | Pause) -> Any:
    match step:
        case Do(work):
            return await in_thread(work)
        case Wait(flight, seconds):
            await flight.wait_async(seconds)
        case Pause(seconds):
            await asyncio.sleep(seconds)
    return None


async def in_thread(work: Callable[[], T]) -> T:
    """Does something on a thread of its own.

    Not on the loop's: these are few, and while all of them wait for a reply, the one who makes the call would
    get none to store it. A task that is cancelled meanwhile waits for the end of the work, which is near, so that it
    knows what was done.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(error: BaseException | None, result: Any) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    def do() -> None:
        error: BaseException | None = None
        result: Any = None
        try:
            result = work()
        except BaseException as raised:
            error = raised
        try:
            loop.call_soon_threadsafe(settle, error, result)
        except RuntimeError:  # the loop was closed meanwhile
            pass

    threading.Thread(target=do, name="rev-accel-replies").start()
    cancelled: asyncio.CancelledError | None = None
    while not done.done():
        try:
            await asyncio.wait([done])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        done.exception()  # looked at, so that nobody complains that it was not
        raise cancelled
    return done.result()
