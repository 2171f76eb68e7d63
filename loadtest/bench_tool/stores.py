"""A Redis and a MariaDB of the benchmark's own, and the statements that it sends them itself."""
import getpass
import os
import pathlib
import subprocess

from .machine import Refusal, ROOT, pinned, program, run


class Stores:
    """Both stores in one folder, with the binary log on; `preload` is put into both, to slow their syncs down."""

    def __init__(self, folder: pathlib.Path, core_list: list[int], preload: pathlib.Path | None = None, sync_delay_us: int = 1000):
        self.folder = folder
        environment = dict(os.environ, ZL_MARIADB_TEMPLATE=os.fspath(folder.parent / "mariadb-template"))
        if preload:
            environment |= {"LD_PRELOAD": os.fspath(preload), "FSYNC_DELAY_US": str(sync_delay_us)}
        self._hold = subprocess.Popen(pinned(core_list, [ROOT / "scripts" / "servers", "hold", "--large", "--binlog", folder]),
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
                                      start_new_session=True)

    def wait_until_ready(self) -> None:
        for line in self._hold.stdout:
            if line.strip() == "ready":
                return
        raise Refusal(f"the stores in {self.folder} did not start")

    @property
    def redis_socket(self) -> pathlib.Path:
        return self.folder / "redis.sock"

    @property
    def mysql_socket(self) -> pathlib.Path:
        return self.folder / "mysql.sock"

    def pid(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text())

    def password(self, account: str) -> str:
        return (self.folder / "secrets" / f"mysql_{account}_password").read_text()

    def sql(self, statements: str, database: str = "zhonglou") -> list[list[str]]:
        """Runs statements as the owner of the database; gives the rows as text."""
        output = run([program("mariadb"), "--no-defaults", f"--socket={self.mysql_socket}", f"--user={getpass.getuser()}",
                      "--batch", "--skip-column-names", database], text_in=statements)
        return [line.split("\t") for line in output.splitlines()]

    def redis(self, *arguments: str) -> str:
        return run([program("redis-cli"), "-s", self.redis_socket, *arguments]).strip()

    def redis_pipe(self, commands: str) -> None:
        run([program("redis-cli"), "-s", self.redis_socket, "--pipe"], text_in=commands)

    def stop(self) -> None:
        """scripts/servers ends both when its input closes."""
        self._hold.stdin.close()
        self._hold.wait()
