"""Rosters that are opened in a spreadsheet: whatever parents call themselves and their children is a text there, and none
of it a formula, a link or a file's name (OWASP, CSV Injection)."""

import re
import unittest
import urllib.parse

from client import done, made
from sheets import export, parts_of, rows_of
from test_security_injection import FORMULAS, SQL
from town import TownCase, book, fresh, in_hours

# Beside those that everybody tries: full-width ones, spaces before it, separators and quotes that would end a cell, and
# what is an escape in XLSX alone.
SLY = ('=HYPERLINK("http://x")', "+1", "@SUM(A1)", "-2+3", "＝1+1", "＋1", "－1", "＠SUM(A1)", '",=1+1', '"=1+1"', ";=1+1;", "x,=1+1",
       "'=1+1", "_x003D_1+1", "_x000D_=1", "<f>1+1</f>", "]]>&amp;<is/>", "a  b")
TEXTS = (*FORMULAS, *SQL, *SLY)
FORMULA = re.compile("[ \u3000]*[=+\\-@\t\r\n＝＋－＠]")


def setUpModule():
    TownCase.start_town()


def tearDownModule():
    TownCase.stop_town()


class Formulas(TownCase):
    @classmethod
    def setUpClass(cls):
        """Everybody's name and nickname is such a text, and so is the venue."""
        town = cls.town
        sessions = [{"starts_at": in_hours(48 + 2 * number), "ends_at": in_hours(49 + 2 * number), "venue": text}
                    for number, text in enumerate(SLY)]
        cls.activity = town.activity(capacity=len(TEXTS), kind="camp", sessions=sessions)
        cls.expected = {}
        for text in TEXTS:
            parent = town.client()
            login = done(parent.post("/login/dev", {"openid": fresh("sly-"), "nickname": text}))
            parent.token = login["token"]
            child = town.child(parent, name=text)
            cls.expected[made(book(parent, cls.activity, child))["id"]] = text

    def seen(self, form):
        """What stands there as name and as nickname, by what was sent; and every cell."""
        rows = rows_of(export(self.town.admin, self.activity, form), form)
        self.assertEqual({len(row) for row in rows}, {5 + len(SLY)})
        by_text = {self.expected[row[4]]: (row[0], row[2]) for row in rows[1:]}
        self.assertEqual(set(by_text), set(TEXTS))
        self.assertEqual([title.partition(" ")[2].partition(" ")[2] for title in rows[0][5:]], list(SLY))
        return by_text, [cell for row in rows for cell in row]

    def test_no_cell_of_the_csv_is_one(self):
        by_text, cells = self.seen("csv")
        for text, seen in by_text.items():
            with self.subTest(text=text):
                self.assertEqual(seen, ("'" + text if FORMULA.match(text) else text,) * 2)
        self.assertEqual([cell for cell in cells if FORMULA.match(cell)], [])
        self.assertGreater(len([cell for cell in cells if cell.startswith("'")]), 2 * len(FORMULAS))

    def test_no_cell_of_the_xlsx_is_one(self):
        by_text, _ = self.seen("xlsx")
        for text, seen in by_text.items():
            with self.subTest(text=text):
                self.assertEqual(seen, (text, text))

    def test_the_xlsx_has_no_place_for_one(self):
        parts = parts_of(export(self.town.admin, self.activity, "xlsx").body)
        sheet = parts["xl/worksheets/sheet1.xml"]
        data = sheet[sheet.index("<sheetData>"):sheet.index("</sheetData>")]
        self.assertEqual(set(re.findall(r"<(\w+)", data)), {"sheetData", "row", "c", "is", "t"})
        for name, text in parts.items():
            self.assertNotRegex(name, "externalLink|connections|vbaProject|macro|drawing|query")
            self.assertNotRegex(text, "<f[ >/]|<hyperlink|<definedName|TargetMode|ddeLink|oleLink", name)


class FileNames(TownCase):
    def test_no_title_leaves_its_place_in_the_header(self):
        for title in ('x"; filename="evil.exe', "../../etc/passwd", "a'b\\c", "%0d%0aSet-Cookie: a=b", "x.exe;", "😀\u2060", "="):
            activity = self.town.activity(title=title)
            for form in ("csv", "xlsx"):
                with self.subTest(title=title, form=form):
                    answer = export(self.town.admin, activity, form)
                    value, = answer.headers.get_all("Content-Disposition")
                    plain, encoded = re.fullmatch(r"attachment; filename=\"([^\"]+)\"; filename\*=UTF-8''([A-Za-z0-9%._~-]+)",
                                                  value).groups()
                    self.assertEqual(plain, f"roster.{form}")
                    self.assertEqual(urllib.parse.unquote(encoded), f"{title}.{form}")
                    self.assertNotIn("Set-Cookie", answer.headers)


if __name__ == "__main__":
    unittest.main()
