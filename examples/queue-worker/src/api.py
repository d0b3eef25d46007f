"""Takes jobs into the queue, and reads their results back."""

import base64
import json
import os
import uuid

import boto3

QUEUE_URL = os.environ["QUEUE_URL"]
sqs = boto3.client("sqs")
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def handler(event, _context):
    """Serve a request of the HTTP API."""
    route, job_id = event["routeKey"], (event.get("pathParameters") or {}).get("id")
    if route == "POST /jobs":
        return enqueue(str(uuid.uuid4()), body_of(event))
    if route == "PUT /jobs/{id}":
        return enqueue(job_id, body_of(event))
    if route == "GET /jobs/{id}":
        return read(job_id)
    return answer(200, {"status": "ok", "region": os.environ["AWS_REGION"]})


def body_of(event):
    """Return the body of a request, or None where it is not JSON."""
    body = event.get("body") or "{}"
    try:
        # An HTTP API encodes whatever is not named as text, such as what curl posts by default.
        return json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
    except ValueError:
        return None


def enqueue(job_id, body):
    """Put a job with a text into the queue, and answer with its id."""
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str):
        return answer(400, {"message": "A job needs a text."})
    sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps({"id": job_id, "text": text}))
    return answer(202, {"id": job_id})


def read(job_id):
    """Answer with the result of a job; it is not there before the worker has done it."""
    item = table.get_item(Key={"pk": job_id}).get("Item")
    if item is None:
        return answer(404, {"message": f"There is no result of {job_id} yet."})
    return answer(200, {"id": job_id, "words": int(item["words"]), "region": item["region"]})


def answer(status, body):
    """Return an answer of the HTTP API."""
    return {"statusCode": status, "body": json.dumps(body)}
