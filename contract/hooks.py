"""Who asks, what they ask about, and whether the answer is what the description promises.

`cargo xtask test` starts a fresh server for each principal of `principals.json`, and names the principal in
`CONTRACT_PRINCIPAL` and the server in `CONTRACT_URL`.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests
import schemathesis
from schemathesis import AuthContext, Case, CheckContext, HookContext, Response
from schemathesis.core.parameters import ParameterLocation

URL = os.environ["CONTRACT_URL"]
NAME = os.environ["CONTRACT_PRINCIPAL"]
PRINCIPAL: dict[str, Any] = json.loads(Path(__file__).with_name("principals.json").read_text())[NAME]
PASSWORD = "only for these tests"
# A confirmation is good for five minutes.
CONFIRM_AFTER_S = 240
SETTINGS = "/settings/remote-access"
HEADERS = {"x-redring-request": "1", "sec-fetch-site": "same-origin"}
# What takes a console, a link or a passkey that nobody here has.
OUT_OF_REACH = {
    "DELETE /api/v1/me/passkeys/{passkey}",
    "DELETE /api/v1/sessions/{session}",
    "POST /api/v1/invitation",
    "POST /api/v1/invitation/check",
    "POST /api/v1/login",
    "POST /api/v1/login/passkey",
    "POST /api/v1/me/confirmation",
    "POST /api/v1/me/confirmation/begin",
    "POST /api/v1/me/passkeys",
    "POST /api/v1/rooms/{room}/console/approve",
    "POST /api/v1/rooms/{room}/console/refuse",
    "POST /api/v1/rooms/{room}/console/release",
    "POST /api/v1/rooms/{room}/console/revoke",
    "POST /api/v1/rooms/{room}/sessions",
    "POST /api/v1/sessions/{session}/resume",
    "POST /api/v1/setup",
    "PUT /api/v1/me/password",
}


class Browser:
    """Somebody who is signed in, and confirms again and again that it is they."""

    def __init__(self, email: str) -> None:
        self.session = requests.Session()
        self.session.headers.update(HEADERS)
        self.kept: dict[str, str] = {}
        self.confirmed_at = -math.inf
        self.send("POST", "/login", {"email": email, "password": PASSWORD}).raise_for_status()

    def cookies(self) -> dict[str, str]:
        if CONFIRM_AFTER_S < time.monotonic() - self.confirmed_at:
            self.send("POST", "/me/confirmation", {"password": PASSWORD}).raise_for_status()
            self.confirmed_at = time.monotonic()
        return self.kept

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        self.cookies()
        return self.send(method, path, body)

    def send(self, method: str, path: str, body: Any) -> requests.Response:
        # The cookies are for HTTPS, which the proxy in front of a server speaks.
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.kept.items())} if self.kept else {}
        answer = self.session.request(method, f"{URL}/api/v1{path}", json=body, headers=headers, timeout=20)
        self.kept.update(re.findall(r"(__Host-[a-z]+)=([^;]+)", answer.headers.get("set-cookie", "")))
        self.session.cookies.clear()
        return answer

    def make(self, path: str, body: Any) -> Any:
        answer = self.ask("POST", path, body)
        assert answer.status_code == 201, f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json()


class Things:
    """What requests name: made when it is wanted, and anew when a request removed it."""

    def __init__(self) -> None:
        self.maker = Browser("maker@example.com")
        self.ids: dict[str, str] = {}
        self.n_names = 0

    def name(self, kind: str) -> str:
        self.n_names += 1
        return f"{kind}-{self.n_names}"

    def get(self, kind: str) -> tuple[str, Any]:
        """The id of such a thing, and its version for a change."""
        if kind == "room":
            return "aurora", None
        if kind in self.ids:
            found = self.maker.ask("GET", f"/{kind}s/{self.ids[kind]}").json()
            thing = found.get(kind, found)
            if thing.get("id") == self.ids[kind] and thing.get("state") != "disabled":
                return self.ids[kind], found.get("version", thing.get("version"))
        self.ids[kind] = self.make(kind)
        return self.get(kind)

    def id(self, kind: str) -> str:
        return self.get(kind)[0]

    def settings_version(self) -> Any:
        return self.maker.ask("GET", SETTINGS).json()["version"]

    def make(self, kind: str) -> str:
        made = self.maker.make(*self.recipe(kind, self.name(kind)))
        return str(made.get(kind, made)["id"])

    def recipe(self, kind: str, name: str) -> tuple[str, Any]:
        match kind:
            case "user":
                return "/users", {"name": name, "email": f"{name}@example.com"}
            case "group":
                return "/groups", {"name": name, "members": [self.id("user")]}
            case "role":
                return "/roles", {"name": name, "permissions": ["room.view"]}
            case "assignment":
                body = {"name": name, "users": [self.id("user")], "rooms": ["aurora"]}
                return f"/roles/{self.id('role')}/assignments", body
        raise AssertionError(f"say how to make a {kind}")

    def fitting(self, field: str) -> Any:
        """What a field takes beyond what its schema can say."""
        match field:
            case "name" | "id":
                return self.name("made")
            case "email" | "acknowledged_by":
                return f"{self.name('made')}@example.com"
            case "description" | "place":
                return "made up"
            case "permissions":
                return ["room.view"]
            case "users" | "members":
                return [self.id("user")]
            case "groups":
                return [self.id("group")]
            case "rooms":
                return ["aurora"]
            case "room_groups" | "places":
                return []
            case "everywhere":
                return False
            case "csv":
                return f"email,name\n{self.name('made')}@example.com,Made Up\n"
        return None

    def fit(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: self.fit(old) if (new := self.fitting(key)) is None else new for key, old in value.items()}

    def fit_body(self, body: dict[str, Any], version: Any) -> dict[str, Any]:
        fit: dict[str, Any] = self.fit(body)
        if version is not None and "version" in fit:
            fit["version"] = version
        return fit


things = Things()
n_bodies: Counter[str] = Counter()

if PRINCIPAL["email"] is not None:
    principal = Browser(PRINCIPAL["email"])

    @schemathesis.auth(refresh_interval=None)
    class Login:
        def get(self, case: Case[Any], context: AuthContext) -> dict[str, str]:
            return principal.cookies()

        def set(self, case: Case[Any], data: dict[str, str], context: AuthContext) -> None:
            case.cookies.update(data)


def is_wrong_at(case: Case[Any], location: ParameterLocation) -> bool:
    return case.meta is not None and case.meta.is_negative_at(location)


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Names things that exist; every second good body gets fields that go through."""
    version = things.settings_version() if case.operation.path.endswith(SETTINGS) else None
    if not is_wrong_at(case, ParameterLocation.PATH):
        for kind in re.findall(r"{(room|user|group|role|assignment)}", case.operation.path):
            case.path_parameters[kind], version = things.get(kind)
    if isinstance(case.body, dict) and not is_wrong_at(case, ParameterLocation.BODY):
        n_bodies[case.operation.label] += 1
        if n_bodies[case.operation.label] % 2 == 1:
            case.body = things.fit_body(case.body, version)


