"""Writes a .hpp and a .cpp that hold files as constants; called by zl_embed (zl_embed.cmake)."""
import argparse
import pathlib

HEADER = """\
// Generated from the files it holds; change those instead.
#pragma once

#include <span>

#include "base/embedded.hpp"

namespace {namespace} {{

std::span<const base::EmbeddedFile> {function}();

}}  // namespace {namespace}
"""

SOURCE = """\
// Generated from the files it holds; change those instead.
#include "{header}"

#include <array>

namespace {namespace} {{

std::span<const base::EmbeddedFile> {function}() {{
  static constexpr std::array<base::EmbeddedFile, {count}> files{{{{
{entries}
  }}}};
  return files;
}}

}}  // namespace {namespace}
"""

DELIMITER = "zl_text"


def entry(file: pathlib.Path) -> str:
    text = file.read_text(encoding="utf-8")
    if f'){DELIMITER}"' in text:
        raise SystemExit(f"embed: {file} contains the delimiter of the generated literal")
    return f'      {{"{file.name}", R"{DELIMITER}({text}){DELIMITER}"}},'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--header", required=True)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--function", required=True)
    parser.add_argument("files", type=pathlib.Path, nargs="*")
    options = parser.parse_args()

    files = sorted(options.files, key=lambda file: file.name)
    fields = {
        "header": options.header,
        "namespace": options.namespace,
        "function": options.function,
        "count": len(files),
        "entries": "\n".join(entry(file) for file in files),
    }
    header = options.out / options.header
    header.parent.mkdir(parents=True, exist_ok=True)
    header.write_text(HEADER.format(**fields), encoding="utf-8")
    header.with_suffix(".cpp").write_text(SOURCE.format(**fields), encoding="utf-8")


main()
