"""What to run, as djbuild describes it in one environment variable."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = "DJBUILD_CELL"


@dataclass(frozen=True)
class Cell:
    tree: Path
    database: dict
    cell: str = ""
    caches: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    parallel: int = 1
    serial_below: int = 0
    ready_timeout: float = 60
    arguments: list = field(default_factory=list)

    @classmethod
    def from_json(cls, text):
        """A field this version doesn't know is an error: it would be ignored."""
        fields = json.loads(text)
        return cls(**{**fields, "tree": Path(fields["tree"])})

    @classmethod
    def from_environment(cls):
        return cls.from_json(os.environ[VARIABLE])

    @property
    def tests(self):
        return self.tree / "tests"
