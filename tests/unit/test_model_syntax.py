"""The language of models: what is read from it, and where errors point."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustmeasure.confirmatory.language.modifiers import Modifiers
from trustmeasure.confirmatory.language.syntax import ParsedModel, parse_model
from trustmeasure.errors import OptionError


def rows(text: str) -> list[tuple[str, str, str]]:
    return [(row.lhs, row.op, row.rhs) for row in parse_model(text).formulas]


def modifiers(term: str) -> Modifiers:
    (row,) = parse_model(f"f =~ {term}").formulas
    return row.modifiers


def test_sums_are_taken_apart_on_both_sides() -> None:
    assert rows("f1 + f2 =~ x1 + x2") == [
        ("f1", "=~", "x1"),
        ("f1", "=~", "x2"),
        ("f2", "=~", "x1"),
        ("f2", "=~", "x2"),
    ]


def test_every_operator() -> None:
    model = parse_model(
        """
        f =~ x1 + a*x2
        f ~ z
        x1 ~~ x2
        x1 ~ 1
        x3 | t1 + t2
        x3 ~*~ x3
        a == 2
        a > 0
        a < 3
        b := a^2
        """
    )
    assert [row.op for row in model.formulas] == ["=~", "=~", "~", "~~", "~1", "|", "|", "~*~"]
    assert [relation.text for relation in model.relations] == [
        "a == 2",
        "a > 0",
        "a < 3",
        "b := a^2",
    ]
    assert model.latent == ("f",)
    assert model.observed == ("x1", "x2", "z", "x3")


@pytest.mark.parametrize(
    "text",
    [
        "f =~ x1 + x2 + x3",
        "f=~x1+x2+x3",
        "f =~ x1 + # first\n  x2 + ! second\n\n  x3",
        "f =~ x1\n + x2\n + x3",
        "f =~\n x1 + x2 + x3",
        "f\n=~ x1 + x2 + x3",
        "\r\n# comment\r\nf =~ x1 + x2 +\r\nx3;\r\n;",
        "f =~ x1 + x2; # f =~ x9\nf =~ x3",
        "f =~ + x1 + x2 + x3",
        "f =∼ x1 + x2 + x3",
        "\ufefff\t=~ x1\u00a0+ x2 + 'x3'",
    ],
)
def test_lines_blanks_and_comments(text: str) -> None:
    assert rows(text) == [("f", "=~", "x1"), ("f", "=~", "x2"), ("f", "=~", "x3")]


@pytest.mark.parametrize(
    "name",
    ["x", "x.1", "x_1", "_x", ".x", "größe", "信頼", "विश्वास", "не_доверие", "x·"[:1], "NAME"],
)
def test_names_of_any_script(name: str) -> None:
    assert rows(f"f =~ {name} + y") == [("f", "=~", name), ("f", "=~", "y")]


@pytest.mark.parametrize("quote", ['"', "'", "`"])
def test_quoted_names_may_hold_anything(quote: str) -> None:
    text = f"f =~ x1 + {quote}My item #1 (a+b){quote} + 0.5*{quote}2nd{quote}"
    assert [row[2] for row in rows(text)] == ["x1", "My item #1 (a+b)", "2nd"]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("x", Modifiers()),
        ("1*x", Modifiers(fixed=(1,))),
        ("-1*x", Modifiers(fixed=(-1,))),
        ("1/3*x", Modifiers(fixed=(1 / 3,))),
        ("sqrt(2)*x", Modifiers(fixed=(math.sqrt(2),))),
        ("(1 - 0.5)*x", Modifiers(fixed=(0.5,))),
        ("2*3*x", Modifiers(fixed=(6,))),
        ("2^-1*x", Modifiers(fixed=(0.5,))),
        ("pi*x", Modifiers(fixed=(math.pi,))),
        ("1e-3*x", Modifiers(fixed=(0.001,))),
        ("a*x", Modifiers(label=("a",))),
        ('"a"*x', Modifiers(label=("a",))),
        ('label("a")*x', Modifiers(label=("a",))),
        ("label(c('a', 'b'))*x", Modifiers(label=("a", "b"))),
        ("equal('f =~ y')*x", Modifiers(label=("f=~y",))),
        ("start(0.8)*x", Modifiers(start=(0.8,))),
        ("start(c(0.8, -1/2))*x", Modifiers(start=(0.8, -0.5))),
        ("start(0.8, 0.7)*x", Modifiers(start=(0.8, 0.7))),
        ("0.8?x", Modifiers(start=(0.8,))),
        ("-0.8?x", Modifiers(start=(-0.8,))),
        ("lower(0)*x", Modifiers(lower=(0,))),
        ("upper(c(1, 2))*x", Modifiers(upper=(1, 2))),
        ("c(a, b)*x", Modifiers(label=("a", "b"))),
        ("c(a, a)*x", Modifiers(label=("a", "a"))),
        ("c('a', NA)*x", Modifiers(label=("a", ""))),
        ("c(0.5, 1/4)*x", Modifiers(fixed=(0.5, 0.25))),
        ("c(a, 0.5)*x", Modifiers(label=("a", ""), fixed=(None, 0.5))),
        ("start(0.8)*a*x", Modifiers(label=("a",), start=(0.8,))),
        ("a*0.7*x", Modifiers(label=("a",), fixed=(0.7,))),
        ("a*x + 0.7*x", Modifiers(label=("a",), fixed=(0.7,))),
        ("x + start(0.1)*x + lower(0)*x", Modifiers(start=(0.1,), lower=(0,))),
    ],
)
def test_modifiers(term: str, expected: Modifiers) -> None:
    assert modifiers(term) == expected


@pytest.mark.parametrize(("term", "free"), [("NA*x", [0]), ("c(0.5, NA)*x", [1])])
def test_na_frees(term: str, free: list[int]) -> None:
    fixed = modifiers(term).fixed
    assert [i for i, value in enumerate(fixed) if value is None or math.isnan(value)] == free


def test_intercepts_zero_slopes_and_phantoms() -> None:
    model = parse_model("y ~ 1 + x + m*z\n u ~ 0 + v\n w ~ i*1\n f =~ 0")
    assert [(row.lhs, row.op, row.rhs) for row in model.formulas] == [
        ("y", "~1", ""),
        ("y", "~", "x"),
        ("y", "~", "z"),
        ("u", "~1", ""),
        ("u", "~", "v"),
        ("w", "~1", ""),
        ("f", "=~", "f"),
    ]
    assert model.formulas[3].modifiers == Modifiers(fixed=(0,))
    assert model.formulas[5].modifiers == Modifiers(label=("i",))
    assert model.formulas[6].modifiers == Modifiers(fixed=(0,))


def test_covariances_put_the_latent_and_the_earlier_first() -> None:
    found = rows("f =~ x1 + x2\n g =~ x3\n x3 ~~ x1 \n x2 ~~ f\n g ~~ f")
    assert found[3:] == [("x1", "~~", "x3"), ("f", "~~", "x2"), ("f", "~~", "g")]


def test_products_of_observed_variables() -> None:
    model = parse_model("y ~ a*x1 + x1:x2 + b*x1:x3")
    assert [row.rhs for row in model.formulas] == ["x1", "x1:x2", "x1:x3"]
    assert model.names("ov.x") == ("x1", "x1:x2", "x1:x3")


def placed(model: ParsedModel) -> list[tuple[str, int, int]]:
    return [(row.rhs, row.group, row.level) for row in model.formulas]


def test_blocks() -> None:
    model = parse_model(
        """
        GROUP: boys
          level: within
            f =~ x1
          level: between
            f =~ x2
        group: girls
          level: within;  f =~ x3
          level: between; f =~ x4
        """
    )
    assert placed(model) == [("x1", 1, 1), ("x2", 1, 2), ("x3", 2, 1), ("x4", 2, 2)]
    assert (model.groups, model.levels) == (("boys", "girls"), ("within", "between"))


@pytest.mark.parametrize("first", ["2", "between", "cluster"])
def test_the_higher_level_may_be_written_first(first: str) -> None:
    second = {"2": "1", "between": "within", "cluster": "1"}[first]
    model = parse_model(f"level: {first}\n f =~ x1\n level: {second}\n f =~ x2")
    expected = [("x1", 1, 2), ("x2", 1, 1)] if first != "cluster" else [("x1", 1, 1), ("x2", 1, 2)]
    assert placed(model) == expected


def test_a_block_may_be_taken_up_again() -> None:
    model = parse_model("level: 1\n f =~ x1\nlevel: 2\n f =~ x2\nlevel: 1\n x1 ~~ x1")
    assert placed(model)[-1] == ("x1", 1, 1)


# Model, line, column, and what the message says.
WRONG = [
    ("f =~ x1\nf = x2", 2, 3, "'=' is not an operator.*Did you mean '=~' .*'=='"),
    ("f ~= x1", 1, 3, "Did you mean '=~'"),
    ("f ~~~ x1", 1, 3, "'~~~' is not an operator.*Did you mean '~~'"),
    ("a <= b", 1, 3, "Did you mean '<'"),
    ("f <~ x1", 1, 3, "composites.*not offered"),
    ("f % w", 1, 3, "weights of groups"),
    ("f =~ x1 x2", 1, 9, "no sign between 'x1' and 'x2'"),
    ("f =~ x1\nx2 + x3", 2, 1, "no operator.*begin this one, with '\\+'"),
    ("f BY x1 x2", 1, 1, "'BY' belongs to another program.*f =~ x1"),
    ("f =~ x1 +", 1, 10, "found the end of the model where a variable was expected"),
    ("f =~ x1 + ; y ~ x", 1, 11, "found ';' where a variable was expected"),
    ("f =~ x1 ++ x2", 1, 10, "found '\\+' where a variable"),
    ("f =~ 0.5*", 1, 10, "what it belongs to after it"),
    ("f =~ 0.5* + x2", 1, 11, "found '\\+' where a variable was expected"),
    ("f =~ *x1", 1, 6, "found '\\*' where a coefficient"),
    ("f =~ a**x1", 1, 7, "found '\\*\\*' after 'a'"),
    ("f =~ (x1 + x2)", 1, 6, "do not stand in parentheses"),
    ("f =~ start(0.5*x2\ny ~ x", 1, 11, "not closed before '~'"),
    ("f =~ start(0.5*x2", 1, 11, "never closed"),
    ("f =~ x1)", 1, 8, "never opened"),
    ("f =~ f + x1", 1, 6, "'f' stands on both sides: it is measured by itself"),
    ("x ~ x", 1, 5, "regressed on itself.*x ~~ x"),
    ("f =~ x1 - x2", 1, 9, "joined with '\\+' only"),
    ("f =~ x1 -0.5*x2", 1, 9, "a negative coefficient is written"),
    ("f =~ -x1", 1, 6, "A coefficient of minus one is written -1\\*x1"),
    ("f =~ strat(0.5)*x1", 1, 6, "'strat\\(\\)' is not a modifier.*Did you mean 'start'"),
    ("f =~ efa('b')*x1", 1, 6, "efa\\(\\) is not offered"),
    ("f =~ rv('b')*x1", 1, 6, "Random slopes are not offered"),
    ("a*f =~ x1", 1, 1, "modifiers stand on the right side only"),
    ("f =~ c(0.5, )*x1", 1, 13, "c\\(\\) lacks a value before '\\)'"),
    ("f =~ c(1, 2)", 1, 7, "stands before a star and a variable"),
    ("f =~ c(1, 2) 3*x1", 1, 14, "where a star was expected"),
    ("f =~ label(0.5)*x1", 1, 12, "found '0.5' where a label was expected"),
    ("f =~ start(a)*x1", 1, 12, "'a' stands inside arithmetic"),
    ("f =~ start('1')*x1", 1, 12, "found text where a number"),
    ("f =~ 2*a/3*x1", 1, 8, "'a' stands inside arithmetic"),
    ("f =~ log(0)*x1", 1, 6, "not a finite number"),
    ("f =~ a*b*x1", 1, 8, "two labels"),
    ("f =~ 0.5*x1 + 0.7*x1", 1, 19, "two fixed values"),
    ("f =~ NA", 1, 6, "NA frees a parameter"),
    ("y ~ 3", 1, 5, "the number '3' .*3\\*1"),
    ("f =~ 2", 1, 6, "the number '2' where a variable was expected"),
    ("f =~ x1\n\n  f =~ x2 + x1", 3, 13, "'f =~ x1' was said before, on line 1"),
    ("y ~ 1\ny ~ 0*1", 2, 7, "'y ~ 1' was said before"),
    ("x1 ~~ x2\nx2 ~~ x1", 2, 7, "was said before, on line 1"),
    ("f =~ x1 ~~ x2", 1, 9, "a second operator, after '=~'. Begin a new line"),
    ("f =~ x1 +\nx2 ~~ x3", 2, 4, "The line above ends with '\\+'"),
    ("f =~ x1, x2", 1, 8, "found ',' after 'x1'"),
    ("=~ x1", 1, 1, "nothing stands on the left side"),
    ("f =~", 1, 5, "nothing stands on the right side"),
    ("f g =~ x1", 1, 3, "found 'g' on the left side"),
    ("f + =~ x1", 1, 5, "found '=~' where a variable was expected"),
    ("y | s1", 1, 5, "found 's1' where a threshold was expected"),
    ("y | t0", 1, 5, "found 't0'"),
    ("y1 ~*~ y2", 1, 8, "must stand on both sides: y1 ~\\*~ y1"),
    ("y ~ x1:x2:x3", 1, 10, "products of three variables"),
    ("y ~ x1:", 1, 8, "a variable on both sides of ':'"),
    ("x1:x2 ~ y", 1, 1, "a product stands on the right side only"),
    ("levle: 1\nf =~ x1", 1, 1, "Did you mean 'level'"),
    ("level:\nf =~ x1", 1, 7, "needs a number or name"),
    ("f =~ x1\nlevel: 1\nf =~ x2", 2, 1, "before the first block"),
    ("level: 1; f =~ x1; group: 1; f =~ x2", 1, 20, "levels lie within groups"),
    ("f -> x1", 1, 3, "arrows are not part of the language"),
    ("f =~ x1@1", 1, 8, "'@' has no meaning here.*0.5\\*x1"),
    ("f =~ x1 + –0.5*x2", 1, 11, "This is a dash"),
    ("f =~ “x1”", 1, 6, "typographic quotation marks"),
    ('f =~ "x1', 1, 6, "is not closed on this line"),
    ("f =~ ' '", 1, 6, "no name between"),
    ("f =~ 'a:b'", 1, 6, "names with a colon are kept for products"),
    ("'a:b' =~ x1", 1, 1, "names with a colon are kept for products"),
    ("f =~ 1x", 1, 6, "cannot begin with a digit"),
    ("a := b*", 1, 8, "where a number or label was expected"),
    ("a := foo(b)", 1, 6, "'foo' is not a function"),
    ("a + b := c", 1, 1, "the left side of ':=' is one name"),
    ("== a", 1, 1, "nothing stands on the left side of '=='"),
    ("\tf =~ x1\n\ty = x", 2, 4, "'=' is not an operator"),
]


@pytest.mark.parametrize(("text", "line", "column", "said"), WRONG, ids=[w[0] for w in WRONG])
def test_errors_point_at_line_and_column(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(OptionError, match=said) as caught:
        parse_model(text)
    message, shown, caret = str(caught.value).rsplit("\n", 2)
    assert message.startswith(f"Line {line}, column {column} of the model: ")
    assert shown == "    " + text.split("\n")[line - 1]
    assert caret.endswith("^")
    # Tabs stay tabs under the line, so that the caret stands under the character.
    assert len(caret) == 4 + column


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no formula"),
        ("  # nothing\n", "holds no formula"),
        ("a == 1", "holds no formula"),
        ("level: 1\nf =~ x1", "has 1 level"),
        ("level: 1\nf =~ x1\nlevel: 2\nf =~ x2\nlevel: 3\nf =~ x3", "has 3 level"),
        ("level: 1\nf =~ x1\nlevel: 2", "Level '2' holds no formula"),
        (
            "group: a\nlevel: 1\nf =~ x1\nlevel: 2\nf =~ x2\ngroup: b\nlevel: 1\nf =~ x1",
            "Level '2' of group 'b' holds no formula",
        ),
    ],
)
def test_models_that_are_not_whole(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        parse_model(text)


def test_a_model_is_text() -> None:
    with pytest.raises(OptionError, match="The model is list; expected text"):
        parse_model(["f =~ x1"])  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.text(alphabet="fx1 =~+*:|<>()#;\n\"'ac,.NA-%é@?^/0", max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    message = ""
    try:
        parse_model(text)
    except OptionError as error:
        message = str(error)
    assert not message or message.startswith(("Line ", "The model", "Level "))


variables = st.sampled_from(["x1", "x2", "x3", "y.1", "größe"])
coefficients = st.sampled_from(["", "a*", "0.5*", "NA*", "start(0.2)*", "c(a, b)*", "-1/3*"])


@settings(deadline=None)
@given(st.lists(st.tuples(coefficients, variables), min_size=1, unique_by=lambda pair: pair[1]))
def test_line_ends_after_signs_change_nothing(terms: list[tuple[str, str]]) -> None:
    written = [coefficient + name for coefficient, name in terms]
    one = parse_model("f =~ " + " + ".join(written)).formulas
    many = parse_model("f =~\n" + " +\n\n".join(written).replace("*", " *\n")).formulas
    assert [(r.rhs, repr(r.modifiers)) for r in one] == [(r.rhs, repr(r.modifiers)) for r in many]
