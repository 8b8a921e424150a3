"""No cell of an export can start a formula, whatever people typed (R07)."""

import csv
import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from exports.tables import FORMULA_STARTS, Sheet, csv_table, shielded, workbook

TYPED = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.builds(
        lambda blank, start, rest: blank + start + rest,
        st.sampled_from(["", " ", "\t", "\r", "\n", "\u00a0", "  \t"]),
        st.sampled_from([*FORMULA_STARTS, "\t", "\r"]),
        st.sampled_from(["1+1", "cmd|' /C calc'!A0", "SUM(A1:A2)", ""]),
    ),
)


@given(TYPED)
def test_no_csv_cell_starts_a_formula(text):
    content = csv_table(Sheet("Foyers", ["Nom"], [[text]])).decode("utf-8-sig")
    (_, row) = csv.reader(io.StringIO(content, newline=""), delimiter=";")
    for cell in row:
        assert not cell.lstrip().startswith(FORMULA_STARTS)
        assert not cell.startswith(("\t", "\r", "\n"))


@given(TYPED)
def test_no_workbook_cell_is_a_formula(text):
    with zipfile.ZipFile(io.BytesIO(workbook([Sheet("Foyers", ["Nom"], [[text]])]))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f" not in sheet.replace(b"<formula", b"<f")
    assert b"hyperlink" not in sheet


def test_numbers_and_ordinary_words_are_left_alone():
    assert [shielded(cell) for cell in ("Léo", -3, None, "06 12", True)] == ["Léo", "-3", "", "06 12", "oui"]
