"""Claims that the guides mark with †, their records in proof/, and the tables and marks generated from both."""

import dataclasses
import hashlib
import json
import re

from meridian.console import ROOT, Problem, say

SEEN, DIFFERENT, REHEARSED, STALE, NOT_TRIED = OUTCOMES = ("SEEN", "DIFFERENT", "REHEARSED", "STALE", "NOT TRIED")
TITLES = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}
# Why a claim was not tried, or what was different. A record has only the key, so that it can hold nothing else.
REASONS = {
    # Not tried
    "bill": "the bill is complete two days after the destroy, and only the account's owner sees it",
    "containers": "the emulator runs no container",
    "cut": "the program was interrupted during this step, so its duration was not measured",
    "deploy": "the deployment did not get that far",
    "domain": "a domain and its zone are needed",
    "export": "only an export of the bill to BigQuery shows costs by label",
    "failed": "a command of the program failed, and its message was printed on the terminal",
    "inside": "only a program inside the network could see it",
    "late": "the emulator releases the network at once",
    "line": "this machine sent fewer requests than the instances can serve",
    "load": "the emulator has no processor to load",
    "look": "only a person can see it",
    "machine": "the program deploys no machines; ./taskw deploy-vm-aws, -azure or -gcp does",
    "metrics": "the emulator measures nothing",
    "options": "the program does not turn options on; the commands in the guide do",
    "organisation": "it depends on the organisation that owns the account",
    "other": "no second image was given, OTHER=REPOSITORY@sha256:…",
    "packets": "no packet passes through the emulator's firewall",
    "platform": "it needs a platform, and a platform needs a domain; ./taskw deploy-platform-aws deploys a platform",
    "pipeline": "a repository with pipelines is needed",
    "provider": "it needs another version of the provider, and a lock file for that version",
    "refused": "the signed-in identity lacks a right that this needs, and that an administrator has",
    "rights": "it needs an account with only the rights that the guide names",
    "ringing": "an alarm from an earlier claim was still firing",
    "time": "the limit of hours was reached",
    # Different
    "changes": "the second plan had changes",
    "denied": "a right was missing for resources with the stack's name",
    "dear": "the bill was more than a quarter above the list prices",
    "after": "something was billed after the destroy",
    "forged": "a forged address was believed",
    "grown": "no instance was added",
    "late-ring": "an alarm that should fire did not",
    "lost": "requests failed",
    "open": "a port was open",
    "other-ring": "an alarm fired that should not",
    "reaches": "the rights also cover resources with another name",
    "remains": "something remained",
    "ran": "deploying a nonexistent image succeeded",
    "slow": "it took longer",
    "silent": "no run of the probe succeeded",
    "verdict": "the canary was not promoted",
    "wrong": "the old image no longer served",
}
# Field of a record to the pattern of its value; checked() refuses unknown fields.
FIELDS = {
    "cloud": "aws|azure|gcp",
    "region": "[a-z]{2,24}(-[a-z]+)*-?[0-9]{0,2}",
    "date": r"\d{4}-\d\d-\d\d",
    "commit": "[0-9a-f]{40}",
    "changed": "True|False",  # whether the deployed code differs from that commit
    "image": "sha256:[0-9a-f]{64}",
    "emulator": "True|False",
    "hours": r"\d+(\.\d+)?",
}
PROVIDER, VERSION = "aws|azurerm|google", r"\d+\.\d+\.\d+"
# Names of a claim's figures; their values are numbers.
FIGURES = ("minutes", "requests", "failed", "open", "leftovers", "changes", "alarms", "instances", "runs", "usd",
    "computed_usd", "forms", "rights")  # fmt: skip
# A mark in a guide: † or what was seen, as a link to the claim's row.
MARK = re.compile(r"\[[^\[\]]*\]\(((?:\.\./)*)proof/README\.md#([a-z0-9-]+)\)")


