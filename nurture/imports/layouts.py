"""The five kinds of file, their columns, and the other names under which these are met in the wild."""

import re
from dataclasses import dataclass
from enum import StrEnum


class FileKind(StrEnum):
    """What a file is about: ``nurture import <kind> FILE``."""

    STAFF = "staff"
    ACCOUNTS = "accounts"
    LEADS = "leads"
    CONSENTS = "consents"
    EVENTS = "events"


class Form(StrEnum):
    """What a cell must look like."""

    ID = "id"
    NAME = "name"
    PROSE = "prose"
    EMAIL = "email"
    MOBILE = "mobile"
    HANDLE = "handle"
    COUNT = "count"
    FLAG = "flag"
    DATE = "date"
    MOMENT = "moment"
    COUNTRY = "country"
    LANGUAGE = "language"
    ZONE = "zone"
    ROLE = "role"
    LIFECYCLE = "lifecycle"
    SCOPE = "scope"
    ACTION = "action"
    ACCOUNT = "account"
    OWNER = "owner"
    LEAD = "lead"
    EVENT_KIND = "event_kind"


@dataclass(frozen=True)
class Column:
    """A column of a file: its name, its form, the database column it fills, its other names."""

    name: str
    form: Form
    stored: str
    required: bool = False
    aliases: tuple[str, ...] = ()


def _column(name: str, form: Form, *aliases: str, stored: str = "", required: bool = False) -> Column:
    return Column(name, form, stored or name, required, aliases)


def _identified(*aliases: str) -> Column:
    return _column("id", Form.ID, "编号", "external_id", *aliases, stored="external_id", required=True)


_COUNTRY = _column("country", Form.COUNTRY, "国家", "国家地区")
_ZONE = _column("timezone", Form.ZONE, "时区", "time_zone")
_EMAIL = _column("email", Form.EMAIL, "邮箱", "电子邮箱", "电子邮件", "邮件", "e_mail", "email_address")
_SOURCE = _column("source", Form.NAME, "来源", "渠道来源")
_LEAD = _column("lead", Form.LEAD, "线索", "联系人", "客户", "lead_id", stored="lead_id", required=True)
_OCCURRED = _column("occurred_at", Form.MOMENT, "时间", "发生时间", "日期", required=True)

LAYOUTS: dict[FileKind, tuple[Column, ...]] = {
    FileKind.STAFF: (
        _identified("工号", "员工编号"),
        _column("name", Form.NAME, "姓名", "员工姓名", required=True),
        _EMAIL,
        _column("wecom_userid", Form.HANDLE, "企业微信", "企业微信账号"),
        _column("title", Form.NAME, "职位", "职务", "头衔"),
        _COUNTRY,
        _ZONE,
    ),
    FileKind.ACCOUNTS: (
        _identified("客户编号", "公司编号"),
        _column("name", Form.NAME, "公司", "公司名称", "客户名称", "名称", required=True),
        _column("industry", Form.NAME, "行业"),
        _column("employees", Form.COUNT, "员工数", "人数", "员工人数", "规模"),
        _COUNTRY,
        _column("city", Form.NAME, "城市"),
        _column("plan", Form.NAME, "套餐", "版本"),
        _column("maintenance_ends", Form.DATE, "维保到期", "维保到期日", "维保截止", "维保截止日期"),
    ),
    FileKind.LEADS: (
        _identified("线索编号", "联系人编号"),
        _column("name", Form.NAME, "姓名", "联系人", "联系人姓名", required=True),
        _column("account", Form.ACCOUNT, "公司", "公司编号", "客户编号", "account_id", stored="account_id"),
        _column("owner", Form.OWNER, "负责人", "负责人工号", "owner_id", stored="owner_id"),
        _EMAIL,
        _column("mobile", Form.MOBILE, "手机", "手机号", "手机号码", "电话", "联系电话", "phone"),
        _column("wecom_id", Form.HANDLE, "企业微信", "企业微信id", "外部联系人id"),
        _column("role", Form.ROLE, "角色", "采购角色"),
        _column("language", Form.LANGUAGE, "语言"),
        _COUNTRY,
        _ZONE,
        _SOURCE,
        _column("lifecycle", Form.LIFECYCLE, "生命周期", "阶段"),
        _column("on_hold", Form.FLAG, "暂缓", "暂停联系"),
        _column("disqualified", Form.FLAG, "无效", "不合格"),
    ),
    FileKind.CONSENTS: (
        _LEAD,
        _column("scope", Form.SCOPE, "范围", required=True),
        _column("action", Form.ACTION, "动作", "操作", required=True),
        _OCCURRED,
        _SOURCE,
        _column("wording", Form.PROSE, "文案", "同意文案", "条款"),
        _column("evidence", Form.PROSE, "证据", "凭证"),
    ),
    FileKind.EVENTS: (
        _LEAD,
        _column("kind", Form.EVENT_KIND, "事件", "事件类型", required=True),
        _OCCURRED,
        _column("about", Form.NAME, "关于", "内容", "主题"),
        _SOURCE,
        _column("id", Form.ID, "编号", "事件编号", "event_id", stored="event_id"),
    ),
}


def recognise(kind: FileKind, header: tuple[str, ...]) -> tuple[Column | None, ...]:
    """The column that each header cell names; None where it names none of this kind's."""
    by_name = {name: column for column in LAYOUTS[kind] for name in (column.name, *column.aliases)}
    return tuple(by_name.get(_plain(cell)) for cell in header)


def _plain(cell: str) -> str:
    return re.sub(r"[\s\-/]+", "_", cell.strip("\ufeff \t\r\n\u00a0\u3000").casefold())
