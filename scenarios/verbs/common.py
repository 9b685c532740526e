"""What the verbs share: the form of their subparsers, and exit statuses."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

DONE, FAILED, MISTAKE, STOPPED, TERMINATED = 0, 1, 2, 130, 143


class Parser(argparse.ArgumentParser):
    """Answers a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISTAKE, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def add_verb(verbs: Verbs, name: str, says: str, text: str = "", examples: str = "") -> argparse.ArgumentParser:
    """A subparser that teaches: `says` in the list of verbs, `text` above its options, `examples` below, as is."""
    return verbs.add_parser(
        name,
        help=says,
        description=text or None,
        epilog=examples or None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
