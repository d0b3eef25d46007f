"""The applications of examples/, deployed to an engine of their own, as they are or at a level."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from lab import application
from lab.config import ROOT
from lab.control import Control
from lab.engine.lambda_workers.node_environments import SDK
from lab.progress import Progress
from tools.reader import contract

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lab.config import LabConfig

EXAMPLES, CLIENTS = ROOT / "examples", ROOT / "clients"
# One wildcard takes the public name and the Region's own.
OWN_DOMAIN = """
  Certificate:
    Type: AWS::CertificateManager::Certificate
    Properties: {DomainName: "*.pilotlight.example", ValidationMethod: DNS}

  Domain:
    Type: AWS::ApiGatewayV2::DomainName
    Properties:
      DomainName: "*.pilotlight.example"
      DomainNameConfigurations:
        - {CertificateArn: !Ref Certificate, EndpointType: REGIONAL, SecurityPolicy: TLS_1_2}

  Mapping:
    Type: AWS::ApiGatewayV2::ApiMapping
    Properties: {DomainName: !Ref Domain, ApiId: !Ref Api, Stage: $default}
    # The stage is SAM's.
    DependsOn: [ApiApiGatewayDefaultStage]
"""
OWN_TARGET = """  TargetName:
    Description: Where this Region answers.
    Value: !GetAtt Domain.RegionalDomainName
"""
needs_sdk = pytest.mark.skipif(
    shutil.which("node") is None or not (SDK / "@aws-sdk" / "client-dynamodb").is_dir(),
    reason="Node.js, or the AWS SDK in clients/node, is not on this machine",
)


@dataclass
class Application:
    """One of them in one Region."""

    config: LabConfig
    control: Control
    stack: str
    region: str
    outputs: dict[str, str]

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Make a request at the API's own name, as DNS and TLS would lead it to the Region."""
        return self.ask_in_full(method, path, body)[:2]

    def ask_in_full(
        self, method: str, path: str, body: Any = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Make a request, and return the answer's headers too."""
        url = urlsplit(self.outputs["ApiUrl"])
        port = self.config.entries[self.region]
        context = ssl.create_default_context(cafile=str(self.config.ca_file))
        plain = socket.create_connection(("127.0.0.1", port), 20)
        connection = http.client.HTTPSConnection(str(url.hostname))
        headers = {"Content-Type": "application/json"}
        try:
            connection.sock = context.wrap_socket(plain, server_hostname=url.hostname)
            connection.request(method, url.path + path, json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read()), response.headers
        finally:
            connection.close()

    def client(self, service: str) -> Any:
        return self.control.client(service, self.region)

    def invoke(self, function: str, event: Any) -> Any:
        """Invoke a function, and return what it answers."""
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())


def deploy(config: LabConfig, folder: Path, *regions: str) -> list[Application]:
    """Build the application in a folder and deploy it, with the parameters of its contract."""
    control, declared = Control(config), contract.read(folder)
    built = application.build(folder, Progress())
    deployed = []
    for region in regions:
        role = "primary" if region == config.primary_region else "secondary"
        values = [f"{name}={value}" for name, value in declared.lab[role].items()]
        application.deploy(config, Progress(), built, region, declared.stack, values)
        outputs = application.outputs(control.client("cloudformation", region), declared.stack)
        deployed.append(Application(config, control, declared.stack, region, outputs))
    return deployed


def at_level(level: int, name: str, folder: Path, add_client: Callable[[Path], None]) -> Path:
    """Copy an example, apply its patches as a person would, add the client, and return the copy."""
    copy = folder / name
    shutil.copytree(EXAMPLES / name, copy)
    patches = [f"level-{n}.patch" for n in range(1, level + 1)]
    run("git", "apply", *(p for p in patches if (copy / p).exists()), cwd=copy)
    add_client(copy / "src")
    return copy


def behind_own_domain(folder: Path) -> Path:
    """Let an application with an HTTP API own its domain and certificate, and give it as target."""
    template, declared = folder / "template.yaml", folder / "pilotlight.toml"
    resources, outputs = template.read_text().split("\nOutputs:\n")
    template.write_text(f"{resources}{OWN_DOMAIN}\nOutputs:\n{OWN_TARGET}{outputs}")
    text = declared.read_text()
    api = '[api]\nid = "ApiId"\n'
    assert api in text
    declared.write_text(text.replace(api, '[target]\nname = "TargetName"\n'))
    return folder


def add_node_client(code: Path) -> None:
    """Pack the Node.js client into a function's folder."""
    client = str(CLIENTS / "node")
    run("npm", "pack", "--silent", client, "--pack-destination", str(code), cwd=code)


def add_python_client(code: Path) -> None:
    """Copy the Python client into a function's folder."""
    name = "pilot_light_client"
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CLIENTS / "python" / "src" / name, code / name, ignore=without)


def run(*command: str, cwd: Path) -> None:
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