@dataclasses.dataclass(frozen=True)
class Claim:
    id: str
    says: str
    by: str = None  # method of trial.Trial that tries it
    most: float = None  # limit in minutes
    alarms: dict = None  # name of each that must fire to its limit in minutes
    may: tuple = ()  # names of others that may fire
    only: str = None  # why an emulator cannot settle it
    never: str = None  # why the program does not try it

    @property
    def cloud(self):
        """The cloud on which `prove` tries it."""
        return next((cloud for cloud in TITLES if cloud in self.id.split("-")), "azure")

    @property
    def machine(self):
        return self.id.startswith("vm-")


def load():
    """Claims by id, in the order in which they are tried."""
    file = ROOT / "scripts/meridian/claims.json"
    return {name: Claim(name, **data) for name, data in json.loads(file.read_text()).items()}


def guides(root=ROOT):
    """Path to text of each guide in this copy."""
    return {str(file.relative_to(root)): file.read_text() for file in sorted((root / "stacks").rglob("README.md"))
        if ".terraform" not in str(file)}


def passages(root=ROOT):
    """Claim's id to the sentence or table row where its mark appears first, without marks."""
    found = {}
    for text in guides(root).values():
        for block in re.split(r"\n\s*\n|\n(?=\|)", text):
            if not MARK.search(block):
                continue
            row = block.lstrip().startswith("|")
            for sentence in [block] if row else re.split(r"(?<=[.:!?])\s+(?=[A-Z`\[])", block):
                for mark in MARK.finditer(sentence):
                    found.setdefault(mark[2], " ".join(MARK.sub("", sentence).split()))
    return found


def digest(claim, passage):
    """Hash of a claim's text that a record keeps, to detect later changes of the text."""
    return hashlib.sha256(f"{claim.says}\n{passage}".encode()).hexdigest()[:16]


def checked(record):
    """Return the record if it has only allowed fields and values; otherwise raise Problem."""

    def refuse(what):
        raise Problem(f"A record of proof/ is wrong: {what}.", "`./taskw prove-aws` (azure, gcp) writes the "
            "records. Do not edit them by hand; you may only delete one.")

    for name, value in record.items():
        if name in FIELDS:
            if not re.fullmatch(FIELDS[name], str(value)):
                refuse(f"{name} {value!r}")
        elif name == "providers":
            for provider, version in value.items():
                if not re.fullmatch(PROVIDER, provider) or not re.fullmatch(VERSION, version):
                    refuse(f"the provider {provider} {version!r}")
        elif name != "claims":
            refuse(f"a field {name}")
    if missing := {"cloud", "region", "date", "commit", "emulator", "claims"} - record.keys():
        refuse(f"no {', '.join(sorted(missing))}")
    for name, entry in record["claims"].items():
        if not re.fullmatch("[a-z0-9-]+", name) or entry.keys() - {"outcome", "text", "reason", "figures"}:
            refuse(f"the claim {name} {sorted(entry)}")
        if entry.get("outcome") not in OUTCOMES or entry.get("reason", "time") not in REASONS or not re.fullmatch(
                "[0-9a-f]{16}", entry.get("text", "")):
            refuse(f"the claim {name} with {entry}")
        if entry["outcome"] == SEEN and record["emulator"]:
            refuse(f"{name} SEEN on an emulator")
        for figure, number in entry.get("figures", {}).items():
            if figure not in FIGURES or isinstance(number, bool) or not isinstance(number, (int, float)):
                refuse(f"the figure {figure} {number!r}")
    return record


def records(root=ROOT):
    """Records in proof/, newest last."""
    found = [checked(json.loads(file.read_text())) for file in (root / "proof").glob("*.json")]
    return sorted(found, key=lambda record: record["date"])


