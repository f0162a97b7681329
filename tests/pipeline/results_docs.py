#!/usr/bin/env python3
"""Runs the code blocks of a document, each by itself, in a folder where `out/demo` is the finished demo run.

usage: results_docs.py document.md LANGUAGE INTERPRETER
"""

import pathlib
import re
import subprocess
import sys


def main():
    document, language, interpreter = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    text = document.read_text(encoding="utf-8")
    failed = count = 0
    for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.S | re.M):
        count += 1
        line = text.count("\n", 0, match.start()) + 2
        block = pathlib.Path(f"block{line}.{language}")
        block.write_text(match.group(1), encoding="utf-8")
        done = subprocess.run([*interpreter, str(block)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
        good = done.returncode == 0 and done.stdout.strip()
        print(f"{'ok    ' if good else 'FAILED'} {language} block at line {line}")
        if not good:
            failed += 1
            print(done.stdout.decode(errors="replace"))
    if count == 0:
        sys.exit(f"{document} has no {language} block")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
