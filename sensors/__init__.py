"""Body to data: events, taxels and the values that travel through the stack. Knows nothing above it."""

from pathlib import Path

from .compiled import name_records, settle

settle(Path(__file__).parent.parent)  # before the first kernel is declared
name_records()
