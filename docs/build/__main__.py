# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`python -m docs.build`: write every generated page again."""

from __future__ import annotations

from docs.build.pages import DOCS, PAGES


def main() -> None:
    """Write the pages that have changed, and name them."""
    for name, write in PAGES.items():
        path, text = DOCS / name, write()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"docs/{name}")


if __name__ == "__main__":
    main()
