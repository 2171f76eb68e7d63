"""Holds answers of the server against the OpenAPI document: status, media type, schema and headers."""

import json
import os
import re
from pathlib import Path

import jsonschema

SOURCE_DIR = Path(os.environ.get("ZL_SOURCE_DIR", Path(__file__).resolve().parents[2]))
DOCUMENT_PATH = SOURCE_DIR / "src/http/openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")


class Operation:
    """One method of one path."""

    def __init__(self, contract, method, template, prefix, description):
        self.contract = contract
        self.method = method.upper()
        self.template = prefix + template
        self.description = description
        self.name = description["operationId"]
        pattern = re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(self.template))
        self.pattern = re.compile(pattern + r"\Z")

    def __str__(self):
        return f"{self.method} {self.template}"

    @property
    def successes(self):
        return {int(status) for status in self.description["responses"] if status.startswith("2")}

    @property
    def needs_login(self):
        return bool(self.description["security"])

    @property
    def open_query(self):
        """Whether parameters of names that it doesn't describe may be sent."""
        return bool(self.description.get("x-open-query"))

    @property
    def roles(self):
        """The roles that may call it; nothing for calls that are not an admin's."""
        return self.description.get("x-roles")

    def parameter(self, name):
        for entry in map(self.contract.resolve, self.description.get("parameters", [])):
            if entry["name"] == name:
                return entry
        return None

    @property
    def example_body(self):
        """A well-formed body, or nothing where the operation takes none of ours."""
        body = self.description.get("requestBody")
        if body is None or "text/xml" in body["content"]:
            return None
        media = next(iter(body["content"].values()))
        return self.contract.resolve(media["schema"])["examples"][0]

    def path(self, **values):
        path = self.template
        for name, value in values.items():
            path = path.replace("{" + name + "}", value)
        return path


class Contract:
    """The document, and which of its answers were seen."""

    def __init__(self, path=DOCUMENT_PATH):
        self.text = path.read_bytes()
        self.document = json.loads(self.text)
        self.resolver = jsonschema.RefResolver.from_schema(self.document)
        self.seen = set()
        base = self.document["servers"][0]["url"]
        self.operations = []
        for template, item in self.document["paths"].items():
            prefix = item["servers"][0]["url"].rstrip("/") if "servers" in item else base
            for method in METHODS:
                if method in item:
                    self.operations.append(Operation(self, method, template, prefix, item[method]))

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def find(self, method, path):
        """The operation that a request means; a literal path goes before one with a parameter."""
        path = path.partition("?")[0]
        fits = [op for op in self.operations if op.method == method and op.pattern.match(path)]
        return min(fits, key=lambda op: op.template.count("{")) if fits else None

    def methods_of(self, path):
        return {op.method for op in self.operations if op.pattern.match(path.partition("?")[0])}

    def faults(self, method, path, answer):
        """What is wrong with an answer, as sentences; remembers that it was seen."""
        operation = self.find(method, path)
        if operation is None:
            return self._faults_outside(path, answer)
        self.seen.add((operation.name, answer.status))
        response = operation.description["responses"].get(str(answer.status))
        if response is None and answer.status == 405:
            return self._response_faults(self._method_not_allowed(), answer)
        if response is None:
            return [f"status {answer.status} is not declared"]
        return self._response_faults(self.resolve(response), answer)

    def _method_not_allowed(self):
        return self.resolve(self.document["x-every-path"]["responses"]["405"])

    def _faults_outside(self, path, answer):
        if self.methods_of(path):
            if answer.status != 405:
                return [f"status {answer.status} for a method that the path does not have"]
            return self._response_faults(self._method_not_allowed(), answer)
        return self._response_faults(self.document["components"]["responses"]["NotFound"], answer)

    def _response_faults(self, response, answer):
        faults = []
        for name, header in response.get("headers", {}).items():
            header = self.resolve(header)
            value = answer.headers.get(name)
            if value is not None:
                faults += self._schema_faults(header["schema"], value, f"header {name}")
            elif header["required"]:
                faults.append(f"header {name} is missing")
        content = response.get("content")
        if content is None:
            return faults + ([f"a body of {len(answer.body)} bytes where none is declared"] if answer.body else [])
        media_type, media = next(iter(content.items()))
        if not same_media_type(media_type, answer.headers.get("Content-Type", "")):
            return faults + [f"content type {answer.headers.get('Content-Type')} instead of {media_type}"]
        if not media_type.endswith("json"):
            return faults
        faults += self._schema_faults(media["schema"], answer.json, "body")
        if media_type == "application/problem+json":
            faults += problem_faults(answer)
        return faults

    def _schema_faults(self, schema, value, what):
        validator = jsonschema.Draft202012Validator(
            schema, resolver=self.resolver, format_checker=jsonschema.FormatChecker())
        return [f"{what}: {'/'.join(map(str, error.absolute_path))}: {error.message}"
                for error in validator.iter_errors(value)]


def same_media_type(declared, sent):
    kind = sent.partition(";")[0].strip().lower()
    if declared.endswith("/*"):
        return kind.startswith(declared[:-1])
    return kind == declared.partition(";")[0]


def problem_faults(answer):
    """What a schema cannot say of a problem document."""
    problem = answer.json
    faults = []
    if problem.get("status") != answer.status:
        faults.append(f"the problem's status {problem.get('status')} is not {answer.status}")
    if problem.get("type") != f"/problems/{problem.get('code')}":
        faults.append(f"type {problem.get('type')} does not belong to code {problem.get('code')}")
    if problem.get("request_id") != answer.headers.get("X-Request-Id"):
        faults.append("request_id is not X-Request-Id")
    violations = problem.get("violations", [])
    if violations and violations[0].get("code") != problem.get("code"):
        faults.append("the first violation is not the problem's code")
    if bool(violations) != ("receipt" in problem):
        faults.append("violations and receipt do not come together")
    return faults
