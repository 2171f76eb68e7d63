"""What a server is to do at its crash points (src/base/crash_point.hpp). It reads the orders from the file that
ZL_CRASH_ORDERS names."""

import contextlib
import os
import pathlib
import subprocess
import tempfile

from support.stack import ZHONGLOU


class Orders:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="zl-")
        self.file = pathlib.Path(self.folder.name) / "orders"

    def give(self, point, passes, action="kill"):
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{point} {passes} {action}\n")
        draft.rename(self.file)

    def withdraw(self):
        self.file.unlink(missing_ok=True)


@contextlib.contextmanager
def town_under_orders(case, **settings):
    """The orders that the servers of the case's town take."""
    orders = Orders()
    with orders.folder:
        os.environ["ZL_CRASH_ORDERS"] = str(orders.file)
        case.start_town(**settings)
        try:
            yield orders
        finally:
            case.stop_town()
            del os.environ["ZL_CRASH_ORDERS"]


def crash_points():
    result = subprocess.run([ZHONGLOU, "crash-points"], capture_output=True, text=True, check=True)
    return result.stdout.split()
