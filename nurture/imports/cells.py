"""Each form of cell as SQL: the value that its text means, and what to tell the person when it means none.

A reason never repeats a cell, save an id that can be neither a name nor an address nor a phone number: after
a shifted column, a cell may hold anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import available_timezones

import phonenumbers

from models import BuyingRole, ConsentAction, ConsentScope, Lifecycle
from nurture.imports.dates import date_sql
from nurture.imports.layouts import Column, Form
from nurture.people.contact_points import HOME_COUNTRY, email_sql, mobile_sql

CONTROLS = r"\x{00}-\x{1f}\x{7f}-\x{9f}"
CONTROLS_IN_PROSE = r"\x{00}-\x{08}\x{0b}\x{0c}\x{0e}-\x{1f}\x{7f}-\x{9f}"
BIDI = r"\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}"
COUNTRY_NAMES = (("CN", ("中国", "CHINA", "中国大陆")), ("HK", ("香港", "中国香港")), ("TW", ("台湾", "中国台湾")))
LANGUAGE_NAMES = (("zh-CN", ("zh", "中文", "汉语", "chinese")), ("en", ("英文", "英语", "english")))
YES = ("true", "t", "yes", "y", "1", "是", "√")
NO = ("false", "f", "no", "n", "0", "否")
ENUMS: dict[Form, type[StrEnum]] = {
    Form.ROLE: BuyingRole,
    Form.LIFECYCLE: Lifecycle,
    Form.SCOPE: ConsentScope,
    Form.ACTION: ConsentAction,
}


@dataclass(frozen=True)
class Cell:
    """SQL over a row ``s`` of ``trimmed``: the value, the reason if there is none, the joins they need.

    ``hints`` are columns of the joined tables that the reason needs.
    """

    value: str
    reason: str
    joins: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


def cell_of(column: Column, known: frozenset[str], events: frozenset[str], moment: str) -> Cell:
    """How to read this column in a file that has the ``known`` columns; ``moment`` reads its timestamps."""
    text = f's."{column.name}"'
    match column.form:
        case Form.MOBILE:
            return _mobile(text, known)
        case Form.ACCOUNT | Form.OWNER:
            return _reference(column.form, text)
        case Form.LEAD:
            joins = (f"LEFT JOIN pointer ON pointer.text = {text}",)
            reason = "coalesce(s.pointer_fault, 'no lead has this id or address')"
            return Cell("pointer.lead_id", reason, joins, ("pointer.fault AS pointer_fault",))
        case Form.EVENT_KIND:
            return _event_kind(text, events)
        case Form.MOMENT:
            return Cell(moment, _says("not a date and time such as 2026-03-01 14:30"))
        case Form.ID | Form.NAME | Form.PROSE | Form.HANDLE | Form.EMAIL:
            return _words(column.form, text)
        case _:
            return _plain_cell(column.form, text)


def nameable(text: str) -> str:
    """SQL: the text in quotes and a space if it can only be an id, else ''."""
    safe = rf"regexp_full_match({text}, '[A-Za-z0-9_.:/-]{{1,64}}') AND regexp_matches({text}, '\d')"
    numeric = rf"regexp_matches(replace({text}, '-', ''), '\d{{9}}')"
    return f"CASE WHEN {safe} AND NOT {numeric} THEN '“' || {text} || '” ' ELSE '' END"


def country_sql(text: str) -> str:
    """The two-letter code that this text names, or NULL."""
    named = " ".join(f"WHEN upper({text}) IN ({_texts(names)}) THEN '{code}'" for code, names in COUNTRY_NAMES)
    codes = _texts(phonenumbers.SUPPORTED_REGIONS)
    return f"CASE WHEN upper({text}) IN ({codes}) THEN upper({text}) {named} END"


def phone_country(known: frozenset[str]) -> Cell:
    """The country in which a lead's number is dialled: the file's, else the stored one, else ours."""
    if "country" in known:
        return Cell(f"coalesce({country_sql('s.country')}, '{HOME_COUNTRY}')", "")
    joins = ("LEFT JOIN lead AS stored_lead ON stored_lead.id = md5('lead|' || s.id)::UUID",)
    return Cell(f"coalesce(stored_lead.country, '{HOME_COUNTRY}')", "", joins)


def _words(form: Form, text: str) -> Cell:
    match form:
        case Form.ID:
            value = f"CASE WHEN NOT regexp_matches({text}, '[{CONTROLS}{BIDI}]') THEN {text} END"
            return Cell(value, _says("control characters in it"))
        case Form.HANDLE:
            value = rf"CASE WHEN regexp_full_match({text}, '[^\s{CONTROLS}{BIDI}]{{1,128}}') THEN {text} END"
            return Cell(value, _says("spaces in it, or longer than 128 characters"))
        case Form.EMAIL:
            joins = (f"LEFT JOIN odd_email ON odd_email.text = {text}",)
            return Cell(email_sql(text, "odd_email"), _says("not one usable address"), joins)
        case _:
            stripped = (CONTROLS if form is Form.NAME else CONTROLS_IN_PROSE) + BIDI
            value = f"nullif(trim(regexp_replace({text}, '[{stripped}]', '', 'g')), '')"
            return Cell(value, _says("no readable character"))


def _plain_cell(form: Form, text: str) -> Cell:
    match form:
        case Form.COUNT:
            whole = rf"regexp_full_match({text}, '\d+|\d{{1,3}}(,\d{{3}})+')"
            value = f"CASE WHEN {whole} THEN TRY_CAST(replace({text}, ',', '') AS INTEGER) END"
            return Cell(value, _says("not a whole number"))
        case Form.FLAG:
            low = f"lower({text})"
            value = f"CASE WHEN {low} IN ({_texts(YES)}) THEN true WHEN {low} IN ({_texts(NO)}) THEN false END"
            return Cell(value, _says("neither yes nor no"))
        case Form.DATE:
            return Cell(date_sql(text), _says("not a date such as 2026-03-01"))
        case Form.COUNTRY:
            return Cell(country_sql(text), _says("not a two-letter country code such as CN"))
        case Form.LANGUAGE:
            return Cell(_language(text), _says("not a language code such as zh or en"))
        case Form.ZONE:
            value = f"CASE WHEN {text} IN ({_texts(available_timezones())}) THEN {text} END"
            return Cell(value, _says("not a time zone such as Asia/Shanghai"))
        case _:
            return _choice(text, list(ENUMS[form]))


def _choice(text: str, allowed: list[StrEnum]) -> Cell:
    word = f"regexp_replace(lower({text}), '[ -]+', '_', 'g')"
    reason = _says(f"not one of {', '.join(allowed)}")
    return Cell(f"CASE WHEN {word} IN ({_texts(allowed)}) THEN {word} END", reason)


def _language(text: str) -> str:
    """``zh``, ``zh_cn`` and 中文 are ``zh-CN``: language in small letters, region in capitals."""
    low = f"replace(lower({text}), '_', '-')"
    tag = f"concat_ws('-', split_part({low}, '-', 1), nullif(upper(split_part({low}, '-', 2)), ''))"
    named = " ".join(f"WHEN {low} IN ({_texts(names)}) THEN '{code}'" for code, names in LANGUAGE_NAMES)
    return f"CASE {named} WHEN regexp_full_match({low}, '[a-z]{{2,3}}(-[a-z]{{2}})?') THEN {tag} END"


def _mobile(text: str, known: frozenset[str]) -> Cell:
    country = phone_country(known)
    lookup = f"LEFT JOIN odd_mobile ON odd_mobile.text = {text} AND odd_mobile.country = {country.value}"
    value = mobile_sql(text, country.value, "odd_mobile")
    return Cell(value, _says("not one valid phone number"), (*country.joins, lookup))


def _reference(form: Form, text: str) -> Cell:
    table, command = ("account", "accounts") if form is Form.ACCOUNT else ("staff", "staff")
    joins = (f"LEFT JOIN {table} AS its_{table} ON its_{table}.id = md5('{table}|' || {text})::UUID",)
    return Cell(f"its_{table}.id", f"({nameable(text)} || 'is not known; import {command} first')", joins)


def _event_kind(text: str, events: frozenset[str]) -> Cell:
    value = f"CASE WHEN {text} IN ({_texts(events)}) THEN {text} END"
    reason = "('not declared in events.toml' || coalesce('; did you mean “' || s.nearest || '”?', ''))"
    join = f"LEFT JOIN near_kind ON near_kind.text = {text}"
    return Cell(value, reason, (join,), ("near_kind.value AS nearest",))


def _says(reason: str) -> str:
    return "'" + reason.replace("'", "''") + "'"


def _texts(values: Iterable[str]) -> str:
    return ", ".join(_says(value) for value in sorted(values)) or "NULL"
