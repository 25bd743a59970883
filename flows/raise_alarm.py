"""Tell a person that a night or a dispatch wants one. The automations in ``prefect.yaml`` run this flow."""

from enum import StrEnum
from typing import Any

from prefect import State, flow
from prefect.states import Completed

from nurture.channels.alerts import alarm
from nurture.settings import read_settings
from tasks.artifacts import show_alarm


class Alarm(StrEnum):
    """What is wrong with the nights or with sending."""

    FAILED = "failed"
    LATE = "late"
    MISSING = "missing"
    DISPATCH = "dispatch"


TOLD = {
    Alarm.FAILED: (
        "A night of Nurture failed / 夜间任务失败",
        "Look at the run in the Prefect UI: its message says what to mend. Then run the deployment nightly again: it "
        "does what is left, and nothing twice.\n"
        "请在 Prefect 界面查看该次运行，按提示处理后重新运行 nightly：只补未完成的部分，不会重复发送。",
    ),
    Alarm.LATE: (
        "A night of Nurture did not start in time / 夜间任务未按时开始",
        "Does `nurture up` still run? `nurture status` tells how things stand.\n"
        "请确认 nurture up 仍在运行，并用 nurture status 查看现状。",
    ),
    Alarm.MISSING: (
        "No night of Nurture was completed for 26 hours / 已有 26 小时没有完成的夜间任务",
        "`nurture status` tells which night is missing; `nurture run` closes today's.\n"
        "请用 nurture status 查看缺了哪一晚；nurture run 可补上今天的。",
    ),
    Alarm.DISPATCH: (
        "Sending wants a person / 发送需要人工处理",
        "The message of the run says why; `nurture status` tells what is paused, held or in doubt. What was not sent "
        "waits and goes out later; nothing goes twice.\n"
        "该次运行的说明写明了原因；用 nurture status 查看哪些被暂停、保留或状态不明。"
        "未发出的会等待，之后再发，不会重复发送。",
    ),
}


@flow(name="raise-alarm", flow_run_name="alarm {what}", persist_result=False)
def raise_alarm(what: Alarm, run: str = "") -> State[Any]:
    """Tell the people in NURTURE_ALARM_TO; without it, only the UI shows it, as the artifact nurture-alarm.

    Args:
        what: What is wrong.
        run: The name of the flow run that it is about.
    """
    title, body = TOLD[what]
    about = f"{title}: {run}" if run else title
    show_alarm(about, body)
    to = read_settings().alarm_to
    if not to.get_secret_value():
        return Completed(message="Shown as the artifact nurture-alarm; NURTURE_ALARM_TO names nobody to tell.")
    alarm(to, about, body)
    return Completed(message="Told.")
