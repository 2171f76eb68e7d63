"""MariaDB dies while its binary log has no room, which tears the log in the middle of an event. After it is started again the
same servers serve everybody, and a backup that reaches beyond the tear is put back with each of its bookings."""

import full_binary_log
from support.operating import bookings, script


class ATornLog(full_binary_log.FullBinaryLog):
    small_disk = staticmethod(full_binary_log.WithADiskOfItsOwn.small_disk)

    def happens(self):
        return not self.disk.store_runs() or super().happens()

    def die(self):
        self.prove_full()
        self.stack.kill_store("mariadb")

    def test_loses_nothing_of_what_was_committed(self):
        here, backup, copy = (self.stack.folder / name for name in (".", "backup", "copy"))
        script("backup", backup, "--data", here)
        self.survives("MariaDB killed without room for the binary log", self.full_until_it_writes(), "503", self.die)
        self.assertTrue(self.ended)
        self.assertEqual(self.logged(), set(bookings(here)))

        script("backup", "--logs", backup, "--data", here)
        script("restore", backup, "--data", copy)
        script("servers", "start-mariadb", "--small", copy)
        self.addCleanup(script, "servers", "stop-mariadb", copy)
        self.assertEqual(bookings(copy), bookings(here))
