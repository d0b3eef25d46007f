"""The command `pilot-light report`: the report of one execution, from a Region's bucket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote

import click

from cli.executions import name_of
from cli.options import REGION_SECONDS, Asked, operator_options, print_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cli.asking.call import Call
    from cli.asking.together import Answers
    from cli.deployment import Deployment

FILES = ("report.json", "report.html")


@click.command()
@click.argument("execution", required=False)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports"),
    show_default=True,
    help="The folder to write to.",
)
@operator_options
def report(*, asked: Asked, execution: str | None, folder: Path) -> None:
    """Fetch the report of one execution, and print its path.

    EXECUTION is its ARN or its name; without it, the newest report is fetched. The buckets of both
    Regions are asked, because each report is replicated. With --json, the document is printed and
    no file is written.

    Exit codes: 0 fetched, 1 there is no such report, 2 usage or nothing deployed, 4 not readable.
    """
    name = name_of(execution) if execution else None
    deployment = asked.deployment
    if asked.explain:
        _explain(asked)
        return
    from cli.asking.call import identity
    from cli.asking.together import ask_regions

    clients = asked.clients()
    found = ask_regions(
        clients,
        {region: [identity(region)] for region in deployment.regions},
        REGION_SECONDS,
        lambda known: _lists(deployment, known),
        ["identity"],
    )
    place = newest(_keys(found.values()), name)
    if place is None:
        raise _nothing(found, deployment, name)
    bucket_region, prefix = place
    account = found[bucket_region].values["identity"]["Account"]
    files = _fetched(
        asked, clients, bucket_region, deployment.bucket(account, bucket_region), prefix
    )
    if asked.as_json:
        print_json(json.loads(files["report.json"]))
        return
    target = folder / prefix.rsplit("/", 1)[-1]
    target.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (target / file).write_bytes(content)
    click.echo(target / "report.html")


def newest(keys: Iterable[tuple[str, str]], name: str | None) -> tuple[str, str] | None:
    """Return the Region and the prefix of the newest report, or of the one of an execution.

    A prefix ends in `<start>-<execution>`, so that the last by its text is the newest.
    """
    folders = [(r, key.removesuffix("/report.json")) for r, key in keys if key.endswith(FILES[0])]
    if name is not None:
        folders = [f for f in folders if f[1].endswith(f"Z-{quote(name, safe='')}")]
    return max(folders, key=lambda f: f[1].rsplit("/", 1)[-1], default=None)


def _lists(deployment: Deployment, known: Answers) -> Sequence[Call]:
    """Return the questions which reports a Region's bucket has."""
    identity = known.values.get("identity")
    return _listing(deployment, known.region, identity["Account"]) if identity else ()


def _listing(deployment: Deployment, region: str, account: str) -> list[Call]:
    from pilotlight.reporting.report import Kind

    from cli.asking.call import Call

    bucket = deployment.bucket(account, region)
    return [
        Call(
            kind,
            region,
            "s3",
            "list_objects_v2",
            {"Bucket": bucket, "Prefix": f"reports/{kind}/"},
            "s3:ListBucket",
            bucket,
            f"which reports of a {kind} there are",
            pages="Contents",
        )
        for kind in get_args(Kind)
    ]


def _keys(answers: Iterable[Answers]) -> list[tuple[str, str]]:
    return [
        (of_region.region, found["Key"])
        for of_region in answers
        for name, value in of_region.values.items()
        if name != "identity"
        for found in value["Contents"]
    ]


def _nothing(found: dict[str, Answers], deployment: Deployment, name: str | None) -> Exception:
    from cli.asking.needed import NotFound, failure

    problems = [p for answers in found.values() for p in answers.problems.values()]
    if problems:
        return failure(problems)
    what = f"report of {name}" if name else "report yet"
    return NotFound(
        f"There is no {what} in the buckets of {' and '.join(deployment.regions)}. A run writes "
        "its report when it ends."
    )


def _fetched(asked: Asked, clients: Any, region: str, bucket: str, prefix: str) -> dict[str, bytes]:
    """Return the files of a report, read on threads that nobody has to wait for."""
    from cli.asking.needed import failure
    from cli.asking.problem import late, translated
    from cli.asking.together import Deadline, start

    deadline, contents, problems = Deadline(REGION_SECONDS), dict[str, bytes](), []
    calls = {file: _get(region, bucket, f"{prefix}/{file}") for file in FILES}

    def body(call: Call) -> bytes:
        answer = clients.client("s3", region).get_object(**call.arguments)
        content: bytes = answer["Body"].read()
        return content

    wanted = {file: call for file, call in calls.items() if file == FILES[0] or not asked.as_json}
    futures = {file: start(lambda c=call: body(c)) for file, call in wanted.items()}  # type: ignore[misc]
    for file, future in futures.items():
        try:
            contents[file] = future.result(deadline.left())
        except TimeoutError:
            problems.append(late(calls[file], REGION_SECONDS))
        except Exception as error:
            problems.append(translated(calls[file], error))
    if problems:
        raise failure(problems)
    return contents


def _get(region: str, bucket: str, key: str) -> Call:
    from cli.asking.call import Call

    arguments = {"Bucket": bucket, "Key": key}
    why = "the report"
    resource = f"{bucket}/reports/*"
    return Call(key, region, "s3", "get_object", arguments, "s3:GetObject", resource, why)


def _explain(asked: Asked) -> None:
    from cli.asking.call import identity

    deployment, account = asked.deployment, "<account>"
    region = deployment.secondary
    bucket = deployment.bucket(account, region)
    get = _get(region, bucket, "reports/<kind>/<start>-<execution>/report.html")
    asked.print_calls([identity(region), *_listing(deployment, region, account)])
    command = get.as_command(asked.profile, asked.endpoint_url)
    click.echo(f"# {get.why} ({get.permission})\n{command} report.html")
