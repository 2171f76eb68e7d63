"""What an operator does by hand: runs the scripts, looks into the database."""

import os
import pathlib
import subprocess

from support.stack import SOURCE_DIR

ENVIRONMENT = {"ZL_BINARY_DIR": str(SOURCE_DIR / "build/debug")} | os.environ


def script(name: str, *arguments: object, status: int = 0) -> str:
    """Runs a script to its end; what it said."""
    result = subprocess.run([SOURCE_DIR / "scripts" / name, *map(str, arguments)], stdin=subprocess.DEVNULL, env=ENVIRONMENT,
                            capture_output=True, text=True, check=False)
    if result.returncode != status:
        raise AssertionError(f"{name} {arguments}: status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout + result.stderr


def bookings(folder: pathlib.Path) -> dict[str, str]:
    """State of every booking by id, as MariaDB in that folder has them."""
    password = (folder / "secrets/mysql_migrate_password").read_text()
    result = subprocess.run(["mariadb", "--no-defaults", f"--socket={folder}/mysql.sock", "--user=zhonglou_migrate", "--batch",
                             "--skip-column-names", "--execute=SELECT LOWER(HEX(id)), state FROM bookings", "zhonglou"],
                            env=os.environ | {"MYSQL_PWD": password}, capture_output=True, text=True, check=True)
    return dict(line.split("\t") for line in result.stdout.splitlines())
