#!/usr/bin/python3
"""scripts/check-layers: what each layer may include, shown on small trees, and the real tree passes."""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = {f"src/{layer}/own.hpp": "#pragma once\n" for layer in
           ("base", "domain", "runtime", "app", "store/redis", "store/mysql", "wechat", "http", "server")}

# (layer, include, allowed?)
SCENARIOS = [
    ("base", "<boost/system/result.hpp>", True),
    ("base", "<fmt/format.h>", True),
    ("base", '"domain/own.hpp"', False),
    ("base", "<boost/asio/awaitable.hpp>", False),
    ("base", "<spdlog/spdlog.h>", False),
    ("domain", '"base/own.hpp"', True),
    ("domain", "<chrono>", True),
    ("domain", '"runtime/own.hpp"', False),
    ("domain", "<fmt/format.h>", False),
    ("domain", "<boost/system/result.hpp>", False),
    ("domain", "<iostream>", False),
    ("domain", "<unistd.h>", False),
    ("domain", "<random>", False),
    ("runtime", '"base/own.hpp"', True),
    ("runtime", "<boost/asio.hpp>", True),
    ("runtime", "<boost/asio/steady_timer.hpp>", True),
    ("runtime", "<openssl/evp.h>", True),
    ("runtime", "<prometheus/counter.h>", True),
    ("runtime", "<argon2.h>", True),
    ("runtime", '"domain/own.hpp"', False),
    ("runtime", '"app/own.hpp"', False),
    ("runtime", "<boost/beast/http.hpp>", False),
    ("app", '"domain/own.hpp"', True),
    ("app", '"runtime/own.hpp"', True),
    ("app", "<boost/asio/awaitable.hpp>", True),
    ("app", "<boost/asio/post.hpp>", False),
    ("app", "<boost/asio.hpp>", False),
    ("app", '"store/redis/own.hpp"', False),
    ("app", '"http/own.hpp"', False),
    ("store/redis", '"app/own.hpp"', True),
    ("store/redis", '"store/redis/function_files.hpp"', True),
    ("store/redis", "<hiredis/async.h>", True),
    ("store/redis", "<boost/asio/posix/stream_descriptor.hpp>", True),
    ("store/redis", '"store/mysql/own.hpp"', False),
    ("store/redis", "<cppconn/driver.h>", False),
    ("store/mysql", "<cppconn/driver.h>", True),
    ("store/mysql", "<mysql/jdbc.h>", True),
    ("store/mysql", "<boost/asio/awaitable.hpp>", True),
    ("store/mysql", '"store/mysql/migration_files.hpp"', True),
    ("store/mysql", "<boost/asio/post.hpp>", False),
    ("store/mysql", "<hiredis/hiredis.h>", False),
    ("store/mysql", '"store/redis/function_files.hpp"', False),
    ("wechat", "<pugixml.hpp>", True),
    ("wechat", "<boost/beast/http.hpp>", True),
    ("wechat", '"http/own.hpp"', False),
    ("http", '"app/own.hpp"', True),
    ("http", "<boost/beast/http.hpp>", True),
    ("http", "<boost/json.hpp>", True),
    ("http", '"store/mysql/own.hpp"', False),
    ("http", '"store/mysql/migration_files.hpp"', False),
    ("http", "<openssl/hmac.h>", False),
    ("http", "<hiredis/hiredis.h>", False),
    ("server", '"http/own.hpp"', True),
    ("server", '"store/redis/own.hpp"', True),
    ("server", "<CLI/CLI.hpp>", True),
    ("server", "<toml++/toml.h>", True),
    ("server", "<hiredis/hiredis.h>", False),
    ("http", "<unknown/library.hpp>", False),
    ("http", '"own.hpp"', False),
    ("http", '"../base/own.hpp"', False),
    ("http", "<base/own.hpp>", False),
    ("http", '"http/missing.hpp"', False),
    ("app", "SOME_MACRO", False),
]


