"""What pipelines write to GitHub: comments on pull requests, and issues about drift and vulnerabilities."""

import itertools
import os
import re
import urllib.error

from meridian import rest
from meridian.console import Problem

# GitHub refuses longer texts: https://docs.github.com/en/rest/issues/comments
MOST_CHARACTERS = 65000


class GitHub:
    """A repository, accessed with GITHUB_TOKEN. GITHUB_API_URL can name another API, as on GitHub Enterprise."""

    def __init__(self):
        self.token = os.environ.get("GITHUB_TOKEN")
        self.repository = os.environ.get("GITHUB_REPOSITORY") or from_circleci("CIRCLE_PROJECT_USERNAME",
            "CIRCLE_PROJECT_REPONAME")
        self.api = (os.environ.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/")
        if not self.token or not self.repository:
            raise Problem(
                "GITHUB_TOKEN or GITHUB_REPOSITORY is not set.",
                "In a workflow, set GITHUB_TOKEN to github.token. On CircleCI, set it in the project's settings to a "
                "token that may write pull requests.",
            )

    def ask(self, method, path, body=None):
        own = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        try:
            return rest.ask(f"{self.api}/repos/{self.repository}/{path}", self.token, body, method, **own)
        except urllib.error.HTTPError as error:
            raise Problem(f"GitHub answers {error.code} to {method} {path}.",
                error.read(500).decode(errors="replace")) from None
        except OSError as error:
            raise Problem(f"GitHub cannot be reached at {self.api}.", str(error)) from None

    def all(self, path):
        """Items on all pages of a list; the path must ask for 100 a page."""
        for page in itertools.count(1):
            found = self.ask("GET", f"{path}&page={page}")
            yield from found
            if len(found) < 100:
                return

    def comment(self, number, mark, text):
        """Create the one comment that carries the mark, or replace its text."""
        body = f"<!-- {mark} -->\n{shortened(text)}"
        for comment in self.all(f"issues/{number}/comments?per_page=100"):
            if own(comment) and comment["body"].startswith(f"<!-- {mark} -->"):
                return self.ask("PATCH", f"issues/comments/{comment['id']}", {"body": body})
        return self.ask("POST", f"issues/{number}/comments", {"body": body})

    def issue(self, title, text):
        """Open the one issue with this title, or update it; without text, close it."""
        issues = self.all("issues?state=open&per_page=100")
        number = next((issue["number"] for issue in issues
            if own(issue) and issue["title"] == title and "pull_request" not in issue), None)
        if text:
            body = {"body": shortened(text)}
            return self.ask("PATCH", f"issues/{number}", body) if number else self.ask("POST", "issues",
                {"title": title, **body})
        return self.ask("PATCH", f"issues/{number}", {"state": "closed"}) if number else None


def own(entry):
    """Whether a pipeline or a member wrote it: a stranger could change their own entry after us."""
    return (entry.get("user") or {}).get("type") == "Bot" or entry.get("author_association") in (
        "OWNER", "MEMBER", "COLLABORATOR")


def from_circleci(*names):
    values = [os.environ.get(name) for name in names]
    return "/".join(values) if all(values) else None


def pull_request():
    """Number of the pull request that a job runs for; None without one."""
    found = re.search(r"refs/pull/(\d+)/", os.environ.get("GITHUB_REF", "")) or re.search(r"/pull/(\d+)$",
        os.environ.get("CIRCLE_PULL_REQUEST", ""))
    return int(found[1]) if found else None


def shortened(text):
    if len(text) <= MOST_CHARACTERS:
        return text
    return (
        text[: MOST_CHARACTERS - 100]
        + "\n```\n</details>\n\nThe rest is too long for GitHub; the job's log has it.\n"
    )
