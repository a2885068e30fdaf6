# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Environments to try an installed c7n-mfa in, made without a network.

What c7n-mfa depends on is borrowed: a `.pth` file puts the site-packages of the environment that
runs the tests on the path. Python does not read the `.pth` files it finds there, so the c7n-mfa
installed in that environment stays out of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
CUSTODIAN = Path(sysconfig.get_path("scripts"), "custodian")
C7N_ORG = CUSTODIAN.with_name("c7n-org")


def build_wheel(folder: Path) -> Path:
    _run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def environment(folder: Path) -> Path:
    """A new environment with nothing in it, by its Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


def borrow_dependencies(python: Path) -> None:
    _site_packages(python).joinpath("borrowed.pth").write_text(f"{SITE_PACKAGES}\n")


def install(python: Path, *what: str | Path) -> None:
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--quiet", "--quiet")
    _run(sys.executable, "-m", "pip", "--python", python, "install", *options, *what)


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run outside the checkout; of the variables for Python, make and us, only the given ones."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("C7N_", "COV_", "MAKE", "MFLAGS", "PYTHON"))
    }
    return subprocess.run(
        list(map(str, command)),
        cwd="/",
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def _run(*command: str | Path) -> None:
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def _site_packages(python: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return python.parent.parent / "lib" / version / "site-packages"