def check(files: dict[str, str]) -> tuple[bool, str]:
    """Runs the script on a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            file = pathlib.Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        result = subprocess.run([ROOT / "scripts/check-layers", folder], capture_output=True, text=True, check=False)
        return result.returncode == 0, result.stdout + result.stderr


class CheckLayers(unittest.TestCase):
    def expect_fault(self, files: dict[str, str], place: str, words: str = "") -> None:
        passed, output = check(HEADERS | files)
        self.assertFalse(passed, output)
        self.assertIn(place, output)
        self.assertIn(words, output)

    def expect_pass(self, files: dict[str, str]) -> None:
        passed, output = check(HEADERS | files)
        self.assertTrue(passed, output)

    def test_each_include_is_judged_as_the_table_says(self):
        units = {f"src/{layer}/unit{number}.cpp": f'#include "{layer}/own.hpp"\n#include {include}\n'
                 for number, (layer, include, _) in enumerate(SCENARIOS)}
        passed, output = check(HEADERS | units)
        self.assertFalse(passed)
        for unit, (layer, include, allowed) in zip(units, SCENARIOS):
            with self.subTest(layer=layer, include=include):
                self.assertEqual(f"{unit}:2: " in output, not allowed, output)
        self.assertEqual(len(output.splitlines()), sum(not allowed for _, _, allowed in SCENARIOS), output)

    def test_the_standard_library_and_posix_are_for_every_layer_but_domain(self):
        for layer in ("base", "runtime", "app", "store/redis", "store/mysql", "http", "server"):
            self.expect_pass({f"src/{layer}/unit.cpp": "#include <thread>\n#include <sys/socket.h>\n"})

    def test_subfolders_belong_to_their_layer(self):
        self.expect_fault({"src/domain/kinds/camp.hpp": '#include "app/own.hpp"\n'}, "src/domain/kinds/camp.hpp:1: ")

    def test_spelling_hides_no_include(self):
        for include in ("#  include <hiredis/hiredis.h>", "\t#include<hiredis/hiredis.h>",
                        "/* why */ #include <hiredis/hiredis.h>"):
            self.expect_fault({"src/http/unit.cpp": f"{include}\n"}, "src/http/unit.cpp:1: ", "hiredis")

    def test_comments_and_texts_are_no_includes(self):
        self.expect_pass({"src/http/unit.cpp": '// #include <hiredis/hiredis.h>\n/*\n#include <x/y.h>\n*/\n'
                                               'auto url = "http://a"; auto t = "getenv";\n'})

    def test_a_file_outside_the_known_folders_is_named(self):
        for place in ("src/util/text.hpp", "src/main.cpp", "src/store/sqlite/store.cpp", "src/store/store.hpp"):
            self.expect_fault({place: ""}, f"{place}:1: ", "belongs to no layer")

    def test_only_server_reads_the_environment(self):
        line = 'const char* home = std::getenv("HOME");\n'
        self.expect_pass({"src/server/unit.cpp": line})
        self.expect_fault({"src/runtime/unit.cpp": line}, "src/runtime/unit.cpp:1: ", "environment")

    def test_domain_reads_no_clock(self):
        line = "auto now = std::chrono::system_clock::now();\n"
        self.expect_pass({"src/runtime/unit.cpp": line})
        self.expect_fault({"src/domain/unit.cpp": line}, "src/domain/unit.cpp:1: ", "clock")

    def test_every_fault_is_printed_not_only_the_first(self):
        _, output = check(HEADERS | {"src/app/unit.cpp": "#include <fmt/core.h>\n#include <spdlog/spdlog.h>\n"})
        self.assertIn("unit.cpp:1:", output)
        self.assertIn("unit.cpp:2:", output)

    def test_a_tree_without_sources_is_an_error(self):
        passed, _ = check({"README.md": ""})
        self.assertFalse(passed)

    def test_the_real_tree_passes(self):
        result = subprocess.run([ROOT / "scripts/check-layers"], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout)


if __name__ == "__main__":
    unittest.main()