def standing(found, texts):
    """Claim's id to its outcome and the newest record that tried it: on the cloud, else on an emulator, else None."""
    latest = {}
    for name, claim in load().items():
        if name not in texts:
            continue
        tried = [record for record in found if record["claims"].get(name, {}).get("outcome", NOT_TRIED) != NOT_TRIED]
        tried.sort(key=lambda record: not record["emulator"])
        if not tried:
            latest[name] = NOT_TRIED, None
            continue
        entry = tried[-1]["claims"][name]
        fresh = entry["text"] == digest(claim, texts[name])
        latest[name] = entry["outcome"] if fresh else STALE, tried[-1]
    return latest


def reported(outcome, record):
    """Outcome in words, for a mark or a row."""
    if record is None:
        return "not tried"
    where = f"{TITLES[record['cloud']]} {record['region']} on {record['date']}"
    if record["emulator"]:
        where = f"an emulator of {TITLES[record['cloud']]} on {record['date']}"
    words = {SEEN: "reported as seen", DIFFERENT: "reported as different", STALE: "text changed since it was reported"}
    return f"{words.get(outcome, 'rehearsed')} on {where}"


def marked(text, latest):
    """A guide's text with outcomes in its marks; only † if nothing was seen on a cloud."""

    def mark(found):
        outcome, record = latest.get(found[2], (NOT_TRIED, None))
        plain = outcome in (NOT_TRIED, REHEARSED, STALE)
        shown = "†" if plain else f"†, {reported(outcome, record)}"
        return f"[{shown}]({found[1]}proof/README.md#{found[2]})"

    return MARK.sub(mark, text)


def figures(entry):
    """Figures and reason of a claim in words."""
    parts = [f"{number:g} {name.replace('_usd', '').replace('usd', 'USD')}" for name, number in
        entry.get("figures", {}).items()]
    return "; ".join([*parts, *([REASONS[entry["reason"]]] if entry.get("reason") else [])])


def table(latest):
    """Rows of the table in proof/README.md."""
    yield "| Claim | Guide | Reported |"
    yield "|---|---|---|"
    where = {mark[2]: file for file, text in reversed(guides().items()) for mark in MARK.finditer(text)}
    claims = load()
    for name, (outcome, record) in latest.items():
        claim = claims[name]
        guide = where[name]
        place = guide[7:-10] or "stacks"
        entry = record["claims"][name] if record else {"reason": claim.never} if claim.never else {}
        detail = figures(entry)
        shown = reported(outcome, record) + (f": {detail}" if detail else "")
        yield f'| <a id="{name}"></a>{claim.says} | [{place}](../{guide}) | {shown} |'


def summary(latest):
    """A sentence for the README."""
    seen = sum(outcome == SEEN for outcome, _ in latest.values())
    if not any(record and not record["emulator"] for _, record in latest.values()):
        return f"None of the {len(latest)} claims marked † has been reported as seen on a cloud yet"
    different = sum(outcome == DIFFERENT for outcome, _ in latest.values())
    return f"Of the {len(latest)} claims marked †, {seen} are reported as seen on a cloud, {different} as different"


def between(file, text):
    """A page's text, with the part between its two comments replaced."""
    return re.sub("(?<=<!-- claims -->).*?(?=<!-- /claims -->)", lambda _: text, file.read_text(), flags=re.S)


def generated(root=ROOT):
    """Path to up-to-date text of each page that shows outcomes."""
    latest = standing(records(root), passages(root))
    pages = {file: marked(text, latest) for file, text in guides(root).items()}
    pages["proof/README.md"] = between(root / "proof/README.md", "\n".join(["", *table(latest), ""]))
    pages["README.md"] = between(root / "README.md", summary(latest))
    return pages


def update(_, __):
    """Writes into the guides and READMEs what the records in proof/ say."""
    for file, text in generated().items():
        if (ROOT / file).read_text() != text:
            (ROOT / file).write_text(text)
            say(f"Wrote {file}.")
    say(f"{summary(standing(records(), passages()))}.")
