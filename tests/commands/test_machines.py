"""A fresh clone on unusual machines: Git for Windows, macOS, a pip that requires a virtual environment."""

import os
import shutil
import subprocess

import pytest
from support.machine import CACHE, ROOT, cloned


@pytest.fixture
def clone(tmp_path):
    """What is committed or about to be, cloned with the defaults of Git for Windows."""
    folder = tmp_path / "clone"
    source = tmp_path / "source"
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    cloned(source)
    subprocess.run([*git, "init", "-q"], cwd=source, check=True)
    subprocess.run([*git, "add", "-A"], cwd=source, check=True)
    subprocess.run([*git, "commit", "-qm", "All"], cwd=source, check=True)
    subprocess.run([*git, "clone", "-q", "-c", "core.autocrlf=true", source, folder], check=True)
    return folder


def tools(folder, *without):
    """Create a folder with links to all programs of this machine except some."""
    folder.mkdir()
    for directory in reversed(os.environ["PATH"].split(os.pathsep)):
        for name in os.listdir(directory) if os.path.isdir(directory) else ():
            link = folder / name
            if name not in without:
                link.unlink(missing_ok=True)
                link.symlink_to(os.path.join(directory, name))
    return str(folder)


def test_a_clone_by_git_for_windows_has_the_same_bytes_and_starts(clone):
    different = [
        name
        for name in ("app/pom.xml", "taskw", "stacks/vm/boot/cloud-config.yaml.tftpl", "modules/image/push")
        if (clone / name).read_bytes() != (ROOT / name).read_bytes()
    ]
    assert not different
    assert b"\r\n" in (clone / "app/mvnw.cmd").read_bytes()
    for cached in CACHE.glob("task-*"):
        shutil.copytree(cached, clone / ".cache" / cached.name)
    run = subprocess.run(["./taskw"], cwd=clone, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "deploy-*" in run.stdout


def test_task_is_fetched_even_if_pip_requires_a_virtual_environment(clone, tmp_path):
    path = tools(tmp_path / "bin", "task", "go")
    run = subprocess.run(
        ["./taskw", "--version"],
        cwd=clone,
        env={**os.environ, "PATH": path, "PIP_REQUIRE_VIRTUALENV": "1", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip().startswith("3.")


def test_task_is_put_nowhere_else_if_the_clone_is_not_writable(clone, tmp_path):
    path = tools(tmp_path / "bin", "task", "go", "mktemp", "python3")
    for name, text in (("mktemp", "exit 1"), ("python3", f"echo >>{tmp_path}/called")):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    run = subprocess.run(["./taskw", "--version"], cwd=clone, env={**os.environ, "PATH": path}, capture_output=True)
    assert run.returncode == 1 and not (tmp_path / "called").exists()


@pytest.mark.check
def test_the_tests_environment_is_found_again_without_gnu_tools(clone, tmp_path):
    """As on macOS, without sha256sum. The requirements are empty, so that the test installs nothing."""
    path = tools(tmp_path / "bin", "sha256sum", "gsed", "timeout")
    (clone / "tests/requirements.txt").write_text("# nothing\n")
    first = subprocess.run(["tests/venv"], cwd=clone, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    again = subprocess.run(["tests/venv"], cwd=clone, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, "")
