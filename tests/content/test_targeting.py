"""Which file a person gets; and that planning (does any fit?) and rendering (which fits best?) never disagree."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import Channel
from nurture.content.catalogue import ContentFile
from nurture.content.targeting import fits, most_specific
from nurture.storage.database import Database, in_memory
from nurture.storage.sql import literal

OURS = "zh-CN"


class Person(NamedTuple):
    """What the choice of a file asks of somebody; ``None`` is: not known."""

    language: str | None = None
    role: str | None = None
    industry: str | None = None
    employees: int | None = None


def file(
    name: str, language: str | None = None, roles: str = "", industries: str = "",
    size: tuple[int | None, int | None] = (None, None),
) -> ContentFile:  # fmt: skip
    path = Path(f"content/j/s/{name}.md")
    return ContentFile(
        path, "j", "s", "t", Channel.EMAIL, language, tuple(roles.split()), tuple(industries.split()), *size
    )


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with in_memory() as opened:
        yield opened


def whom(person: Person) -> str:
    """The person as the two rows that the predicates speak of."""
    language, role, industry, employees = map(literal, person)
    asked = "false AS impersonal, NULL AS wished_language"
    lead = f"SELECT {language}::VARCHAR AS language, {role}::VARCHAR AS role, {asked}"
    account = f"SELECT {industry}::VARCHAR AS industry, {employees}::INTEGER AS employees"
    return f"FROM ({lead}) lead, ({account}) account"


def chosen(database: Database, person: Person, *files: ContentFile) -> str | None:
    """The name of the file that a person gets."""
    number = database.one(f"SELECT {most_specific(list(enumerate(files)), OURS)} {whom(person)}")[0]
    return None if number is None else files[number].path.stem


LANGUAGES = (file("exact", "en-US"), file("wider", "en"), file("none"), file("ours", "zh-CN"))


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en-US", "exact wider none"), ("en", "wider none"), ("en-GB", "wider none"), ("fr", "none"),
        ("zh-CN", "ours none"), (None, "ours none"), ("zh", "none"), ("zh-TW", "none"), ("eng", "none"),
    ],
)  # fmt: skip
def test_the_language_is_asked_first_the_own_then_the_wider_then_none(
    database: Database, language: str | None, names: str
) -> None:
    left = list(LANGUAGES)
    for name in names.split():
        assert chosen(database, Person(language), *left) == name
        left = [each for each in left if each.path.stem != name]
    assert chosen(database, Person(language), *left) is None


@pytest.mark.parametrize(
    ("person", "name"),
    [
        (Person("en", "user", "plastics", 150), "c-three"), (Person("en", "user", "plastics"), "d-two"),
        (Person("en", "user", "food", 150), "e-other-two"), (Person("en", "user"), "b-one"),
        (Person("en", "finance", "plastics", 150), "a-nobody"),
    ],
)  # fmt: skip
def test_then_the_number_of_conditions(database: Database, person: Person, name: str) -> None:
    files = (
        file("a-nobody"), file("b-one", roles="user"), file("c-three", None, "user", "plastics", (100, 200)),
        file("d-two", None, "user", "plastics"), file("e-other-two", None, "user", "", (100, 200)),
    )  # fmt: skip
    assert chosen(database, person, *files) == name


def test_a_size_is_one_condition_and_a_list_is_one_condition(database: Database) -> None:
    person = Person(role="user", industry="food", employees=150)
    assert chosen(database, person, file("b", None, "", "", (1, 200)), file("a", None, "user finance")) == "a"
    assert chosen(database, person, file("z", None, "user", "food"), file("a", None, "", "", (1, 200))) == "z"


def test_the_language_weighs_more_than_any_condition(database: Database) -> None:
    person = Person("en-US", "user", "food", 150)
    files = (file("exact", "en-US"), file("wider", "en", "user"), file("none", None, "user", "food", (1, 200)))
    assert chosen(database, person, *files) == "exact"
    assert chosen(database, person, *files[1:]) == "wider"


def test_at_last_the_path_whatever_the_order_of_the_files(database: Database) -> None:
    files = [file("t.email.b", "en", "user"), file("t.email.a", "en", "", "food"), file("t.email.c", "en")]
    for some in (files, files[::-1]):
        assert chosen(database, Person("en", "user", "food"), *some) == "t.email.a"


@pytest.mark.parametrize(
    ("asks", "fitting", "others"),
    [
        (file("f", roles="user finance"), [Person(role="user"), Person(role="finance")], [Person(role="champion")]),
        (file("f", industries="food"), [Person(industry="food")], [Person(industry="foo")]),
        (
            file("f", size=(100, 200)),
            [Person(employees=100), Person(employees=200)],
            [Person(employees=99), Person(employees=201)],
        ),
        (file("f", size=(0, 0)), [Person(employees=0)], [Person(employees=1)]),
        (file("f", roles="user", industries="food"), [Person(None, "user", "food")], [Person(role="user")]),
    ],
)
def test_what_is_not_known_of_a_person_fits_no_condition(
    database: Database, asks: ContentFile, fitting: list[Person], others: list[Person]
) -> None:
    for person in (*fitting, *others, Person()):
        assert database.one(f"SELECT {fits(asks, OURS)} {whom(person)}") == (person in fitting,)
        assert chosen(database, person, asks) == ("f" if person in fitting else None)
        assert chosen(database, person, asks, file("rest")) == ("f" if person in fitting else "rest")


def test_no_file_fits_nobody(database: Database) -> None:
    assert chosen(database, Person()) is None


def test_quotes_are_only_characters(database: Database) -> None:
    odd = "o'food') OR true --"
    assert chosen(database, Person(industry=odd), file("f", industries=odd.replace(" ", "_"))) is None
    quoted = ContentFile(Path("f.md"), "j", "s", "t", Channel.EMAIL, industries=(odd,))
    assert chosen(database, Person(industry=odd), quoted) == "f"
    assert chosen(database, Person(industry="food"), quoted) is None


# -- planning and rendering agree --------------------------------------------------------------------------------------

TAGS = ("en", "en-US", "zh", "zh-CN", "fr-FR")
ROLES, INDUSTRIES = ("user", "finance", "technical"), ("food", "metal")
sizes = st.one_of(st.just((None, None)), st.tuples(st.integers(0, 5), st.integers(0, 5)))
some_roles = st.lists(st.sampled_from(ROLES), max_size=2, unique=True).map(" ".join)
some_industries = st.lists(st.sampled_from(INDUSTRIES), max_size=2, unique=True).map(" ".join)
files = st.lists(
    st.builds(file, st.sampled_from("abc"), st.sampled_from((None, *TAGS)), some_roles, some_industries, sizes),
    max_size=6,
    unique_by=lambda each: (each.path, each.language),
)
people = st.builds(
    Person,
    st.sampled_from((None, *TAGS, "de")),
    st.sampled_from((None, *ROLES)),
    st.sampled_from((None, *INDUSTRIES)),
    st.none() | st.integers(0, 5),
)


def rank(each: ContentFile, person: Person) -> tuple[int, int, str] | None:
    """How a file stands for a person, as ``docs/content.md`` says it; None when it is not for them."""
    tag = person.language or OURS
    if each.language not in (None, tag, tag.partition("-")[0]):
        return None
    if (each.roles and person.role not in each.roles) or (each.industries and person.industry not in each.industries):
        return None
    if each.smallest is not None and person.employees not in range(each.smallest, (each.largest or 0) + 1):
        return None
    asked = bool(each.roles) + bool(each.industries) + (each.smallest is not None)
    return (0 if each.language == tag else 1 if each.language else 2), -asked, str(each.path)


@settings(max_examples=100, deadline=None)
@given(some=files, everybody=st.lists(people, min_size=1, max_size=20))
def test_a_person_gets_a_file_exactly_when_the_night_says_that_one_fits(
    database: Database, some: list[ContentFile], everybody: list[Person]
) -> None:
    rows = ", ".join(f"({n}, {', '.join(map(literal, person))})" for n, person in enumerate(everybody))
    database.run(f"""
        CREATE OR REPLACE TEMP TABLE p (n INTEGER, language VARCHAR, role VARCHAR, industry VARCHAR, employees INTEGER,
            impersonal BOOLEAN DEFAULT false, wished_language VARCHAR);
        INSERT INTO p (n, language, role, industry, employees) VALUES {rows}""")
    best, fit = most_specific(list(enumerate(some)), OURS), ", ".join(fits(each, OURS) for each in some)
    found = database.rows(f"SELECT lead.n, {best}, [{fit}] FROM p lead JOIN p account ON lead.n = account.n ORDER BY 1")
    assert len(found) == len(everybody)
    for n, number, fitting in found:
        ranks = [rank(each, everybody[n]) for each in some]
        assert fitting == [each is not None for each in ranks]
        assert (number is None) == (not any(fitting))
        if number is not None:
            assert ranks[number] == min(each for each in ranks if each is not None)
