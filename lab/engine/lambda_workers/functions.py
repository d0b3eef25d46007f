"""Lambda functions: their error names, their layers, and how they find the lab's names."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.engine.patching import edit, wrap
from lab.engine.proxy.entries import addresses_of, listening_at

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.engine.aws import Aws

# Environments of one function at once; beyond them it is throttled, as by a quota. Without a limit
# an overloaded laptop never gets out: slow ones time out and are ended, and more are started.
MOST_ENVIRONMENTS = 32
WORKER_SITE = Path(__file__).parent / "worker_site"


def environment(aws: Aws) -> None:
    """Set what worker processes inherit: the lab's DNS, entries and authority. See worker_site."""
    config = aws.config
    for name in list(os.environ):
        # What a shell has set for other functions would reach these.
        of_functions = name.startswith(("POWERTOOLS_", "AWS_LAMBDA_", "NODE_"))
        foreign = of_functions or name.lower().endswith("_proxy")
        if foreign or name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            del os.environ[name]
    os.environ.update(
        PYTHONPATH=str(WORKER_SITE),
        PYTHONDONTWRITEBYTECODE="",
        LAB_ZONES=",".join(config.zones),
        LAB_DNS=f"127.0.0.1:{config.dns_port}",
        LAB_ENTRIES=entries_of(config, ""),
        SSL_CERT_FILE=str(config.ca_file),
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=str(Path(config.state_dir) / "no-aws-config"),
        AWS_SHARED_CREDENTIALS_FILE=str(Path(config.state_dir) / "no-aws-credentials"),
        POWERTOOLS_TRACE_DISABLED="1",
        # As the template's ApplicationLogLevel. Powertools would take the engine's own LOG_LEVEL.
        POWERTOOLS_LOG_LEVEL="INFO",
    )


def entries_of(config: LabConfig, region: str) -> str:
    """Return the entries' sockets by DNS address, as workers of a Region read them."""
    ports, addresses = config.entries_from(region), addresses_of(config)
    return ",".join(
        f"{address}={listening_at(address)}:{port}"
        for name, port in ports.items()
        for address in addresses[name]
    )


def install(aws: Aws) -> None:
    """Close the gaps."""
    if aws.lambda_runtime._LOCAL_MAX_WORKERS:
        raise AssertionError("MiniStack limits execution environments itself by now.")
    aws.lambda_runtime._LOCAL_MAX_WORKERS = MOST_ENVIRONMENTS
    _errors_of_handlers(aws)
    _layers_unpacked_once(aws)
    _log_groups(aws)


def edit_worker_script(aws: Aws, old: str, new: str) -> None:
    """Change the text of MiniStack's Python worker.

    Raises
    ------
    AssertionError
        The text is not there exactly once: this is another version of the script.
    """
    runtime = aws.lambda_runtime
    if runtime._PYTHON_WORKER_SCRIPT.count(old) != 1:
        raise AssertionError("The Lambda worker's script is not the version this lab knows.")
    runtime._PYTHON_WORKER_SCRIPT = runtime._PYTHON_WORKER_SCRIPT.replace(old, new)


def _errors_of_handlers(aws: Aws) -> None:
    """Let a handler raise as on Lambda.

    The exception's class is the errorType, by which Retry and Catch choose. The environment stays;
    MiniStack ends one whose worker answers with the status `error`. Node.js calls the stack trace
    `trace`, Python `stackTrace`.
    """
    edit_worker_script(
        aws,
        '"status": "error", "error": str(e), "trace": traceback.format_exc()}',
        '"status": "ok", "raised": type(e).__name__, "error": str(e), '
        '"trace": traceback.format_exc()}',
    )
    edit(
        aws.lambda_service,
        "_execute_function_warm",
        (
            'if result.get("status") == "ok":',
            'if result.get("status") == "ok" and "raised" not in result:',
        ),
        (
            'error_type = "Runtime.HandlerError"',
            'error_type = result.get("raised") or "Runtime.HandlerError"',
        ),
        (
            '"errorType": error_type,',
            '"errorType": error_type, "trace" if "node" in result else "stackTrace": '
            '(result.get("trace") or "").splitlines(),',
        ),
    )


def _log_groups(aws: Aws) -> None:
    """Let no function make its log group without its role's permission, as MiniStack would.

    What is logged without the group is lost.
    """

    @wrap(aws.lambda_service, "_emit_lambda_logs")
    def emit(original: Any, function: dict[str, Any], *more: Any, **options: Any) -> None:
        config = function.get("config") or function
        group = (config.get("LoggingConfig") or {}).get("LogGroup")
        if group is None or group in aws.logs._log_groups or _may_make_group(aws, config, group):
            original(function, *more, **options)


def _may_make_group(aws: Aws, config: dict[str, Any], group: str) -> bool:
    """Return whether the role of a function may make a log group."""
    _, _, _, region, account, *_ = config["FunctionArn"].split(":")
    role = str(config.get("Role", ""))
    evaluator = aws.iam_evaluator
    asked = evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=account,
        action="logs:CreateLogGroup",
        resource_arn=f"arn:aws:logs:{region}:{account}:log-group:{group}",
        region=region,
    )
    policies = evaluator._gather_role_policies(role.rsplit("/", 1)[-1], account)
    return bool(evaluator.evaluate(asked, policies).decision == "Allow")


def _layers_unpacked_once(aws: Aws) -> None:
    """Unpack a layer once, as Lambda has it ready. It took most of a cold start."""
    root, lock = Path(aws.config.state_dir) / "layers", threading.Lock()
    resolve = aws.lambda_service._resolve_layer_zip

    def unpacked(reference: Any) -> str:
        data = resolve(reference)
        place = root / hashlib.sha256(data).hexdigest()[:16]
        with lock:
            if not place.exists():
                zipfile.ZipFile(io.BytesIO(data)).extractall(place)
        return str(place)

    @wrap(aws.lambda_runtime.Worker, "__init__")
    def init(original: Any, self: Any, name: str, config: dict[str, Any], code: bytes) -> None:
        layers = config.get("Layers") or []
        if layers:
            places = os.pathsep.join(unpacked(layer) for layer in layers)
            configured = config.get("Environment", {}).get("Variables", {})
            variables = {**configured, "_LAMBDA_LAYERS_DIRS": places}
            config = {**config, "Layers": [], "Environment": {"Variables": variables}}
        original(self, name, config, code)
