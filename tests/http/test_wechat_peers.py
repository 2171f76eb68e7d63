"""Independent clients of the platform accept the emulator, and an independent callback understands its pushes."""
import json
import os
import pathlib
import subprocess
import unittest

from support.wechat_emulator.server import Emulator

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "support/wechat_peers"
TOKEN = "RMNlACHlV5ThzfRlVS4D4"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"  # with spare bits set
MESSAGE = "预约 <b>&amp; 😀"


def fetched() -> pathlib.Path:
    folder = pathlib.Path(os.environ["ZL_BINARY_DIR"]) / "wechat_peers"
    subprocess.run([SOURCE / "fetch", folder], check=True, stdin=subprocess.DEVNULL)
    return folder


class PeerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = fetched()

    def setUp(self):
        self.platform = self.enterContext(Emulator())
        self.platform.add_person("o1")
        settings = self.platform.account.settings
        self.environment = os.environ | {"APPID": settings.appid, "SECRET": settings.secret, "TOKEN": TOKEN,
                                         "AES_KEY": AES_KEY}

    def node(self, script: str, *arguments: str) -> list[str]:
        return ["node", "--no-deprecation", "--no-warnings", str(self.folder / script), *arguments]


class ClientTest(PeerTest):
    def run_client(self, name: str) -> None:
        result = subprocess.run(self.node("clients.js", self.platform.url, name), env=self.environment, timeout=60,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_co_wechat_api_is_served(self):
        self.run_client("co-wechat-api")
        self.assertEqual({message["touser"] for message in self.platform.report()["sent"]}, {"o1"})

    def test_node_easywechat_is_served(self):
        self.run_client("node-easywechat")
        self.assertEqual([message["kind"] for message in self.platform.report()["sent"]],
                         ["template", "template", "template", "notice"])


class ReceiverTest(PeerTest):
    def setUp(self):
        super().setUp()
        self.receiver = subprocess.Popen(self.node("receiver.js"), env=self.environment, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.receiver.communicate)
        word, self.url = self.receiver.stdout.readline().split()
        self.assertEqual(word, "ready")

    def test_pushes_of_all_three_modes_are_read_and_answered(self):
        for mode in ("plain", "compatible", "safe"):
            with self.subTest(mode):
                # This peer makes up the nonce of its answers, and the platform lets it.
                checked = self.platform.push_to(self.url, TOKEN, AES_KEY, mode=mode, echoed_nonce=False)
                self.assertTrue(checked["checked"])
                said = self.told(self.platform.say("o1", MESSAGE))
                self.assertEqual((said["type"], said["content"], said["from"]), ("text", MESSAGE, "o1"))
                self.assertGreater(int(said["id"]), 2**53)
                pressed = self.told(self.platform.event("o1", "CLICK", "<EventKey>my_bookings</EventKey>"))
                self.assertEqual((pressed["event"], pressed["key"]), ("CLICK", "my_bookings"))
                scanned = self.told(self.platform.scan("o1", "s.42"))
                self.assertEqual((scanned["event"], scanned["key"]), ("SCAN", "s.42"))
                popped = self.told(self.platform.consent("o1", "NOTICE"))
                self.assertEqual(popped["list"]["List"]["SubscribeStatusString"], "accept")

    def test_a_wrong_signature_is_refused_by_it_too(self):
        self.assertFalse(self.platform.push_to(self.url, "another", AES_KEY)["checked"])

    def told(self, pushed: dict) -> dict:
        """What the receiver says it has read, in the first answer."""
        self.assertEqual([delivery["understood"] for delivery in pushed["deliveries"]], [True])
        return json.loads(pushed["deliveries"][0]["reply"]["Content"])


if __name__ == "__main__":
    unittest.main()
