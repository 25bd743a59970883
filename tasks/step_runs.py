"""Every step of a night or a dispatch as a task run, named so that the UI reads like the step.

Retries are where they make sense and nowhere else: the database that somebody else holds, and a process of ours that
died while it rendered. A step of a night is one transaction with its marker, so the next run does what is left; and
what may have been sent is never sent again by a retry. A step that failed, or that wants a person, is not green.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from prefect import State, Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import TaskRun
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from nurture.errors import NurtureError, StoreBusy, TransientError
from nurture.steps import SHARDS_AT_ONCE, Told, nothing_told

T = TypeVar("T")
S = TypeVar("S")

PATIENCE = (30, 60, 120, 300, 600, 600)
"""Seconds between tries for a database that somebody holds: half an hour in all."""


@dataclass(frozen=True)
class Work:
    """What a task run does; opaque to Prefect, which would look into plain arguments."""

    run: Callable[[], Told]


def _fails_with(kind: type[NurtureError]) -> Callable[[Task[Any, Any], TaskRun, State[Any]], bool]:
    def condition(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
        return isinstance(state.data, kind) or isinstance(getattr(state.data, "_result", None), kind)

    return condition


@task(name="step", task_run_name="{name}", cache_policy=NO_CACHE, persist_result=False)
def _step(name: str, work: Work) -> State[Any]:
    told = work.run()
    return Failed(message=told.words) if told.trouble else Completed(message=told.words)


_reach = _step.with_options(
    name="reach", retries=len(PATIENCE), retry_delay_seconds=list(PATIENCE), retry_condition_fn=_fails_with(StoreBusy)
)
_shard = _step.with_options(
    name="shard", retries=1, retry_delay_seconds=1, retry_condition_fn=_fails_with(TransientError)
)


class TaskSteps:
    """Runs steps as task runs of the flow run around it."""

    def reach(self, work: Callable[[], T]) -> T:
        """Reach the database; wait, try again, and show who holds it."""
        return _outcome(_reach, "reach the database", work)

    def step(self, name: str, work: Callable[[], T], tell: Callable[[T], Told] = nothing_told) -> T:
        """One task run, in this thread."""
        return _outcome(_step, name, work, tell)

    def shards(
        self, name: str, work: Callable[[S], T], shards: Sequence[S], tell: Callable[[T], Told] = nothing_told
    ) -> Iterable[T]:
        """A task run a shard, some at once, each with its number in its name.

        Never more at once than there is work for, whichever flow it is. The others still run to their end when one
        fails: what they did is kept.
        """
        results: list[list[T]] = [[] for _ in shards]
        with ThreadPoolTaskRunner[Any](max_workers=SHARDS_AT_ONCE) as runner:
            futures = [
                runner.submit(
                    _shard,
                    {
                        "name": f"{name} {number + 1} of {len(shards)}",
                        "work": _kept(results[number], _bound(work, shard), tell),
                    },
                )
                for number, shard in enumerate(shards)
            ]
            for future, result in zip(futures, results, strict=True):
                future.wait()
                if result:
                    yield result[0]
            for future in futures:
                future.result()


def _bound(work: Callable[[S], T], shard: S) -> Callable[[], T]:
    return lambda: work(shard)


def _kept(results: list[T], work: Callable[[], T], tell: Callable[[T], Told]) -> Work:
    """Work whose result stays here: Prefect is told words, and nothing else."""

    def run() -> Told:
        results.append(work())
        return tell(results[-1])

    return Work(run)


def _outcome(
    kind: Task[[str, Work], Any], name: str, work: Callable[[], T], tell: Callable[[T], Told] = nothing_told
) -> T:
    results: list[T] = []
    state: State[Any] = kind(name, _kept(results, work, tell), return_state=True)
    if not results:
        state.result()
    return results[-1]
