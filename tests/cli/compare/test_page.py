"""The page: nothing from outside, every text escaped, every number explained."""

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthproto.cli.main import main
from synthproto.formatting import number, plain
from synthproto.measures.columns import BEYOND

EVIL = "<script>alert('x')</script>"
VOID = {"meta", "img", "br", "wbr", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements, attributes and text of a page; notes what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def evil(rows: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            EVIL: generator.normal(size=rows),
            '"><img src=http://e.example/x onerror=alert(1)>': generator.choice(["a", EVIL], rows),
            "a & b \x1b[31m\n": generator.uniform(size=rows),
        }
    )


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    names = ["real.csv", "<b>one.csv", "two & three.csv"]
    for seed, name in enumerate(names):
        evil(80, seed).to_csv(name, index=False)
    words = ["--out", "out", "--rows", "50", "--fail-under", "0.999"]
    assert main(["compare", *names, *words]) == 1
    return (tmp_path / "out" / "report.html").read_text()


def test_names_are_text_and_nothing_else(written: str) -> None:
    page = Page(written)
    assert {tag for tag, _ in page.elements} <= {
        *("html", "head", "meta", "title", "style", "body", "main", "nav", "a", "h1", "h2", "h3"),
        *("p", "b", "i", "dl", "dt", "dd", "div", "span", "table", "caption", "thead", "tbody"),
        *("tr", "th", "td", "code", "wbr", "figure", "img", "figcaption", "details", "summary"),
        *("section", "ul", "li", "svg", "path"),
    }
    assert EVIL in page.text
    assert "<b>one" in page.text
    attributes = {name for _, given in page.elements for name in given}
    assert not {name for name in attributes if name.startswith("on")}


def test_nothing_comes_from_outside(written: str) -> None:
    page = Page(written)
    links = [given[n] for _, given in page.elements for n in ("src", "href") if n in given]
    assert links
    assert all(str(link).startswith(("data:image/png;base64,", "#")) for link in links)
    assert "url(" not in written
    assert "@import" not in written
    assert "default-src 'none'" in written


def test_pictures_are_whole(written: str) -> None:
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', written)
    assert len(pictures) == 8
    assert all(base64.b64decode(p, validate=True)[:8] == b"\x89PNG\r\n\x1a\n" for p in pictures)


def test_numbers_have_their_words(written: str) -> None:
    text = Page(written).text
    report = json.loads(Path("out/report.json").read_text())
    for table in report["synthetic"]:
        assert number(table["similarity"]) in text
    assert "An alarm for memorisation, not a proof of privacy" in text
    assert text.count("How alike single columns are") == 1  # explained once, not for each table
    assert "below 0.999" in text


def test_columns_stand_beside_real_rows(written: str) -> None:
    page = Page(written)
    widths = {
        kind: [
            float(str(given["style"]).removeprefix("width:").removesuffix("%"))
            for tag, given in page.elements
            if tag == "span" and given.get("class") == kind
        ]
        for kind in ("bar", "mark")
    }
    assert len(widths["bar"]) == len(widths["mark"]) == 12  # two tables of three columns and pairs
    assert max(widths["bar"]) > 10  # the worst bar is large enough to be seen
    report = json.loads(Path("out/report.json").read_text())
    beyond = [
        each["excess"] > BEYOND
        for table in report["synthetic"]
        for each in (*table["worst_columns"], *table["worst_pairs"])
    ]
    assert written.count('<tr class="beyond">') == sum(beyond)


def test_the_first_screen_shows_each_family(written: str) -> None:
    page = Page(written)
    strips = [given for tag, given in page.elements if given.get("class") == "strip"]
    assert strips
    for given in strips:
        assert "real rows" in str(given["aria-label"]) or "floor" in str(given["aria-label"])
    dots = [given for tag, given in page.elements if "dot c" in str(given.get("class"))]
    places = [str(given["style"]) for given in dots if "style" in given]
    assert len(places) >= 2 * len(strips) - 2
    assert all(3 <= float(each.removeprefix("left:").removesuffix("%")) <= 97 for each in places)
    assert written.index('class="families') < written.index("Worst columns</h2>")
    sketches = [given for tag, given in page.elements if given.get("class") == "synthetic"]
    assert len(sketches) == 6
    pictures = {
        tag: [given for name, given in page.elements if name == tag] for tag in ("img", "svg")
    }
    assert all(str(given["alt"]).strip() for given in pictures["img"])
    assert all("real and synthetic" in str(given["aria-label"]) for given in pictures["svg"])
    assert all(pictures.values())
    assert not any("nan" in str(given["d"]) for given in sketches)


def test_the_page_of_one_table_shows_values(tmp_path: Path) -> None:
    evil(40, 0).to_csv(tmp_path / "a.csv", index=False)
    given = [str(tmp_path / "a.csv")] * 2
    assert main(["compare", *given, "--preset", "sdmetrics", "--out", str(tmp_path)]) == 0
    written = (tmp_path / "report.html").read_text()
    assert 'class="families single"' in written
    assert 'class="end"' in written


def test_terminal_text_cannot_move_the_cursor() -> None:
    assert plain("a\x1b[2J\nb") == "a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}b"
    assert plain("abcdefghij", 6) == "abc..."
    assert [len(plain("abcdefghij", width)) for width in range(1, 12)] == [
        *(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10)
    ]