def refusals(needs: str, path: str) -> set[int] | None:
    """The answers that the principal may get to a request that is not theirs to make; `None` when it is."""
    everywhere, in_room = PRINCIPAL["everywhere"], PRINCIPAL["in_room"]
    if needs == "nobody":
        return None
    if PRINCIPAL["email"] is None:
        return {401}
    match needs.split(":"):
        case ["login"]:
            return None
        case ["administrator"]:
            held = PRINCIPAL["administers"]
        case ["room", _] if "room.view" not in in_room:
            return {404}
        case ["room", permission]:
            held = permission in in_room
        case ["somewhere", permission]:
            held = permission in everywhere or permission in in_room
        case ["everywhere", permission]:
            held = permission in everywhere
        case _:
            raise AssertionError(f"nobody knows what {needs} means")
    if not held:
        return {403}
    # What is refused for its body is not looked for.
    return {400, 404} if PRINCIPAL["foreign"] and "{" in path else None


@schemathesis.check
class AnswersAsTheRouteNeeds:
    """Whoever lacks what `x-needs` names is refused, and nobody who is signed in is asked to sign in."""

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        operation = case.operation
        if case.method.upper() != operation.method.upper():
            return
        needs = operation.definition.raw["x-needs"]
        expected = refusals(needs, operation.path)
        status = response.status_code
        said = f"{NAME} got {status} from {operation.label}, which needs {needs}"
        if expected is None:
            assert PRINCIPAL["email"] is None or b'"not_signed_in"' not in response.content, said
        elif is_wrong_at(case, ParameterLocation.PATH):
            # It may be another route's.
            assert not 200 <= status < 300, said
        elif b'"foreign_origin"' not in response.content:
            # What the portal would never send is refused whoever sends it.
            assert status in expected, f"{said}: {sorted(expected)} expected"


@schemathesis.check
class SomebodyGetsThere:
    """Whoever may do everything, and tries every edge of the description, succeeds at every operation: the other
    checks then see more than refusals.
    """

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.succeeded: set[str] = set()

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        self.asked.add(case.operation.label)
        if 200 <= response.status_code < 400:
            self.succeeded.add(case.operation.label)

    def after_run(self, ctx: CheckContext) -> None:
        missing = self.asked - self.succeeded - OUT_OF_REACH
        tries = PRINCIPAL["administers"] and "coverage" in PRINCIPAL["phases"]
        assert not (tries and missing), f"no request of {NAME} succeeded at {sorted(missing)}"
