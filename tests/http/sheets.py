"""Rosters for spreadsheets, read as a spreadsheet would: rows of texts, of which the first has the titles."""

import csv
import io
import re
import zipfile
from xml.etree import ElementTree

FORMS = ("csv", "xlsx")
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def export(client, activity, form, **kwargs):
    return client.get(f"/admin/activities/{activity['id']}/roster.{form}", **kwargs)


def rows_of(answer, form):
    if answer.status != 200:
        raise AssertionError(f"expected a file, got {answer}")
    return csv_rows(answer.body) if form == "csv" else xlsx_rows(answer.body)


def csv_rows(body):
    text = body.decode("utf-8")
    if not text.startswith("\ufeff") or not text.endswith("\r\n"):
        raise AssertionError(f"not as Excel wants it: {text[:80]!r}")
    return list(csv.reader(io.StringIO(text[1:], newline=""), strict=True))


def parts_of(body):
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        if file.testzip() is not None:
            raise AssertionError("a damaged file")
        return {name: file.read(name).decode("utf-8") for name in file.namelist()}


def xlsx_rows(body):
    """Cells that aren't there are empty, up to the width of the first row."""
    rows = []
    for row in ElementTree.fromstring(parts_of(body)["xl/worksheets/sheet1.xml"]).iter(MAIN + "row"):
        cells = {column_of(cell.get("r")): text_of(cell) for cell in row}
        width = max(len(rows[0]) if rows else 0, *(column + 1 for column in cells))
        rows.append([cells.get(column, "") for column in range(width)])
    return rows


def column_of(reference):
    """ "C7" → 2 """
    number = 0
    for letter in reference.rstrip("0123456789"):
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def text_of(cell):
    """As Excel shows it; _x000D_ and the like are escapes (ECMA-376, ST_Xstring)."""
    if cell.get("t") != "inlineStr" or [child.tag for child in cell] != [MAIN + "is"]:
        raise AssertionError(f"no text: {ElementTree.tostring(cell)}")
    text = "".join(part.text or "" for part in cell.iter(MAIN + "t"))
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)
