"""A stub of a machine and an AWS account, for tests of the commands."""

import json
import shutil
import subprocess
import sys

from support.machine import copy

DIGEST = "sha256:" + "a" * 64
CALLER = json.dumps({"UserId": "AIDA", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/someone"})
ZONES = json.dumps({"AvailabilityZones": [{}, {}, {}]})


# Terraform's console, as far as these tests need it: strings in formatted files, in -var and TF_VAR_.
CONSOLE = """
import base64, json, os, pathlib, re, sys
asked = sys.stdin.read()
if "({" in asked:  # objects are not for this
    sys.exit(print('"' + base64.b64encode(b"null").decode() + '"'))
name = re.search(r"var\\.(\\w+)", asked)[1]
folder = pathlib.Path(sys.argv[1].partition("=")[2])
files = ["terraform.tfvars", *(each.partition("=")[2] for each in sys.argv if each.startswith("-var-file="))]
text = "\\n".join((folder / file).read_text() for file in files)
found = re.findall(rf'^{name} *= "(.*?)"', text, re.M) + re.findall(rf"-var={name}=(\\S+)", " ".join(sys.argv))
value = found[-1] if found else os.environ.get(f"TF_VAR_{name}")
print('"' + base64.b64encode(json.dumps(value).encode()).decode() + '"')
"""


class Machine:
    """A copy of the repository's scripts and variables, and a PATH of stubs and a few basic tools."""

    def __init__(self, folder):
        self.root = folder / "repository"
        copy(self.root, "scripts", "stacks/aws", "app/pom.xml")
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        self.log.touch()
        (self.bin / "python3").symlink_to(sys.executable)
        for tool in ("bash", "env", "curl", "cat", "sed", "grep", "dirname"):
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.stub("aws",
            {"--version": "aws-cli/2.30.1", "get-caller-identity": CALLER, "describe-availability-zones": ZONES})
        (folder / "console.py").write_text(CONSOLE)
        self.terraform({})
        self.replace("scripts/jdk", f"#!/bin/sh\necho {folder}\n")
        (folder / "release").write_text('JAVA_VERSION="25.0.1"\n')

    def replace(self, name, text):
        (self.root / name).write_text(text)
        (self.root / name).chmod(0o755)

    def edit(self, name, old, new):
        text = (self.root / name).read_text()
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    def terraform(self, outputs, resources="", plan=None):
        """Stub Terraform as after a deployment. plan: address to actions of what a plan would change."""
        shown = json.dumps({name: {"value": value} for name, value in outputs.items()})
        changes = [{"address": address, "change": {"actions": actions}} for address, actions in (plan or {}).items()]
        responses = {"version": "Terraform v1.11.4", "output": shown, "list": resources,
            "show": json.dumps({"resource_changes": changes})}
        self.stub("terraform", responses)
        stub = self.bin / "terraform"
        console = f"case \" $* \" in\n  *' console '*) exec python3 {self.log.parent}/console.py \"$@\";;\n"
        stub.write_text(stub.read_text().replace('case " $* " in\n', console))

    def stub(self, name, responses, status=0):
        """Add a program that logs its call and prints the first response whose word is among its arguments."""
        lines = "".join(f"  *' {word} '*) cat <<'END'\n{text}\nEND\n  exit 0;;\n" for word, text in responses.items())
        self.replace(f"../bin/{name}", f"#!/bin/sh\necho \"{name} $* ws=$TF_WORKSPACE\" >>{self.log}\ncase \" $* \" "
            f"in\n{lines}esac\nexit {status}\n")

    def refuse(self, name, word, message, status=254):
        """Make a stub fail with this message on stderr if the word is among its arguments."""
        path = self.bin / name
        text = path.read_text().replace('case " $* " in\n',
            f"case \" $* \" in\n  *' {word} '*) cat >&2 <<'END'\n{message}\nEND\n  exit {status};;\n")
        path.write_text(text)

    def run(self, program, *arguments, stdin="", **environment):
        return subprocess.run(
            [sys.executable, self.root / "scripts/meridian", program, "aws", *arguments],
            env={"PATH": str(self.bin), "HOME": str(self.root), **environment},
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )


def deployed(machine, built, plan=None, **more):
    """Stub Terraform as after a deployment of image A, built or supplied."""
    resources = "module.image.terraform_data.push[0]" if built else "module.service.aws_ecs_service.stable"
    outputs = {"image": "A", "url": "http://127.0.0.1", "name": "meridian", "region": "us-east-1", **more}
    machine.terraform(outputs, resources, plan)


def planned(machine):
    return next(line for line in machine.log.read_text().splitlines() if " plan " in line)
