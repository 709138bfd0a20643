"""The states that the bootstrap of Google Cloud keeps: its own output, its own moving, on an emulator of Storage."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request

import pytest
from emulators import Emulator, fake_gcs_server, free_port
from state_story import Story
from test_gcp_rehearsal import environment

from conftest import ROOT

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "google", "go")]

PROJECT = "test-project"
BUCKET = f"{PROJECT}-meridian-state"


@pytest.fixture
def story(tmp_path):
    port = free_port()
    command = [fake_gcs_server(), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    command += ["-backend", "memory", "-public-host", f"127.0.0.1:{port}", "-log-level", "warn"]
    emulator = Emulator(command, port, tmp_path / "gcs.log")
    root = tmp_path / "clone"
    for folder in ("scripts", "modules/gcp", "stacks/bootstrap/gcp", "stacks/gcp"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests", "__pycache__"))
    address = f"http://127.0.0.1:{port}/storage/v1/b"
    yield Story(root, "gcp", environment(GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT=address)), address
    emulator.stop()


def planned(story):
    """The backends as the bootstrap's plan has them, known before anything is made."""
    folder = story.root / "stacks/bootstrap/gcp"
    story.terraform("init", "-input=false", folder=folder)
    story.terraform("plan", "-input=false", "-out=bootstrap.tfplan", folder=folder)
    shown = json.loads(story.terraform("show", "-json", "bootstrap.tfplan", folder=folder).stdout)
    return shown["planned_values"]["outputs"]["backend"]["value"]


def within(story, code):
    """The variable `answer` after code of the bootstrap's own."""
    done = subprocess.run(
        [sys.executable, "-c", f"from meridian.bootstrap import *\nb = Bootstrap('gcp')\n{code}\nprint('=', json.dumps(answer))"],
        env={**story.environment, "PYTHONPATH": str(story.root / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout.splitlines()[-1].removeprefix("= "))


def test_states_move_to_the_bucket_where_a_second_writer_is_refused(story):
    story, address = story
    story.in_small()
    backends = planned(story)
    assert sorted(backends) == ["stacks/bootstrap/gcp", "stacks/gcp", "stacks/vm/gcp"]

    absent = within(story, f"answer = look(b, {backends['stacks/bootstrap/gcp']!r})")
    assert re.search(r"bucket doesn't exist", absent), absent
    body = json.dumps({"name": BUCKET}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{address}?project={PROJECT}", body, {"Content-Type": "application/json"})).close()
    assert within(story, f"answer = look(b, {backends['stacks/bootstrap/gcp']!r})") == 0

    within(story, f"b.move(b.root / 'stacks/gcp', {backends['stacks/gcp']!r})\nanswer = None")
    listed = json.load(urllib.request.urlopen(f"{address}/{BUCKET}/o"))
    assert sorted(item["name"] for item in listed["items"]) == ["stack/default.tfstate", "stack/staging.tfstate"]
    assert story.notes() == ["first", "of staging"]
    story.second_writer()
