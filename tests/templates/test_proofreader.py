"""Proofreading finds each fault before a night does, and says in which file, and on which line where it knows."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nurture.content.brand import read_voice
from nurture.content.catalogue import attachment, read_content
from nurture.errors import ContentError
from nurture.templates.proofreader import columns, proofread
from tests.support.small import CONTENT

VOICE = read_voice(CONTENT)
MAIL, CHAT, CARD = "hello.email.en.md", "hello.wecom.zh-CN.md", "hello.staff.md"
FRONT = "subject: A subject\npreheader: A preheader\nsender: expert\n"
BODY = "{{ greeting }}\n\nA word.\n\n{{ sender.name }}\n"

Write = Callable[..., Path]
Found = Callable[[], list[str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a content file."""

    def put(body: str = BODY, front: str = FRONT, name: str = MAIL) -> Path:
        path = tmp_path / "content" / "welcome" / "first" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\n{front}---\n{body}" if front else body, encoding="utf-8")
        return path

    return put


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Every problem, the content folder left out of it."""

    def ask() -> list[str]:
        told = proofread(read_content(tmp_path / "content"), VOICE, "zh-CN")
        return [each.replace(f"{tmp_path / 'content'}/welcome/first/", "") for each in told]

    return ask


def without(key: str) -> str:
    return re.sub(rf"{key}: .*\n", "", FRONT)


def test_what_is_shipped_has_no_fault() -> None:
    content = read_content(CONTENT)
    assert len(content) > 50
    assert proofread(content, VOICE, "zh-CN") == []


@pytest.mark.parametrize(
    ("name", "front", "body"), [(MAIL, FRONT, BODY), (CHAT, "", "您好"), (CARD, "subject: 任务\n", "打个电话")]
)
def test_a_good_text_has_no_fault(write: Write, found: Found, name: str, front: str, body: str) -> None:
    write(body, front, name)
    assert found() == []


@pytest.mark.parametrize("key", ["subject", "preheader", "sender"])
@pytest.mark.parametrize("empty", ["", '{key}: ""\n', "{key}: '  '\n"])
def test_a_mail_needs_its_front_matter(write: Write, found: Found, key: str, empty: str) -> None:
    write(front=without(key) + empty.format(key=key))
    assert f"{MAIL}: front matter needs `{key}:`." in found()


def test_a_card_needs_a_title_and_a_chat_needs_nothing(write: Write, found: Found) -> None:
    write("打个电话", "", CARD)
    write("您好", "", CHAT)
    assert found()[0] == f"{CARD}: front matter needs `subject:`."
    assert {each.partition(":")[0] for each in found()} == {CARD}


def test_a_sender_nobody_knows_is_told_with_those_who_are(write: Write, found: Found) -> None:
    write(front=FRONT.replace("expert", "boss"))
    assert found() == [f"{MAIL}: sender 'boss' is not in senders.toml. Known: expert, concierge."]


@pytest.mark.parametrize(
    ("line", "wide"), [("", 0), ("abc", 3), ("林晚舟", 6), ("a林。", 5), ("ｆｕｌｌ", 8), ("é·—", 3)]
)
def test_a_chinese_character_is_two_columns_wide(line: str, wide: int) -> None:
    assert columns(line) == wide


@pytest.mark.parametrize(("key", "most"), [("subject", 70), ("preheader", 110)])
@pytest.mark.parametrize(("letter", "wide"), [("a", 1), ("数", 2)])
def test_a_line_may_only_be_so_wide(write: Write, found: Found, key: str, most: int, letter: str, wide: int) -> None:
    write(front=f"{without(key)}{key}: {letter * (most // wide)}\n")
    assert found() == []
    write(front=f"{without(key)}{key}: {letter * (most // wide + 1)}\n")
    assert found() == [f"{MAIL}: the {key} is {most + wide} columns wide; {most} are the most that is read."]


def test_the_width_is_that_of_the_rendered_line(write: Write, found: Found) -> None:
    """林晚舟 are six columns in place of the variable."""
    write(front=without("subject") + 'subject: "{{ lead.name }}' + "a" * 64 + '"\n')
    assert found() == []
    write(front=without("subject") + 'subject: "{{ lead.name }}' + "a" * 65 + '"\n')
    assert found() == [f"{MAIL}: the subject is 71 columns wide; 70 are the most that is read."]


def test_one_thing_to_do_a_mail(write: Write, found: Found) -> None:
    button = '[Get it]({{ link("checklist") }})\n\n'
    write(button + "A word [inside](https://a.example).\n\n" + BODY)
    assert found() == []
    write(button + BODY + "\n" + button)
    assert found() == [f"{MAIL}: more than one button. One thing to do a mail; the others can be links in a sentence."]


def test_two_buttons_of_which_everybody_sees_one_are_one(write: Write, found: Found) -> None:
    one, other = '[Yours]({{ link("checklist") }})', '[Ours]({{ link("trial") }})'
    write(f"{{% if account.industry_name %}}\n{one}\n{{% else %}}\n{other}\n{{% endif %}}\n\n{BODY}")
    assert found() == []


ABSOLUTE = "advertising law forbids absolute words: "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我们的系统是最佳选择", "最佳"), ("行业第一的方案", "第一"), ("业内首家，顶级品质", "首家, 顶级"),
        ("100%可靠", "100%"), ("第一步先看设备", ""), ("最佳实践有三条", ""), ("不保证交期", ""),
        ("第一步就做到行业第一", "第一"), ("最好先问清楚", ""),
    ],
)  # fmt: skip
def test_in_chinese_a_forbidden_word_is_found_anywhere(write: Write, found: Found, text: str, words: str) -> None:
    write(text, "", CHAT)
    assert found() == ([f"{CHAT}: {ABSOLUTE}{words}."] if words else [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The best system", "best"), ("THE BEST SYSTEM", "best"), ("Best.", "best"), ("simply the (best)", "best"),
        ("bestow the bestseller", ""), ("misleading, pleading", ""), ("A leading vendor", "leading"),
        ("best practice and Best Practices", ""), ("the best practice of the best", "best"), ("Press No. 1", ""),
        ("We are No. 1 here", "No. 1"), ("machine No. 10", ""), ("a 100% result", "100%"), ("2100% of it", ""),
        ("100% inspection", ""), ("no guarantee", ""), ("Guaranteed!", "guaranteed"), ("a #1 vendor", "#1"),
        ("best-selling", "best"), ("the leading tools of today", "leading"), ("one unique idea", "unique"),
        ("that best-in-class look", "best, best-in-class"),
    ],
)  # fmt: skip
def test_in_english_whole_words_are_meant_in_any_case(write: Write, found: Found, text: str, words: str) -> None:
    write(BODY.replace("A word.", text))
    assert found() == ([f"{MAIL}: {ABSOLUTE}{words}."] if words else [])


@pytest.mark.parametrize("key", ["subject", "preheader"])
def test_front_matter_says_no_forbidden_word_either(write: Write, found: Found, key: str) -> None:
    write(front=f"{without(key)}{key}: The unbeatable list\n")
    assert found() == [f"{MAIL}: {ABSOLUTE}unbeatable."]


def test_each_language_has_its_own_words(write: Write, found: Found) -> None:
    write("唯一", without("subject") + "subject: 唯一\n", MAIL)
    write("the best", "", CHAT)
    assert found() == []


@pytest.mark.parametrize(
    "field", ["lead.role_name", "account.name", "account.city", "owner.title", "account.employees"]
)
def test_what_may_be_missing_must_be_asked_for_first(write: Write, found: Found, field: str) -> None:
    write(BODY.replace("A word.", f"{{{{ {field} }}}}"))
    problem = found()[0]
    assert problem.startswith(f"{MAIL}: ")
    assert f"has no attribute '{field.partition('.')[2]}'" in problem
    assert problem.endswith(", for a reader of whom only the name is known.")
    write(BODY.replace("A word.", f"{{% if {field} %}}{{{{ {field} }}}}{{% endif %}}"))
    assert found() == []


def test_a_mail_that_inboxes_cut_off_is_too_large(write: Write, found: Found) -> None:
    write("word " * 21_000 + "\n\n" + BODY)
    assert len(found()) == 3
    assert all(re.search(rf"{MAIL}: comes out at 1\d\d,\d\d\d bytes, 102,400 are the most", each) for each in found())


def test_a_chat_may_have_4000_bytes(write: Write, found: Found) -> None:
    write("字" * 1333, "", CHAT)
    assert found() == []
    write("字" * 1334, "", CHAT)
    assert {each.partition(", for")[0] for each in found()} == {f"{CHAT}: comes out at 4,003 bytes, 4,000 are the most"}


def test_a_text_of_which_nothing_is_left_for_somebody_is_told(write: Write, found: Found) -> None:
    write("{% if owner.name %}\n您好\n{% endif %}", "", CHAT)
    assert found() == [f"{CHAT}: comes out empty, for a reader of whom only the name is known."]


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ('One.\n\n[A]({{ link("nowhere") }})\n', 6, "links.toml has no nowhere."),
        ("One.\n\nTwo.\n\n{{ lead.nmae }}\n", 10, "there is no field of lead 'nmae'"),
        ("{% if lead.role %}\nOne.\n", 6, "this if is never closed."),
        ("One.\n{{ 7 * 7 }}\n", 7, "templates know no mul"),
        ("One.\n\n<b>two</b>\n", 8, "HTML"),
    ],
)
def test_what_cannot_be_compiled_is_told_with_its_line(
    write: Write, found: Found, body: str, line: int, what: str
) -> None:
    write(body)
    (problem,) = found()
    assert problem.startswith(f"{MAIL}:{line}: ")
    assert what in problem


def test_one_bad_file_hides_no_other(write: Write, found: Found) -> None:
    write("{{ nobody }}")
    write("唯一", "", CHAT)
    assert [each.partition(": ")[0] for each in found()] == [f"{MAIL}:6", CHAT]


# -- what cannot even be read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("front", "what"),
    [
        ("subject: A\nsubjct: B\n", "front matter knows no subjct"), ("- a\n", "not a list of `name: value` lines"),
        ("subject: |\n  a\n  b\n", "`subject:` wants one line of text"), ("subject: [a]\n", "wants one line of text"),
        ("for: {role: [boss]}\n", "no role is called boss"), ("for: {town: [x]}\n", "`for` knows industry, role, size"),
        ("for: {size: 100}\n", "wants two numbers"), ("attachments: {a: b}\n", "`attachments:` wants a word or a list"),
    ],
)  # fmt: skip
def test_front_matter_that_says_nothing_usable_names_its_file(
    write: Write, found: Found, front: str, what: str
) -> None:
    path = write(front=front)
    with pytest.raises(ContentError, match=re.escape(what)) as refused:
        found()
    assert str(refused.value).startswith(f"{path}: ")


def test_front_matter_that_is_no_yaml_names_its_file_and_the_line_in_it(write: Write, found: Found) -> None:
    path = write(front="subject: A\npreheader: B: C\nsender: expert\n")
    with pytest.raises(ContentError, match="not valid YAML") as refused:
        found()
    assert str(refused.value).startswith(str(path))
    assert "line 3" in str(refused.value)


def test_front_matter_that_never_ends_and_a_file_that_is_no_text_are_told(write: Write, found: Found) -> None:
    path = write()
    path.write_text("---\nsubject: A\n")
    with pytest.raises(ContentError, match=r"hello\.email\.en\.md: its front matter does not end"):
        found()
    path.write_bytes("您好".encode("gbk"))
    with pytest.raises(ContentError, match=r"hello\.email\.en\.md: not UTF-8 \(byte 0\)"):
        found()


@pytest.mark.parametrize("name", ["hello.md", "hello.mail.md", "hello.email.a.b.en.md"])
def test_a_file_that_is_called_otherwise_is_told(write: Write, found: Found, name: str) -> None:
    path = write(name=name)
    with pytest.raises(ContentError, match=re.escape(f"{path}: a content file is called")):
        found()


@pytest.mark.parametrize("folder", [False, True], ids=["no folder", "a folder without it"])
def test_an_attachment_that_is_not_there_is_told(tmp_path: Path, write: Write, found: Found, folder: bool) -> None:
    path = write(front=FRONT + "attachments: [sheet.pdf]\n")
    if folder:
        (tmp_path / "content" / "attachments").mkdir()
    (file,) = read_content(tmp_path / "content")
    with pytest.raises(ContentError, match=r"sheet\.pdf"):
        attachment(file, "sheet.pdf")
    (problem,) = found()
    assert problem.startswith(f"{path.name}: ")
    assert "sheet.pdf" in problem


@pytest.mark.parametrize("name", ["../company.toml", "/etc/hostname", "a/b.pdf", "..", ""])
def test_an_attachment_lies_in_its_folder_and_nowhere_else(tmp_path: Path, write: Write, name: str) -> None:
    write()
    (tmp_path / "content" / "attachments").mkdir()
    (tmp_path / "content" / "company.toml").write_text("secret")
    (file,) = read_content(tmp_path / "content")
    with pytest.raises(ContentError, match="is not in"):
        attachment(file, name)
