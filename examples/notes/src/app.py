"""Notes in a DynamoDB table, each written and read by its id."""

import base64
import json
import os

import boto3

TABLE = os.environ["TABLE_NAME"]
dynamodb = boto3.client("dynamodb")


def handler(event, _context):
    """Serve a request of the HTTP API."""
    route, note_id = event["routeKey"], (event.get("pathParameters") or {}).get("id")
    if route == "PUT /notes/{id}":
        return write(note_id, event)
    if route == "GET /notes/{id}":
        return read(note_id)
    return answer(200, {"status": "ok", "region": os.environ["AWS_REGION"]})


def write(note_id, event):
    """Keep a text under an id, over whatever was there."""
    text = text_of(event)
    if text is None:
        return answer(400, {"message": "A note needs a text."})
    key = {"pk": {"S": note_id}}
    dynamodb.put_item(TableName=TABLE, Item={**key, "text": {"S": text}})
    return answer(200, {"id": note_id, "text": text})


def read(note_id):
    """Answer with a note."""
    key = {"pk": {"S": note_id}}
    item = dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")
    if item is None:
        return answer(404, {"message": f"There is no note {note_id}."})
    return answer(200, {"id": note_id, "text": item["text"]["S"]})


def text_of(event):
    """Return the text of a request's body, or None."""
    body = event.get("body") or "{}"
    try:
        # An HTTP API encodes whatever is not named as text.
        found = json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
    except ValueError:
        return None
    text = found.get("text") if isinstance(found, dict) else None
    return text if isinstance(text, str) else None


def answer(status, body):
    """Return an answer of the HTTP API."""
    return {"statusCode": status, "body": json.dumps(body)}
