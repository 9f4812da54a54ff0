"""What may come of a blow, and what may not."""

import json

# The last counts what the bench itself could not do.
LOST, WRONG, LEFT, STUCK, OURS = "lost", "wrong", "left", "not stopped", "bench"
COUNTS = (LOST, WRONG, LEFT, STUCK, OURS)
# A cell that ended this many seconds before its process was killed is on the disk.
KEPT_AFTER = 2.5


class Suite:
    """What a run that nobody strikes comes to: tests and their number, by cell."""

    def __init__(self, events):
        self.cells = {}
        for name, cell in cells_of(events).items():
            if cell["finished"]["outcome"] != "passed":
                raise RuntimeError(f"a run that nobody struck: {cell['finished']}")
            self.cells[name] = cell["tests"], cell["totals"]["tests"]


def name_of(cell):
    return f"{cell['branch']}-python{cell['python']}-{cell['database']}"


def cells_of(events):
    """What the events tell of each cell; of its tests, those of the last attempt."""
    cells = {}
    for event in events:
        kind = event["event"]
        if kind == "run_started":
            for cell in event["cells"]:
                cells[name_of(cell)] = {"tests": [], "totals": None, "finished": None, "attempts": 0, "ends": 0}
        cell = cells.get(event.get("cell"))
        if cell is None:
            continue
        if kind == "cell_started":
            cell.update(tests=[], totals=None, attempts=event["attempt"])
        elif kind == "test_finished" and not event.get("subtest"):
            cell["tests"].append(event["test"])
        elif kind == "cell_totals":
            cell["totals"] = event["counts"]
        elif kind == "cell_finished":
            cell["finished"] = event
            cell["ends"] += 1
    for cell in cells.values():
        cell["tests"].sort()
    return cells


def judge(blow, suite):
    """Everything that is not as it should be, as (count, text)."""
    in_time = blow.going.end(blow.limit)
    found = []
    if not in_time:
        found.append((STUCK, f"it went on for {blow.limit} s after the blow"))
    found += judge_run(blow, blow.going, suite, struck=True, in_time=in_time)
    if blow.other:
        if not blow.other.end(300):
            found.append((STUCK, "the other run went on for 300 s"))
        found += [(count, f"the other run: {text}")
                  for count, text in judge_run(blow, blow.other, suite, struck=False, in_time=True)]
    found += judge_left(blow)
    found += judge_history(blow) if blow.ruined else judge_store(blow)
    return found


def judge_history(blow):
    """A store that was struck may have lost things, and is read without a panic."""
    listed = blow.djbuild("history")
    if "a bug in djbuild" in listed.stderr:
        return [(WRONG, f"history: {listed.stderr[-300:]}")]
    return []


def judge_run(blow, going, suite, struck, in_time):
    found = [(WRONG, f"no JSON: {line[:100]!r}") for line in going.broken if not (struck and blow.killed)]
    if going.words.exists() and "a bug in djbuild" in going.words.read_text(errors="replace"):
        found.append((WRONG, "it panicked"))
    status = going.process.returncode
    may = blow.may if struck else set()
    dies = struck and blow.killed
    if not going.reads_events:
        return found
    cells = cells_of(going.events)
    going.cells = cells
    if not cells:
        # It was struck before it began.
        if not (struck and (dies or status < 0 or status in blow.exits | {3})):
            found.append((LOST, f"it never began, exit status {status}"))
        return found
    outcomes = set()
    for name, cell in cells.items():
        end = cell["finished"]
        if end is None:
            if not dies and in_time:
                found.append((LOST, f"{name} has no end"))
            continue
        if cell["ends"] != 1:
            found.append((WRONG, f"{name} ended {cell['ends']} times"))
        outcomes.add(end["outcome"])
        if end["outcome"] == "passed":
            tests, number = suite.cells[name]
            if cell["totals"] is None or cell["totals"]["tests"] != number:
                found.append((WRONG, f"{name} passed with {cell['totals']} instead of {number} tests"))
            elif cell["tests"] != tests:
                found.append((WRONG, f"{name} passed and told of {len(cell['tests'])} instead of {len(tests)} tests"))
        elif end["outcome"] not in may:
            found.append((WRONG, f"{name} {end['outcome']}: {end.get('cause')}: {end.get('detail')}"))
    if not dies and in_time:
        fits = {0} if outcomes == {"passed"} else {3} if "infrastructure" in outcomes else {130}
        if struck:
            fits |= blow.exits
        if outcomes <= {"passed", "infrastructure", "cancelled"} and status not in fits:
            found.append((WRONG, f"exit status {status} of cells that {', '.join(sorted(outcomes))}"))
    return found


def judge_left(blow):
    """Nothing is left by a run that ended; by a dead one, after the next command."""
    owner = blow.owner()
    if blow.killed or blow.deserted or blow.going.process.returncode < 0:
        if blow.rng.random() < 0.5 and not blow.deserted:
            words = ["run", "basic", "--database", "sqlite", "--python", "3.14", "--quiet"]
        else:
            words = ["clean"]
        done = blow.djbuild(*words)
        blow.note(f"then {words[0]}")
        if done.returncode:
            return [(WRONG, f"{words[0]} afterwards: exit status {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}")]
    return [(LEFT, thing) for thing in blow.engine.left(owner)]


def judge_store(blow):
    """What is kept says what the events said."""
    found = []
    listed = blow.djbuild("history", "--format", "json")
    if listed.returncode:
        return [(LOST, f"history: exit status {listed.returncode}: {listed.stderr[-300:]}")]
    runs = {run["run"]: run for run in json.loads(listed.stdout)}
    for going in filter(None, (blow.going, blow.other)):
        dies = blow.killed and going is blow.going
        if not going.reads_events:
            found += judge_unread(blow, going, runs)
            continue
        if not going.events or going.events[0]["event"] != "run_started":
            continue
        run = going.events[0]["run"]
        if run not in runs:
            if not (dies and blow.struck_at - going.events[0]["at"] / 1000 < KEPT_AFTER):
                found.append((LOST, f"run {run} is not in the history"))
            continue
        ended = any(event["event"] == "run_finished" for event in going.events)
        if dies and not ended and runs[run]["outcome"] != "interrupted":
            found.append((WRONG, f"a killed run is shown as {runs[run]['outcome']}"))
        found += judge_shown(blow, going, run, dies)
    return found


def judge_shown(blow, going, run, dies):
    shown = blow.djbuild("show", run, "--format", "json")
    if shown.returncode:
        return [(LOST, f"show: exit status {shown.returncode}: {shown.stderr[-300:]}")]
    kept = {name_of(cell["cell"]): cell for cell in json.loads(shown.stdout)["cells"]}
    found = []
    for name, cell in cells_of(going.events).items():
        end = cell["finished"]
        if end is None or (dies and blow.struck_at - end["at"] / 1000 < KEPT_AFTER):
            continue
        outcome = kept.get(name, {}).get("outcome")
        if outcome != end["outcome"]:
            found.append((LOST, f"{name} {end['outcome']} and is kept as {outcome}"))
    return found


def judge_unread(blow, going, runs):
    """Of a run whose events nobody read the store alone can tell."""
    found = []
    for run in runs.values():
        unfinished = run["cells"].pop("unfinished", 0)
        if unfinished:
            found.append((LOST, f"{unfinished} cells have no end"))
        bad = set(run["cells"]) - {"passed"} - blow.may
        if bad:
            found.append((WRONG, f"cells came to {run['cells']}"))
    if not runs and going.process.returncode >= 0:
        found.append((LOST, "the run is not in the history"))
    return found
